"""Motion spaces and motion: what a driver and a renderer agree on.

A space states, in one place, each field's shape, unit, range and sign convention, and its frame-rate rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from dh.controls import Controls


@dataclass(frozen=True)
class MotionField:
    """One quantity of a motion space.

    Args:
        shape: per frame, so an array of n frames is (n, *shape).
        unit: of every element.
        low: smallest valid value, or None.
        high: largest valid value, or None.
        doc: meaning, order of elements and sign conventions.
    """

    shape: tuple[int, ...]
    unit: str
    doc: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class MotionSpace:
    """A named set of fields; ``fps`` is the frame rate it is bound to, or None where the run decides."""

    name: str
    doc: str
    fields: Mapping[str, MotionField]
    fps: float | None = None


@dataclass(frozen=True, eq=False)
class Motion:
    """A chunk of consecutive frames in one motion space.

    Args:
        space: the space whose fields ``values`` holds.
        start: index of the first frame since the start of the run.
        fps: frames per second.
        values: by field name, float32 of shape (n, *field shape), with the same n >= 1 in every field.
        controls: per-frame controls of the same n frames; the host fills them in before the renderer.

    Raises:
        ValueError: a field is missing, unknown, of a wrong shape, or holds a value that is not finite.
    """

    space: MotionSpace
    start: int
    fps: float
    values: Mapping[str, NDArray[np.float32]]
    controls: Controls | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        import numpy as np

        if set(self.values) != set(self.space.fields):
            raise ValueError(
                f"motion has fields {sorted(self.values)}, "
                f"but space {self.space.name!r} has {sorted(self.space.fields)}"
            )
        checked = {}
        lengths = set()
        for name, spec in self.space.fields.items():
            array = np.asarray(self.values[name], dtype=np.float32)
            if array.ndim != 1 + len(spec.shape) or array.shape[1:] != spec.shape or not len(array):
                raise ValueError(
                    f"{self.space.name}.{name} has shape {array.shape}, expected (n, {', '.join(map(str, spec.shape))})"
                )
            if not np.isfinite(array).all():
                raise ValueError(f"{self.space.name}.{name} holds values that are not finite")
            checked[name] = array
            lengths.add(len(array))
        if len(lengths) != 1:
            raise ValueError(f"fields of one motion chunk have different lengths {sorted(lengths)}")
        object.__setattr__(self, "values", checked)

    def __len__(self) -> int:
        return len(next(iter(self.values.values())))

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        return self.values[name]

    def slice(self, begin: int, end: int) -> Motion:
        """Frames ``begin`` to ``end`` (exclusive, within this chunk) as a chunk of their own."""
        values: dict[str, Any] = {name: array[begin:end] for name, array in self.values.items()}
        controls = None if self.controls is None else self.controls.slice(begin, end)
        return Motion(self.space, self.start + begin, self.fps, values, controls=controls)


ARKIT_BLENDSHAPES: tuple[str, ...] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
    "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight", "jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel",
    "mouthPucker", "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft",
    "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft",
    "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""The 52 blendshapes in Apple's order (ARFaceAnchor.BlendShapeLocation). Left and right are the person's own."""

ARKIT = MotionSpace(
    name="arkit",
    doc="Apple's 52 face blendshapes and a rigid head motion, both relative to the source's own pose.",
    fields={
        "blendshapes": MotionField(
            (52,), "weight", "in the order of ARKIT_BLENDSHAPES; 0 is a neutral face with closed lips", 0.0, 1.0
        ),
        "rotation": MotionField(
            (3,),
            "degrees",
            "pitch, yaw, roll; pitch > 0 raises the chin, yaw > 0 turns the face towards the image's right, "
            "roll > 0 tips the top of the head towards the image's right",
            -90.0,
            90.0,
        ),
        "translation": MotionField(
            (3,), "face heights", "x to the image's right, y up, z towards the camera", -1.0, 1.0
        ),
    },
)

LIVEPORTRAIT = MotionSpace(
    name="liveportrait",
    doc="LivePortrait's implicit keypoints (Guo et al. 2024, arXiv:2407.03168), as its motion extractor gives them.",
    fields={
        "scale": MotionField((1,), "factor", "of the keypoints' extent"),
        "pitch": MotionField((66,), "logits", "angle bins of 3 degrees from -97.5; softmax expectation is the angle"),
        "yaw": MotionField((66,), "logits", "as pitch"),
        "roll": MotionField((66,), "logits", "as pitch"),
        "t": MotionField((3,), "normalised crop", "translation of the keypoints"),
        "exp": MotionField((63,), "normalised crop", "expression offsets of 21 keypoints, xyz interleaved"),
        "kp": MotionField((63,), "normalised crop", "21 canonical keypoints, xyz interleaved"),
    },
)


def arkit_motion(
    start: int,
    fps: float,
    *,
    rotation: ArrayLike = (0.0, 0.0, 0.0),
    translation: ArrayLike = (0.0, 0.0, 0.0),
    **weights: ArrayLike,
) -> Motion:
    """Motion in the ``arkit`` space from the blendshapes that matter; all others are 0.

    Args:
        start: index of the first frame.
        fps: frames per second.
        rotation: (3,) or (n, 3) degrees.
        translation: (3,) or (n, 3) face heights.
        **weights: blendshapes by name, each a number or (n,); clipped to 0..1.

    Raises:
        ValueError: an unknown blendshape, or lengths that do not agree.
    """
    import numpy as np

    unknown = set(weights) - set(ARKIT_BLENDSHAPES)
    if unknown:
        raise ValueError(f"unknown blendshapes {sorted(unknown)}")
    rotation, translation = np.asarray(rotation), np.asarray(translation)
    frames = np.broadcast_shapes(
        (1,), rotation.shape[:-1], translation.shape[:-1], *(np.shape(weight) for weight in weights.values())
    )[0]
    blendshapes = np.zeros((frames, len(ARKIT_BLENDSHAPES)), np.float32)
    for name, weight in weights.items():
        blendshapes[:, ARKIT_BLENDSHAPES.index(name)] = np.clip(weight, 0, 1)
    values = {
        "blendshapes": blendshapes,
        "rotation": np.broadcast_to(rotation, (frames, 3)),
        "translation": np.broadcast_to(translation, (frames, 3)),
    }
    return Motion(ARKIT, start, fps, values)


BUILTIN_SPACES: tuple[MotionSpace, ...] = (ARKIT, LIVEPORTRAIT)
