"""Which keypoints of an expression come from the driver, from the source, and from the blink sequence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from dh_ditto.keypoints import KEYPOINTS
from dh_ditto.motion import Array

LIPS = (6, 12, 14, 17, 19, 20)
EYES = (11, 13, 15, 16, 18)


def group_mask(group: Iterable[int]) -> Array:
    """[1,63]: 1 for the three coordinates of each keypoint of the group, else 0."""
    mask = np.zeros((1, KEYPOINTS, 3), np.float32)
    mask[:, list(group)] = 1
    return mask.reshape(1, -1)


@dataclass(frozen=True, eq=False)
class ExpressionMix:
    """Weights [1,63] of what an expression is mixed from.

    Args:
        driving: 1 for the lips, and for the eyes where the driver moves them.
        blink: 1 for the eyes where a blink sequence moves them. It holds offsets, so the source's eyes stay below it.
    """

    driving: Array
    blink: Array

    @classmethod
    def of(cls, *, drive_eyes: bool, blinks: bool) -> ExpressionMix:
        """Of whether the eyes move, and whether a blink sequence moves them instead of the driver."""
        lips, eyes = group_mask(LIPS), group_mask(EYES)
        return cls(lips + eyes * (drive_eyes and not blinks), eyes * (drive_eyes and blinks))

    def __call__(self, driving: Array, source: Array, blink: Array | None) -> Array:
        """The mixed expression [1,63]; all but lips and eyes is the source's."""
        mixed = driving * self.driving + source * (1 - self.driving)
        return mixed if blink is None else mixed + blink * self.blink
