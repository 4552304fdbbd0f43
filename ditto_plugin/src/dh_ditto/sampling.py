"""Pictures under a matrix, sampled where it says."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def warp(image: Image, matrix: NDArray[np.floating[Any]], width: int, height: int) -> Image:
    """The picture as a similarity or homography moves it: bilinear, black beyond its border.

    ``cv2.warpAffine`` and ``cv2.warpPerspective`` of OpenCV 4.11 round every position to 1/32 pixel, which shows at
    edges; here positions are float32, as in OpenCV 5.

    Args:
        image: uint8 [h,w,3].
        matrix: [3,3], from pixels of the picture to pixels of the result.
        width: of the result.
        height: likewise.
    """
    inverse = np.linalg.inv(np.asarray(matrix, np.float64)).astype(np.float32)
    u, v, w = (_mapped(row, width, height) for row in inverse)
    rows, columns = image.shape[:2]
    left, across = _split(u / w, columns)
    top, down = _split(v / w, rows)
    upper = _between(image, left, top, across)
    lower = _between(image, left, top + 1, across)
    return np.rint(upper + (lower - upper) * down).astype(np.uint8)


def _mapped(row: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """One coordinate of every pixel. Rounded as a fused multiply-add does: it decides how a tie of two values ends."""
    start = row[1] * np.arange(height, dtype=np.float32) + row[2]
    return np.asarray(np.float64(row[0]) * np.arange(width) + start[:, None], np.float32)


def _split(position: NDArray[np.float32], count: int) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """Pixel before a position, at most two beyond the picture, and the way from there, [height,width,3] in 0..1."""
    clipped = np.clip(position, -2, count + 1)
    index = np.floor(clipped)
    share = clipped - index
    return index.astype(np.int16), cv2.merge((share, share, share))  # NumPy is slow to broadcast over colours


def _between(
    image: Image, left: NDArray[np.int16], top: NDArray[np.int16], share: NDArray[np.float32]
) -> NDArray[np.float32]:
    first, second = (_pixels(image, left + step, top) for step in (0, 1))
    return first + (second - first) * share


def _pixels(image: Image, columns: NDArray[np.integer[Any]], rows: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
    at = np.stack([columns, rows], axis=-1).astype(np.int16)
    found = cv2.remap(image, at, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(found, np.float32)
