"""The measures know what they measure: series and landmarks made by hand, with known answers."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import dh
from dh_face_mesh.crop import head_of
from dh_face_mesh.measures import face, series
from dh_face_mesh.pose import rotation
from dh_face_mesh.topology import BROW_LOWER, INNER_LOWER, IRIS, LOWER_LID

Array = NDArray[np.float64]
FPS = 25.0


@pytest.fixture(scope="module")
def rest(avatar: dh.Avatar) -> Array:
    return np.asarray(avatar.arrays["landmarks"][0], np.float64)


def shifted(landmarks: Array, points: tuple[int, ...], by: Array) -> Array:
    moved = landmarks.copy()
    moved[list(points)] += by
    return moved


@pytest.mark.parametrize("angles", [(12, 0, 0), (0, -20, 0), (0, 0, 30), (7, -12, 4)])
def test_head_motion_finds_the_turn_shift_and_size(rest: Array, angles: tuple[float, float, float]) -> None:
    middle, height = rest[list(face.RIGID)].mean(0), head_of(rest).height
    moved = 1.3 * (rest - middle) @ rotation(*angles).T + middle + np.array([0.2, -0.1, 0.4]) * height
    found = face.head_motion(moved, rest)
    assert (found.pitch, found.yaw, found.roll) == pytest.approx(angles)
    assert (found.x, found.y, found.scale) == pytest.approx((0.2, 0.1, 1.3))


def test_openings_follow_the_lower_lip_and_lid(rest: Array) -> None:
    head = head_of(rest)
    lower = shifted(rest, INNER_LOWER, 0.1 * head.height * head.axes[1])
    assert face.mouth_opening(lower) - face.mouth_opening(rest) == pytest.approx(0.1, abs=0.005)
    shut = rest.copy()
    shut[list(LOWER_LID["Left"])] = shut[[362, 398, 384, 385, 386, 387, 388, 466, 263]]
    left, right = face.eye_openings(shut)
    assert left == 0
    assert right == face.eye_openings(rest)[1] > 0.2


def test_gaze_brows_and_mouth_corners_are_signed_right_and_up(rest: Array) -> None:
    right, up = (sign * head_of(rest).axes[row] * head_of(rest).height for row, sign in ((0, 1), (1, -1)))
    irises = (*IRIS["Left"], *IRIS["Right"])
    x, y = np.subtract(face.gaze(shifted(rest, irises, 0.02 * right + 0.01 * up)), face.gaze(rest))
    assert x == pytest.approx(2 * y, rel=0.1)
    assert y > 0.02, "an eye is narrower than the face is high"
    left_brow, right_brow = face.brow_heights(shifted(rest, BROW_LOWER["Left"], 0.03 * up))
    assert left_brow - face.brow_heights(rest)[0] == pytest.approx(0.03, abs=2e-3)
    assert right_brow == face.brow_heights(rest)[1]
    smile = shifted(shifted(rest, (61,), 0.05 * up - 0.04 * right), (291,), 0.05 * up + 0.04 * right)
    assert face.mouth_corner_height(smile) - face.mouth_corner_height(rest) == pytest.approx(0.05, abs=2e-3)
    assert face.mouth_width(smile) - face.mouth_width(rest) == pytest.approx(0.08, abs=2e-3)


def test_loudness_is_the_mean_square_root_of_each_frames_samples() -> None:
    samples = np.concatenate([np.full(640, 0.5), np.tile([0.2, -0.2], 320), np.zeros(320)])
    assert series.loudness(samples, 4, 16000, FPS) == pytest.approx([0.5, 0.2, 0, 0])


def test_a_frame_is_silent_only_well_away_from_speech() -> None:
    level = np.r_[np.zeros(20), np.ones(20), np.zeros(20)]
    found = np.flatnonzero(series.silent(level, FPS))
    assert found.tolist() == [*range(16), *range(44, 60)]


@pytest.mark.parametrize("lag", [-3, 0, 2])
def test_best_lag_is_how_long_the_follower_comes_after_the_leader(lag: int) -> None:
    leader = np.random.default_rng(1).normal(size=200)
    found, agreement = series.best_lag(np.roll(2.0 * leader + 1.0, lag), leader, 5)
    assert found == lag
    assert agreement > 0.99


def test_correlation_has_a_sign_and_nothing_correlates_with_stillness() -> None:
    line = np.arange(9.0)
    assert series.correlation(line, -3 * line) == pytest.approx(-1)
    assert series.correlation(line, np.ones(9)) == 0


def test_blinks_are_short_dips_and_a_closed_eye_is_none() -> None:
    opening = np.full(250, 0.3) + 0.02 * np.sin(np.arange(250))
    for begin in (20, 90, 170):
        opening[begin : begin + 4] = [0.2, 0.05, 0.05, 0.2]
    opening[200:240] = 0.04
    assert series.blinks(opening, FPS) == 3


def test_jitter_is_the_noise_and_not_the_movement() -> None:
    drift = np.linspace(0, 5, 4000)[:, None] * [1.0, -2.0]
    noise = np.random.default_rng(2).normal(0, 0.1, (4000, 2))
    assert series.jitter(drift) == pytest.approx(0, abs=1e-9)
    assert series.jitter(drift + noise) == pytest.approx(0.1, rel=0.05)
    still = np.arange(4000) >= 2000
    noise[still] *= 0.1
    assert series.jitter(drift + noise, still) == pytest.approx(0.01, rel=0.05)
    assert np.isnan(series.jitter(drift, np.arange(4000) % 3 == 0)), "no three frames in a row"
