"""The rendered crop pasted back into the source's frame.

Only the rectangle that the crop covers is worked on, in strips that stay in the processor's cache. Each of its pixels
takes four neighbours on the crop; where they lie, and their weights with the blending in them, depends on the source
alone and is kept for a still one. The sampling is exact: OpenCV before 5 would warp to 32nds of a pixel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dh_ditto.motion import Array

Image = NDArray[np.uint8]

_STRIP = 32
"""Rows that are worked on at a time."""

ROUNDING = 1e-4
"""Added before a blend is truncated, as the published one is: what rounding took from a whole number stays whole."""

_TRUNCATE = 0.5 - ROUNDING
"""OpenCV rounds to the nearest integer; with this subtracted, it truncates."""


def blend_mask(width: int, height: int, width_ratio: float = 0.9, height_ratio: float = 0.9) -> Array:
    """[height, width], the share of the render: 1 in a centred inner box, falling to 0 at the edges.

    Args:
        width: of the render, in pixels.
        height: of the render, in pixels.
        width_ratio: width of the inner box, as a share.
        height_ratio: height of the inner box, as a share.
    """
    x, y = _ramp(width, width_ratio), _ramp(height, height_ratio)
    return (1 - np.minimum(np.hypot(1 - x[None], 1 - y[:, None]), 1)).astype(np.float32)


def _ramp(size: int, ratio: float) -> NDArray[np.float64]:
    inner = int(size * ratio)
    before = (size - inner) // 2
    return np.concatenate([np.linspace(0, 1, before), np.ones(inner), np.linspace(0, 1, size - inner - before)[::-1]])


def covered(
    frame: Sequence[int], render: Sequence[int], matrix: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Rows and columns of the rectangle that a crop covers on a frame, either empty if none, and the way back.

    Args:
        frame: height and width, more is ignored.
        render: likewise.
        matrix: [3,3] or [2,3], crop to frame.

    Returns:
        Rows [h], columns [w], and [2,3], frame to crop.
    """
    matrix = np.asarray(matrix[:2], np.float64)
    height, width = render[:2]
    corners = np.array([[-1, -1, 1], [width, -1, 1], [-1, height, 1], [width, height, 1]]) @ matrix.T
    size = frame[1], frame[0]
    left, top = np.clip(np.floor(corners.min(0)).astype(int), 0, size)
    right, bottom = np.clip(np.ceil(corners.max(0)).astype(int) + 1, 0, size)
    return np.arange(top, bottom), np.arange(left, right), cv2.invertAffineTransform(matrix)


def coordinate(
    back: NDArray[np.float64], rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """One coordinate on the crop of a frame's pixels, as what columns [w] and rows [h] contribute to the sum.

    Args:
        back: [3], a row of the matrix from frame to crop.
        rows: [h].
        columns: [w].
    """
    along, down, offset = back
    return (along * columns).astype(np.float32), (down * rows + offset).astype(np.float32)


class PasteBack:
    """Pastes renders of one size into frames: mask * render + (1 - mask) * frame, truncated.

    Args:
        mask: share of the render, [h,w]; by default that of a render of 512 x 512.
    """

    def __init__(self, mask: Array | None = None) -> None:
        self._mask = blend_mask(512, 512) if mask is None else mask

    def paste(self, frame: Image, render: Array, matrix: NDArray[Any]) -> Image:
        """A new frame with the render in it.

        Args:
            frame: [H,W,3], is not changed.
            render: float32 [h,w,3], 0 to 255.
            matrix: [3,3] or [2,3], crop to frame.
        """
        return _pasted(frame, render, self._strips(frame, matrix))

    def background(self, frame: Image, matrix: NDArray[Any]) -> Background:
        """A still frame to paste many renders into; takes 30 MB for a crop that covers 600 x 600 pixels."""
        return Background(frame, list(self._strips(frame, matrix)))

    def _strips(self, frame: Image, matrix: NDArray[Any]) -> Iterator[_Strip]:
        rows, columns, back = covered(frame.shape, self._mask.shape, matrix)
        for begin in range(0, len(rows) if len(columns) else 0, _STRIP):
            yield _Strip.of(frame, self._mask, back, columns, rows[begin : begin + _STRIP])


@dataclass(frozen=True, eq=False)
class Background:
    """A still frame, ready for renders; made by ``PasteBack.background``."""

    frame: Image
    strips: Sequence[_Strip]

    def paste(self, render: Array) -> Image:
        """A new frame with the render, float32 [h,w,3] in 0 to 255, in it."""
        return _pasted(self.frame, render, self.strips)


def _pasted(frame: Image, render: Array, strips: Iterable[_Strip]) -> Image:
    result = frame.copy()
    render = np.ascontiguousarray(render, np.float32)
    for strip in strips:
        strip.draw(render, result)
    return result


_Tap = tuple[NDArray[np.int16], Array]
"""Pixels [h,w,2] of the crop, x and y, and their weights: [h,w], or [h,w,3] with the mask in them."""


@dataclass(frozen=True, eq=False)
class _Strip:
    """Some rows of the rectangle that the crop covers on a frame.

    Args:
        area: rows and columns of the frame.
        taps: for each of the four neighbours.
        rest: [h,w,3], what the frame itself adds.
    """

    area: tuple[slice, slice]
    taps: Sequence[_Tap]
    rest: Array

    @classmethod
    def of(
        cls,
        frame: Image,
        mask: Array,
        back: NDArray[np.float64],
        columns: NDArray[np.int64],
        rows: NDArray[np.int64],
    ) -> _Strip:
        """The strip of consecutive columns and rows of a frame; ``back`` [2,3] maps the frame to the crop."""
        area = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        taps = _taps(back, columns, rows)
        share = np.zeros((len(rows), len(columns)), np.float32)
        for pixels, weights in taps:
            share += cv2.remap(mask, pixels, None, cv2.INTER_NEAREST) * weights
        np.clip(share, 0, 1, out=share)
        rest = cv2.merge([1 - share] * 3) * frame[area] - np.float32(_TRUNCATE)
        return cls(area, [(pixels, cv2.merge([weights * share] * 3)) for pixels, weights in taps], rest)

    def draw(self, render: Array, frame: Image) -> None:
        """Writes the blend to its area of ``frame``."""
        total = np.zeros_like(self.rest)
        for pixels, weights in self.taps:
            cv2.accumulateProduct(cv2.remap(render, pixels, None, cv2.INTER_NEAREST), weights, total)
        cv2.add(total, self.rest, dst=frame[self.area], dtype=cv2.CV_8U)


def _taps(back: NDArray[np.float64], columns: NDArray[np.int64], rows: NDArray[np.int64]) -> list[_Tap]:
    """The four neighbours on the crop of each pixel, with bilinear weights."""
    whole, near, far = [], [], []
    for line in back:
        across, down = coordinate(line, rows, columns)
        position = across + down[:, None]
        floor = np.floor(position)
        whole.append(floor.astype(np.int16))
        far.append(position - floor)
        near.append(1 - far[-1])
    (left, top), (right, bottom) = whole, (whole[0] + np.int16(1), whole[1] + np.int16(1))
    return [
        (cv2.merge([left, top]), near[0] * near[1]),
        (cv2.merge([right, top]), far[0] * near[1]),
        (cv2.merge([left, bottom]), near[0] * far[1]),
        (cv2.merge([right, bottom]), far[0] * far[1]),
    ]
