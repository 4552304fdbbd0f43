"""Angles, rotation and keypoints of a motion."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dh_ditto.keypoints import keypoints, rotation_matrix, same_form, to_degrees
from dh_ditto.motion import Array, MotionInfo


def peaked(bin_: int) -> Array:
    """Logits [1,66] with all probability in one bin."""
    logits = np.full((1, 66), -1e4, np.float32)
    logits[0, bin_] = 1e4
    return logits


def info(**changes: Any) -> MotionInfo:
    rng = np.random.default_rng(1)
    parts = {
        "scale": np.ones((1, 1)),
        **{angle: np.zeros(1) for angle in ("pitch", "yaw", "roll")},
        "t": np.zeros((1, 3)),
        "exp": np.zeros((1, 63)),
        "kp": 0.3 * rng.standard_normal((1, 63)),
    }
    return {part: np.asarray(changes.get(part, value), np.float32) for part, value in parts.items()}


@pytest.mark.parametrize(("bin_", "degrees"), [(0, -97.5), (32, -1.5), (65, 97.5)])
def test_a_bin_is_three_degrees_wide_and_the_first_one_lies_at_minus_97_5(bin_: int, degrees: float) -> None:
    assert to_degrees(peaked(bin_)) == pytest.approx([degrees])


def test_large_logits_do_not_overflow() -> None:
    assert np.isfinite(to_degrees(np.full((2, 66), 3e38, np.float32))).all()


def test_degrees_pass_through() -> None:
    assert to_degrees(np.array([[3.5]], np.float32)).tolist() == [3.5]
    assert to_degrees(np.array([3.5, 4], np.float32)).tolist() == [3.5, 4]


def test_logits_meet_degrees_in_degrees_and_logits_in_logits() -> None:
    logits, degrees = peaked(40), np.array([2.0], np.float32)
    assert same_form(logits, logits)[0] is logits
    assert [float(angle[0]) for angle in same_form(logits, degrees)] == [22.5, 2.0]


def test_a_rotation_keeps_lengths_and_hands() -> None:
    angles = np.random.default_rng(2).uniform(-90, 90, (3, 5)).astype(np.float32)
    matrix = rotation_matrix(*angles)
    assert matrix.shape == (5, 3, 3)
    np.testing.assert_allclose(matrix @ matrix.transpose(0, 2, 1), np.broadcast_to(np.eye(3), (5, 3, 3)), atol=1e-6)
    np.testing.assert_allclose(np.linalg.det(matrix), 1, atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_each_angle_turns_about_its_own_axis(axis: int) -> None:
    angles = np.zeros((3, 1), np.float32)
    angles[axis] = 90
    first, second = np.eye(3, dtype=np.float32)[[(axis + 1) % 3, (axis + 2) % 3]]
    np.testing.assert_allclose(first @ rotation_matrix(*angles)[0], second, atol=1e-6)


def test_scale_acts_on_the_expression_and_not_on_the_translation() -> None:
    offset = np.full((1, 63), 0.1)
    got = keypoints(info(scale=[[2]], exp=offset, t=[[0.5, -0.25, 9]]))
    expected = 2 * (info()["kp"].reshape(1, 21, 3) + 0.1) + [0.5, -0.25, 0]
    np.testing.assert_allclose(got, expected, atol=1e-6)


def test_a_batch_gives_what_its_members_give() -> None:
    infos = [info(yaw=[5]), info(yaw=[-20], t=[[0.1, 0, 0]])]
    together = keypoints({part: np.concatenate([info[part] for info in infos]) for part in infos[0]})
    np.testing.assert_allclose(together, np.concatenate([keypoints(info) for info in infos]), atol=1e-7)
