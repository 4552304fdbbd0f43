"""Motion as the networks exchange it: a dict of named parts, and the vector that the diffusion model predicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
MotionInfo = dict[str, Array]
"""Motion of one frame: scale [1,1], pitch, yaw, roll [1,66] (logits of angle bins), t [1,3], exp [1,63] and, of a
source, kp [1,63] (canonical keypoints). An angle may also be [1] or [1,1]: then it is in degrees."""

SLICES: Mapping[str, slice] = {
    "scale": slice(0, 1),
    "pitch": slice(1, 67),
    "yaw": slice(67, 133),
    "roll": slice(133, 199),
    "t": slice(199, 202),
    "exp": slice(202, 265),
}
"""Where each part lies in the motion vector."""

VECTOR_SIZE = 265


@dataclass(frozen=True, eq=False)
class SourceMotion:
    """What drivers and renderers read of a registered source of n frames.

    Args:
        infos: motion of every frame, kp included.
        eye_open: [n,2], left and right.
        eye_ball: [n,6], x_L x_R y_L y_R z_L z_R.
        canonical: [63], canonical keypoints of the first frame as they were before smoothing.
        still: whether the source is a picture.
    """

    infos: Sequence[MotionInfo]
    eye_open: Array
    eye_ball: Array
    canonical: Array
    still: bool

    def __len__(self) -> int:
        return len(self.infos)


def to_vector(info: Mapping[str, Array]) -> Array:
    """[265]: scale - 1, pitch, yaw, roll, t, exp."""
    parts = [np.reshape(info[name], -1) - (1 if name == "scale" else 0) for name in SLICES]
    return np.concatenate(parts).astype(np.float32)


def from_vector(vector: Array) -> MotionInfo:
    """The inverse of ``to_vector``: [1, size] parts, without kp."""
    info = {name: np.array(vector[part], np.float32)[None] for name, part in SLICES.items()}
    info["scale"] += 1
    return info
