"""Frames of a source: their size, their order in the output, their motion over time, and what the networks see."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from dh_ditto.motion import MotionInfo

Image = NDArray[np.uint8]

NETWORK_SIDE = 256


def fit_size(height: int, width: int, max_side: int) -> tuple[int, int]:
    """Height and width to work at: the longer side at most ``max_side``, both even.

    Args:
        height: of the source, in pixels.
        width: likewise.
        max_side: in pixels; 0 or less sets no limit.
    """
    longer = max(height, width)
    if 0 < max_side < longer:
        height, width = round(height * max_side / longer), round(width * max_side / longer)
    return max(2, height // 2 * 2), max(2, width // 2 * 2)


def fit(image: Image, height: int, width: int) -> Image:
    """The picture in that size; the same array where it has it already."""
    if image.shape[:2] == (height, width):
        return image
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR))


def mirror_index(position: int, count: int) -> int:
    """Which of ``count`` source frames is behind output ``position``: 0, 1, 2, 2, 1, 0, 0, ... for three."""
    turn, rest = divmod(position, count)
    return rest if turn % 2 == 0 else count - 1 - rest


def smooth_motion(infos: Sequence[MotionInfo], window: int) -> list[MotionInfo]:
    """Moving average over time of every part of the motion, angle logits too.

    Args:
        infos: of n frames.
        window: frames; half of it lies on each side, less at both ends. An even one acts as the next odd one; 1 or
            less changes nothing.
    """
    if len(infos) < 2 or window <= 1:
        return list(infos)
    reach, count = window // 2, len(infos)
    parts = {}
    for name in infos[0]:
        total = np.cumsum([np.zeros_like(infos[0][name]), *(info[name] for info in infos)], axis=0, dtype=np.float64)
        parts[name] = [
            (total[high] - total[low]) / (high - low)
            for low, high in ((max(0, at - reach), min(count, at + reach + 1)) for at in range(count))
        ]
    return [{name: values[at].astype(np.float32) for name, values in parts.items()} for at in range(count)]


def network_image(crop: Image) -> NDArray[np.float32]:
    """What the appearance and motion networks see of a crop: [1,3,256,256] in 0..1."""
    small = cv2.resize(crop, (NETWORK_SIDE, NETWORK_SIDE), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray((np.asarray(small, np.float32) / np.float32(255)).transpose(2, 0, 1)[None])
