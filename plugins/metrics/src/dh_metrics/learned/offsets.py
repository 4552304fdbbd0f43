"""Sync-C and Sync-D from two rows of embeddings: where sound and face lie nearest, and how clearly.

Chung and Zisserman 2016, section 4; the offset, the distance and the confidence of their public evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_EPSILON = 1e-6


@dataclass(frozen=True)
class Synchrony:
    """How sound and face fit.

    Args:
        distance: Sync-D, the mean distance at the best offset.
        confidence: Sync-C, the median of the mean distances over all offsets, less the least.
        offset: the best one, in frames; positive, the mouth is late.
        windows: that the means are over.
    """

    distance: float
    confidence: float
    offset: int
    windows: int


def synchrony(face: Tensor, sound: Tensor, largest: int) -> Synchrony:
    """Compares every window of a face with the windows of sound around it.

    As in the public evaluation, windows of sound before the first and after the last count as zeros, and of an even
    number of middle values the lower is the median.

    Args:
        face: embeddings, (windows, dimensions).
        sound: those of the sound at the same times, of the same shape.
        largest: offset in windows, either way.
    """
    import torch
    from torch.nn import functional as F  # noqa: N812

    padded = F.pad(sound, (0, 0, largest, largest))
    means = torch.stack(
        [
            F.pairwise_distance(face, padded[shift : shift + len(face)], eps=_EPSILON).mean()
            for shift in range(2 * largest + 1)
        ]
    )
    least = int(means.argmin())
    return Synchrony(
        distance=float(means[least]),
        confidence=float(means.median() - means[least]),
        offset=largest - least,
        windows=len(face),
    )
