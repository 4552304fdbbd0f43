"""The host's controls on Ditto's keypoints: each moves what it says, to the side that it says."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import dh
from dh_ditto.expression import EYES, LIPS
from dh_ditto.frame_controls import FrameControls
from dh_ditto.host_controls import frame_controls
from dh_ditto.motion import Array, MotionInfo
from dh_ditto.stitching import MotionStitcher, StitchOptions

NOSE, TOP = 0, 1
"""Keypoints of the head below: its foremost and its uppermost point."""

CROP_SCALE = 2.3


def head() -> MotionInfo:
    """A head that looks at the camera, as a source."""
    kp = np.zeros((21, 3))
    kp[NOSE] = (0, 0, -0.3)
    kp[TOP] = (0, -0.5, 0)
    kp[[11, 13], :2] = (-0.2, -0.125), (-0.2, -0.075)
    kp[[15, 16], :2] = (0.2, -0.125), (0.2, -0.075)
    zero = {angle: np.zeros(1, np.float32) for angle in ("pitch", "yaw", "roll")}
    return {
        "scale": np.ones((1, 1), np.float32),
        **zero,
        "t": np.zeros((1, 3), np.float32),
        "exp": np.zeros((1, 63), np.float32),
        "kp": kp.reshape(1, 63).astype(np.float32),
    }


def driven() -> MotionInfo:
    """A driver's motion that differs from the head in every part."""
    rng = np.random.default_rng(3)
    spread = {"scale": 0.1, "t": 0.05, "exp": 0.02, "pitch": 5, "yaw": 5, "roll": 5}
    return {
        part: (head()[part] + size * rng.standard_normal(head()[part].shape)).astype(np.float32)
        for part, size in spread.items()
    }


def shown(driving: MotionInfo | None = None, options: StitchOptions | None = None, **values: Any) -> Array:
    """Keypoints [21,3] of a frame whose driver is at rest unless told otherwise, with the controls' values."""
    controls = dh.Controls.neutral(1)
    controls = dataclasses.replace(controls, **{name: np.full(1, value, np.float32) for name, value in values.items()})
    stitcher = MotionStitcher(head(), True, options or StitchOptions(rest=head()))
    return np.asarray(stitcher.compose(head(), driving or head(), 0, frame_controls(controls, CROP_SCALE)[0])[1][0])


def moved(keypoint: int, axis: int, **values: Any) -> float:
    return float((shown(**values) - shown())[keypoint, axis])


@pytest.mark.parametrize(
    ("control", "keypoint", "axis", "sign"),
    [
        ("pitch", NOSE, 1, -1),
        ("yaw", NOSE, 0, 1),
        ("roll", TOP, 0, 1),
        ("x", NOSE, 0, 1),
        ("y", NOSE, 1, -1),
        ("gaze_x", 11, 0, 1),
        ("gaze_x", 15, 0, 1),
        ("gaze_y", 11, 1, -1),
        ("gaze_y", 15, 1, -1),
    ],
)
def test_positive_goes_right_and_up(control: str, keypoint: int, axis: int, sign: int) -> None:
    value = 0.2 if control in ("x", "y") else 12.0
    assert sign * moved(keypoint, axis, **{control: value}) > 0
    assert sign * moved(keypoint, axis, **{control: -value}) < 0


def test_angles_are_degrees() -> None:
    assert moved(NOSE, 0, yaw=30) == pytest.approx(0.3 * np.sin(np.radians(30)), abs=1e-6)
    assert moved(NOSE, 1, pitch=30) == pytest.approx(-0.3 * np.sin(np.radians(30)), abs=1e-6)
    assert moved(TOP, 0, roll=30) == pytest.approx(0.5 * np.sin(np.radians(30)), abs=1e-6)


@pytest.mark.parametrize(("turn", "axis"), [("yaw", 0), ("pitch", 1)])
def test_the_gaze_stays_with_the_camera_when_the_head_turns(turn: str, axis: int) -> None:
    """The signs of pitch and yaw rest on this: the published correction turns the eyes back against the head."""
    turned: dict[str, Any] = {turn: 20}
    still_eyes = StitchOptions(rest=head(), drive_eyes=False)
    correction = shown(**turned) - shown(options=still_eyes, **turned)
    nose = moved(NOSE, axis, **turned)
    assert all(correction[eye, axis] * nose < 0 for eye in (11, 15))


def test_a_face_height_is_the_crop_over_its_scale() -> None:
    assert moved(TOP, 0, x=0.5) == pytest.approx(0.5 * 2 / CROP_SCALE)
    assert moved(TOP, 1, y=0.5) == pytest.approx(-0.5 * 2 / CROP_SCALE)


def test_scale_is_the_size_of_the_head() -> None:
    np.testing.assert_allclose(shown(scale=1.5), 1.5 * shown(), atol=1e-6)


def test_closed_lids_meet_and_wide_ones_part() -> None:
    for upper, lower in ((11, 13), (15, 16)):
        gaps = {opening: np.diff(shown(eye_open=opening)[[upper, lower], 1])[0] for opening in (0.0, 0.5, 1.0, 1.5)}
        assert gaps[0.0] == pytest.approx(0, abs=1e-6)
        assert gaps[0.0] < gaps[0.5] < gaps[1.0] < gaps[1.5]
        assert moved(upper, 1, eye_open=0) > 0 > moved(lower, 1, eye_open=0)


def test_fade_takes_the_drivers_motion_away_but_not_the_controls() -> None:
    np.testing.assert_allclose(shown(driven(), fade=0), shown(), atol=1e-6)
    np.testing.assert_allclose(shown(driven(), fade=0, yaw=10, x=0.1), shown(yaw=10, x=0.1), atol=1e-6)
    half, full = (np.abs(shown(driven(), fade=share) - shown()).max() for share in (0.5, 1.0))
    assert 0 < half < full


def test_without_voice_the_lips_are_the_sources() -> None:
    exp_alone = {**head(), "exp": driven()["exp"]}
    quiet, loud, rest = shown(exp_alone, voice=0), shown(exp_alone), shown()
    np.testing.assert_allclose(quiet[list(LIPS)], rest[list(LIPS)], atol=1e-6)
    np.testing.assert_array_equal(quiet[list(EYES)], loud[list(EYES)])
    assert np.abs(loud - rest)[list(LIPS)].min() > 0


@pytest.mark.parametrize(
    "options",
    [{}, {"relative": False}, {"fade_to": "s", "overall_controls": {"fade_alpha": 0.5, "delta_yaw": 3}}],
)
@pytest.mark.parametrize("defects", [False, True])
def test_neutral_controls_change_no_bit(options: dict[str, Any], defects: bool) -> None:
    def composed(controls: list[FrameControls]) -> list[bytes]:
        stitcher = MotionStitcher(head(), True, StitchOptions(**options), reference_defects=defects)
        motions = (head(), driven())
        return [stitcher.compose(head(), motion, index, *controls)[1].tobytes() for index, motion in enumerate(motions)]

    assert composed(frame_controls(dh.Controls.neutral(1))) == composed([])


def test_every_frame_has_its_own_controls() -> None:
    track = dh.ControlTrack([{"time": 0, "yaw": 0}, {"time": 2 / 25, "yaw": 10}])
    turns = [control.turn for control in frame_controls(track.at(0, 3, 25.0))]
    assert turns == [{}, {"yaw": pytest.approx(-5)}, {"yaw": pytest.approx(-10)}]
