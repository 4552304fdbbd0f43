"""The size of the rendered picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def frame_size(width: int, height: int, max_side: int) -> tuple[int, int]:
    """Width and height of the video for a source of that size: even, with the longer side at most ``max_side``."""
    scale = min(1.0, max_side / max(width, height))
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)


def fit(image: Image, width: int, height: int) -> Image:
    """The picture in that size: unchanged, less an odd last row or column, or scaled down."""
    rows, columns = image.shape[:2]
    if 0 <= columns - width < 2 and 0 <= rows - height < 2:
        return np.ascontiguousarray(image[:height, :width])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))
