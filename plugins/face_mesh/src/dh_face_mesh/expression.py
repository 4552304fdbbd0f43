"""What one frame's motion and controls ask of the face: weights, head motion and eyes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import dh
from dh_face_mesh.options import RendererOptions
from dh_face_mesh.pose import rotation, soft_limit

Array = NDArray[np.float64]
Field = NDArray[np.float32]

_INDEX = {name: number for number, name in enumerate(dh.ARKIT_BLENDSHAPES)}
_SPEECH = np.array([name.startswith(("jaw", "mouth", "tongue", "cheekPuff")) for name in dh.ARKIT_BLENDSHAPES])

_OPENERS = (
    "jawOpen", "mouthClose", "mouthFunnel", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
    "mouthUpperUpRight",
)  # fmt: skip

_GAZE_DEGREES = 30.0
"""Turn of an eyeball at weight 1 of an eyeLook shape."""

_LID_FOLLOWS_GAZE = 0.45
"""Share of the eye's opening that the upper lid sinks for a gaze of 30 degrees downwards."""

_WIDE = 0.20
"""How much wider than the source's an eye opens at most, as a share of its opening."""


_REACH, _GROWTH = 0.3, 0.26
"""A head moves by less than this, in face heights, and grows or shrinks by less than this, as the factor's logarithm:
beyond it the picture around the head would fold."""


@dataclass(frozen=True)
class Eye:
    """State of one eye relative to the source's.

    Args:
        closure: 0 is the source's opening, 1 closed, negative wider.
        squint: weight 0 to 1; raises the lower lid.
        gaze_x: degrees, towards the image's right.
        gaze_y: degrees, up.
    """

    closure: float
    squint: float
    gaze_x: float
    gaze_y: float

    @property
    def at_rest(self) -> bool:
        """Whether it looks exactly as in the source."""
        return not (self.closure or self.squint or self.gaze_x or self.gaze_y)


@dataclass(frozen=True, eq=False)
class FaceState:
    """One frame of motion, controls applied.

    Args:
        weights: (52,) float32.
        linear: (3, 3), rotation times scale, in coordinates x right, y down, z away.
        offset: (2,), x to the image's right and y down, in face heights.
        eyes: by side.
    """

    weights: Field
    linear: Array
    offset: Array
    eyes: Mapping[str, Eye]

    @property
    def opening(self) -> float:
        """About how far the lips are apart, in weight of jawOpen."""
        weight = {name: float(self.weights[_INDEX[name]]) for name in _OPENERS}
        return max(0.0, weight.pop("jawOpen") - weight.pop("mouthClose")) + 0.1 * sum(weight.values())


def face_states(motion: dh.Motion, options: RendererOptions, room: float = 1.0) -> Iterator[FaceState]:
    """The state of each frame of an ``arkit`` motion chunk.

    Args:
        motion: with or without controls.
        options: of the renderer.
        room: share of the head's usual freedom that the picture around it allows, 0 to 1.
    """
    controls = motion.controls or dh.Controls.neutral(len(motion))
    for n in range(len(motion)):
        fade, voice = float(controls.fade[n]), float(controls.voice[n])
        weights = np.clip(motion["blendshapes"][n], 0, 1) * np.float32(fade)
        weights[_SPEECH] *= np.float32(voice)
        eyes = {
            side: _eye(weights, side, float(controls.eye_open[n]), float(controls.gaze_x[n]), float(controls.gaze_y[n]))
            for side in ("Left", "Right")
        }
        weights = weights * np.float32(options.expression)
        # Lips press on each other but do not pass each other: closing undoes what the jaw opens, not more.
        weights[_INDEX["mouthClose"]] = min(weights[_INDEX["mouthClose"]], weights[_INDEX["jawOpen"]])
        turned = motion["rotation"][n].astype(np.float64) * fade * options.pose
        turned += [controls.pitch[n], controls.yaw[n], controls.roll[n]]
        moved = motion["translation"][n].astype(np.float64) * fade * options.pose
        angles = [soft_limit(float(angle), options.max_rotation * room) for angle in turned]
        size = np.log(float(controls.scale[n])) + np.log1p(max(float(moved[2]), -0.5))
        scale = float(np.exp(soft_limit(float(size), _GROWTH * room)))
        reach = _REACH * room
        offset = np.array([soft_limit(moved[0] + controls.x[n], reach), -soft_limit(moved[1] + controls.y[n], reach)])
        yield FaceState(weights, scale * rotation(*angles), offset, eyes)


def _eye(weights: Field, side: str, opening: float, gaze_x: float, gaze_y: float) -> Eye:
    def weight(name: str) -> float:
        return float(weights[_INDEX[f"{name}{side}"]])

    outwards = 1 if side == "Left" else -1  # the left eye's outer side is the image's right
    x = soft_limit(_GAZE_DEGREES * outwards * (weight("eyeLookOut") - weight("eyeLookIn")) + gaze_x, 35)
    y = soft_limit(_GAZE_DEGREES * (weight("eyeLookUp") - weight("eyeLookDown")) + gaze_y, 35)
    open_ = (1 - weight("eyeBlink")) * opening
    if open_ > 0:
        open_ *= 1 + _LID_FOLLOWS_GAZE * y / 30 * (1.0 if y < 0 else 0.3)
        open_ += _WIDE * weight("eyeWide")
    return Eye(float(np.clip(1 - open_, -_WIDE, 1)), weight("eyeSquint"), x, y)
