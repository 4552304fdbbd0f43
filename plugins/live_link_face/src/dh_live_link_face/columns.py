"""Columns of a Live Link Face CSV, and how its values relate to the motion space ``arkit``.

Blendshapes are ARKit's own weights under the same names with a capital first letter. Rotations are in radians, and the
signs of the head's are those of ``arkit``: HeadYaw > 0 turns the face towards the image's right (the person's left),
HeadPitch > 0 raises the chin, HeadRoll > 0 tips the top of the head towards the image's right. An eye's differ:
EyeYaw > 0 turns it towards the person's right and EyePitch > 0 down.

The app's documentation states neither. Both were measured on published recordings of the app: seven of eye rotations
against eyeLook weights, and one, of a head that turns while its eyes stay on the phone, against that of the eyes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import dh

Array = NDArray[np.float64]

TIMECODE, COUNT = "Timecode", "BlendshapeCount"
SHAPES: tuple[str, ...] = tuple(name[0].upper() + name[1:] for name in dh.ARKIT_BLENDSHAPES)
"""Columns of the blendshapes, in the order of ``dh.ARKIT_BLENDSHAPES``, which is the app's too."""
HEAD: tuple[str, ...] = ("HeadPitch", "HeadYaw", "HeadRoll")
"""Columns of the head's rotation, in the order of ``arkit``; the app writes yaw first."""
ROTATIONS: tuple[str, ...] = (
    "HeadYaw", "HeadPitch", "HeadRoll",
    "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll",
    "RightEyeYaw", "RightEyePitch", "RightEyeRoll",
)  # fmt: skip
HEADER: tuple[str, ...] = (TIMECODE, COUNT, *SHAPES, *ROTATIONS)

_EYE_TURN = 0.6
"""Radians that an eye turns at weight 1 of an eyeLook shape: 0.58 to 0.62 sideways, 0.47 to 0.61 up and down."""

_MIRRORED = [SHAPES.index(name.replace("Left", "#").replace("Right", "Left").replace("#", "Right")) for name in SHAPES]


def mirrored(values: Array) -> Array:
    """Weights and head rotation of (n, 52 + 3) with left and right swapped."""
    return np.concatenate([values[:, _MIRRORED], values[:, len(SHAPES) :] * [1, -1, -1]], axis=1)


def rotation_values(motion: dh.Motion) -> Array:
    """What the columns ``ROTATIONS`` hold for ``arkit`` motion: (n, 9) radians.

    The eyes' are those of the eyeLook weights. Importers use the one or the other.
    """
    pitch, yaw, roll = np.radians(motion["rotation"].astype(np.float64)).T
    zero = np.zeros(len(motion))
    columns = [yaw, pitch, roll]
    for side, towards_right in (("Left", -1), ("Right", 1)):
        weight = {
            way: motion["blendshapes"][:, SHAPES.index(f"EyeLook{way}{side}")] for way in ("In", "Out", "Up", "Down")
        }
        columns += [
            _EYE_TURN * towards_right * (weight["Out"] - weight["In"]),
            _EYE_TURN * (weight["Down"] - weight["Up"]),
            zero,
        ]
    return np.stack(columns, axis=1)
