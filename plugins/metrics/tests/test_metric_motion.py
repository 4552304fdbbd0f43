"""Jitter, blinks, turns and distances of faces that were moved by a known amount."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

import dh
from dh_face_mesh.crop import head_of
from dh_face_mesh.pose import rotation
from dh_face_mesh.topology import INNER_LOWER, UPPER_LID
from dh_metrics.curves import curves_of
from dh_metrics.faces import FaceTrack
from dh_metrics.likeness import ALL, MOUTH, distances, landmark_distance
from dh_metrics.motion import blink_curve, jitter

Array = NDArray[np.float64]
FPS = 25.0


def track_of(faces: Sequence[Array | None]) -> FaceTrack:
    """A track of landmarks (478, 3), None where no face is."""
    nowhere = np.full((478, 3), np.nan)
    landmarks = np.stack([nowhere if face is None else face for face in faces]).astype(np.float32)
    return FaceTrack(landmarks, np.zeros(len(faces), bool), FPS)


def turned(rest: Array, pitch: float, yaw: float, roll: float) -> Array:
    """A face turned about its own middle."""
    middle = rest.mean(0)
    return np.asarray((rest - middle) @ rotation(pitch, yaw, roll).T + middle)


def test_head_angles_spread_as_the_head_was_turned(rest: Array) -> None:
    phase = 2 * np.pi * np.arange(100) / 50
    track = track_of([turned(rest, 4 * np.sin(t), 10 * np.cos(t), 0) for t in phase])
    spread = np.nanstd(curves_of(track).angles, axis=0)
    assert spread[:2] == pytest.approx([4 / np.sqrt(2), 10 / np.sqrt(2)], rel=0.03)
    assert spread[2] < 1


def test_angles_do_not_depend_on_the_frame_that_comes_first(rest: Array) -> None:
    faces = [turned(rest, 0, yaw, 0) for yaw in (0, 10, 20)]
    forward = curves_of(track_of(faces)).angles
    backward = curves_of(track_of(faces[::-1])).angles[::-1]
    assert forward == pytest.approx(backward, abs=0.5)


def test_frames_without_a_face_have_no_curve_and_do_not_count(rest: Array) -> None:
    track = track_of([rest, None, rest])
    curves = curves_of(track)
    assert np.isnan(curves.mouth).tolist() == [False, True, False]
    assert np.isnan(curves.angles[1]).all()
    assert track.note == "no face in 1 of 3 frames"


@pytest.mark.parametrize(("shown", "why"), [(0, "no face is found"), (4, "only 40 % of the frames show a face")])
def test_a_face_that_is_hardly_there_is_not_measured(rest: Array, shown: int, why: str) -> None:
    track = track_of([rest] * shown + [None] * (10 - shown))
    with pytest.raises(dh.NotMeasurable, match=why):
        track.require()


def test_jitter_reads_the_noise_in_face_heights_and_not_the_movement(rest: Array) -> None:
    height = head_of(rest).height
    drift = [rest + np.array([0.3 * frame, -0.2 * frame, 0]) for frame in range(200)]
    assert jitter(track_of(drift))[0] == pytest.approx(0, abs=1e-6)
    rng = np.random.default_rng(3)
    noisy = [face + rng.normal(0, 0.002 * height, face.shape) for face in drift]
    value, count = jitter(track_of(noisy))
    assert value == pytest.approx(0.002, rel=0.05)
    assert count == 198


def test_jitter_is_not_measured_across_a_gap(rest: Array) -> None:
    far = rest + np.array([100.0, 0, 0])
    value, count = jitter(track_of([rest, rest, rest, None, far, far, far]))
    assert (value, count) == (0, 2)
    with pytest.raises(dh.NotMeasurable, match="three frames in a row"):
        jitter(track_of([rest, None, rest]))


def test_blinks_are_counted_and_placed() -> None:
    eyes = np.full(300, 0.3)
    for begin in (30, 120, 250):
        eyes[begin : begin + 4] = [0.1, 0.02, 0.05, 0.2]
    eyes[200] = np.nan
    blink, count = blink_curve(eyes, FPS)
    assert count == 3
    assert np.flatnonzero(np.diff(blink) > 0).tolist() == [29, 119, 249]
    assert blink_curve(np.full(50, 0.3), FPS)[1] == 0


def test_the_mouths_curve_follows_the_lower_lip(rest: Array) -> None:
    head = head_of(rest)
    lower = rest.copy()
    lower[list(INNER_LOWER)] += 0.1 * head.height * head.axes[1]
    mouth = curves_of(track_of([rest, lower])).mouth
    assert mouth[1] - mouth[0] == pytest.approx(0.1, abs=0.005)


def test_a_face_elsewhere_and_larger_and_turned_is_the_same_expression(rest: Array) -> None:
    elsewhere = 1.7 * turned(rest, 5, -12, 8) + [40, -25, 3]
    assert landmark_distance(elsewhere, rest, ALL) == pytest.approx(0, abs=1e-9)


def test_landmark_distance_is_a_share_of_the_distance_of_the_eyes(rest: Array) -> None:
    eyes = np.linalg.norm(rest[UPPER_LID["Right"][0], :2] - rest[UPPER_LID["Left"][-1], :2])
    moved = rest.copy()
    moved[list(MOUTH), 1] += 0.05 * eyes
    assert landmark_distance(moved, rest, MOUTH) == pytest.approx(0.05)
    assert landmark_distance(moved, rest, ALL) == pytest.approx(0.05 * len(MOUTH) / 478)
    assert len(MOUTH) == 40


def test_only_frames_with_two_faces_have_a_distance(rest: Array) -> None:
    found = distances(track_of([rest, None, rest, rest]), track_of([rest, rest, None]), ALL)
    assert np.isfinite(found).tolist() == [True, False, False]
