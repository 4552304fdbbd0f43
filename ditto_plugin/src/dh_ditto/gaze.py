"""Offsets of the eyeballs' keypoints that turn the gaze."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dh_ditto.keypoints import KEYPOINTS, to_degrees
from dh_ditto.motion import Array

_FIRST, _SECOND = 11, 15
"""The eyeballs' keypoints."""

_LESS, _MORE = 0.0007, 0.001
"""Sideways offset per degree: the first eyeball moves more to the image's left, the second more to its right."""

_UP = 0.001
_YAW_SHARE, _PITCH_SHARE = 0.26, 0.28
"""Degrees by which the gaze turns back per degree of the head's turn."""


def gaze_offset(x: float, y: float) -> Array:
    """Expression offset [1,63] for a gaze turned by x degrees to the image's right and y degrees up."""
    offset = np.zeros((1, KEYPOINTS, 3), np.float32)
    offset[0, _FIRST, 0] = x * (_LESS if x > 0 else _MORE)
    offset[0, _SECOND, 0] = x * (_MORE if x > 0 else _LESS)
    offset[0, [_FIRST, _SECOND], 1] = -y * _UP
    return offset.reshape(1, -1)


def gaze_correction(info: Mapping[str, Array], source: Mapping[str, Array]) -> Array:
    """Expression offset [1,63] that turns the gaze back towards where the source looks when the head has turned."""
    yaw, pitch = (float(to_degrees(info[part])[0] - to_degrees(source[part])[0]) for part in ("yaw", "pitch"))
    return gaze_offset(_YAW_SHARE * yaw, _PITCH_SHARE * pitch)
