"""The host's controls as controls of LivePortrait's motion.

Where signs and sizes come from: a keypoint turns as x' = Rz(roll) Ry(yaw) Rx(pitch) x, with x to the image's right and
y down, and the published gaze correction moves the eyeballs' keypoints towards +x for a growing yaw and towards -y for
a growing pitch. A correction turns the gaze back, so a growing yaw turns the face towards the image's left and a
growing pitch lowers it; both hold exactly if the nose has z < 0. Roll needs no such reasoning: a growing roll brings
(0, -1), the top of the head, to x > 0. This is derived from the formulas, not measured on the published weights.

Lengths: the normalised crop spans -1 to 1 over ``crop_scale`` faces, so a face is 2 / ``crop_scale`` high.
"""

from __future__ import annotations

import numpy as np

import dh
from dh_ditto.frame_controls import FrameControls
from dh_ditto.gaze import gaze_offset
from dh_ditto.keypoints import KEYPOINTS
from dh_ditto.motion import Array

_UPPER_LIDS, _LOWER_LIDS = (11, 15), (13, 16)
_LID_GAP = 0.05
"""Of the normalised crop: an eye is about a fifth of a face wide, and open a third of that.

An approximation, like the choice of the lids' keypoints, until it is checked on the published weights.
"""

_UPPER_SHARE = 0.8
"""Share of the gap that the upper lid closes."""


def frame_controls(controls: dh.Controls, crop_scale: float = 2.3) -> list[FrameControls]:
    """Controls of each frame; neutral ones are equal to ``FrameControls()`` and change no bit.

    Args:
        controls: of n frames.
        crop_scale: side of the source's crop, as a multiple of the face.
    """
    return [_frame(controls, frame, 2 / crop_scale) for frame in range(len(controls))]


def _frame(controls: dh.Controls, frame: int, face: float) -> FrameControls:
    value = {name: float(getattr(controls, name)[frame]) for name in dh.CONTROL_FIELDS}
    turn = {"pitch": -value["pitch"], "yaw": -value["yaw"], "roll": value["roll"]}
    expression = None
    if value["gaze_x"] or value["gaze_y"]:
        expression = gaze_offset(value["gaze_x"], value["gaze_y"])
    if value["eye_open"] != 1:
        lids = lid_offset(1 - value["eye_open"])
        expression = lids if expression is None else expression + lids
    move = None
    if value["x"] or value["y"]:
        move = np.array([[value["x"] * face, -value["y"] * face, 0]], np.float32)
    return FrameControls(
        turn={angle: degrees for angle, degrees in turn.items() if degrees},
        expression=expression,
        voice=value["voice"],
        strength=value["fade"],
        move=move,
        zoom=value["scale"],
    )


def lid_offset(closure: float) -> Array:
    """Expression offset [1,63] that closes the eyes: 0 none, 1 the whole gap of a usual eye, negative opens wider."""
    offset = np.zeros((1, KEYPOINTS, 3), np.float32)
    offset[0, list(_UPPER_LIDS), 1] = closure * _LID_GAP * _UPPER_SHARE
    offset[0, list(_LOWER_LIDS), 1] = -closure * _LID_GAP * (1 - _UPPER_SHARE)
    return offset.reshape(1, -1)
