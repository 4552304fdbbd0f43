"""Whether a frame repeats the ones before it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

_STILL = 3.0
"""Levels of 255 by which a block of a still picture may change; coding at usual quality makes 2.5 at most."""

_BLOCKS = 32
"""Blocks along the longer side of the region."""

_MARGIN = 0.5
"""Added around the face on each side, as a share of its box."""


class StillnessMeter:
    """Compares each frame with the one at which the picture came to rest, by the mean luma of small blocks.

    A frame repeats that one if none of its blocks differs by more than coding makes it. Compared with a frame further
    back, slow movement adds up, and what coding does to a still picture does not. Blocks, because coding changes single
    pixels, and what moves changes at least one block.

    The region is the face with its surroundings, so that neither a still background hides a moving face nor a moving
    background a face that stands still; without a face, it is the whole frame.
    """

    def __init__(self) -> None:
        self._rest: Image | None = None
        self._region = (slice(None), slice(None))

    def __call__(self, frame: Image, face: Array | None) -> bool:
        """Whether ``frame`` repeats the ones before it; the first one does not.

        Args:
            frame: uint8 RGB of shape (h, w, 3), the same for all frames.
            face: landmarks (478, 3) in pixels, or None.
        """
        luma = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        if self._rest is not None and _difference(self._rest[self._region], luma[self._region]) <= _STILL:
            return True
        self._rest, self._region = luma, _region(luma.shape[0], luma.shape[1], face)
        return False


def _difference(before: Image, after: Image) -> float:
    """The largest difference of a block's mean."""
    side = max(1, round(max(before.shape) / _BLOCKS))
    size = (max(1, before.shape[1] // side), max(1, before.shape[0] // side))
    signed = after.astype(np.float32) - before.astype(np.float32)
    return float(np.abs(cv2.resize(signed, size, interpolation=cv2.INTER_AREA)).max())


def _region(height: int, width: int, face: Array | None) -> tuple[slice, slice]:
    """Rows and columns of the face with its surroundings, or of the whole frame."""
    if face is None:
        return slice(0, height), slice(0, width)
    low, high = face[:, :2].min(0), face[:, :2].max(0)
    margin = _MARGIN * (high - low)
    left, top = np.maximum(np.floor(low - margin), 0).astype(int)
    right, bottom = np.minimum(np.ceil(high + margin), [width, height]).astype(int)
    if right - left < 2 or bottom - top < 2:
        return slice(0, height), slice(0, width)
    return slice(top, bottom), slice(left, right)
