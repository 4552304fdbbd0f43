"""Implicit keypoints of a motion (Guo et al. 2024, LivePortrait, arXiv:2407.03168, section 3.1).

Coordinates are those of the normalised crop, -1 to 1 over its side: x to the image's right, y down; z is taken to point
away from the camera (see ``host_controls``). Keypoints are rows, so that a rotation multiplies from the right.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dh_ditto.motion import Array

KEYPOINTS = 21
ANGLES = ("pitch", "yaw", "roll")
BINS = 66
_BIN_DEGREES, _FIRST_BIN = 3.0, -97.5


def is_logits(angle: Array) -> bool:
    """Whether an angle is given as logits of bins, not in degrees."""
    return angle.ndim > 1 and angle.shape[1] == BINS


def to_degrees(angle: Array) -> Array:
    """Angles [n] in degrees: the expectation over bins of 3 degrees from -97.5 for logits [n,66], else as they are."""
    if not is_logits(angle):
        return angle.reshape(-1)
    share = np.exp(angle - angle.max(1, keepdims=True))
    share /= share.sum(1, keepdims=True)
    bins = share @ np.arange(BINS, dtype=np.float32)
    return np.asarray(bins * _BIN_DEGREES + _FIRST_BIN, np.float32)


def same_form(*angles: Array) -> tuple[Array, ...]:
    """The angles as they are if all are logits or all are degrees, else all in degrees."""
    if len({is_logits(angle) for angle in angles}) == 1:
        return angles
    return tuple(to_degrees(angle) for angle in angles)


def rotation_matrix(pitch: Array, yaw: Array, roll: Array) -> Array:
    """[n,3,3] for row vectors, of angles [n] in degrees: the transpose of Rz(roll) Ry(yaw) Rx(pitch).

    With z pointing away from the camera, pitch > 0 lowers the nose, yaw > 0 turns it towards the image's left, and
    roll > 0 tips the top of the head towards the image's right.
    """
    (sx, sy, sz), (cx, cy, cz) = np.sin(angles := np.radians([pitch, yaw, roll])), np.cos(angles)
    rows = [
        [cz * cy, sz * cy, -sy],
        [cz * sy * sx - sz * cx, sz * sy * sx + cz * cx, cy * sx],
        [cz * sy * cx + sz * sx, sz * sy * cx - cz * sx, cy * cx],
    ]
    return np.moveaxis(np.array(rows, np.float32), 2, 0)


def keypoints(info: Mapping[str, Array]) -> Array:
    """[n,21,3]: the canonical keypoints, turned, deformed, scaled and moved as the motion says.

    Args:
        info: kp and exp [n,63], angles as logits [n,66] or degrees [n], scale [n,1], t [n,3] (its z has no effect).
    """
    rotation = rotation_matrix(*(to_degrees(info[name]) for name in ANGLES))
    points = info["kp"].reshape(-1, KEYPOINTS, 3) @ rotation + info["exp"].reshape(-1, KEYPOINTS, 3)
    points *= info["scale"].reshape(-1, 1, 1)
    points[..., :2] += info["t"][:, None, :2]
    return np.ascontiguousarray(points, np.float32)
