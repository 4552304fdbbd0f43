"""The crop of a face that SyncNet looks at: the face with its chin, cut along a smooth track."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from dh_metrics.curves import without_gaps
from dh_metrics.learned.alignment import warped

Image = NDArray[np.uint8]
Array = NDArray[np.float64]

CROP = "face box of the landmarks, 40 % wider on each side and below, smoothed over 13 frames; 224 x 224"

SIDE = 224
_SMOOTHED = 13
_MARGIN = 0.4
_BEYOND = 110
"""Colour beyond the picture's edge."""


def face_track(landmarks: NDArray[np.floating]) -> Array:
    """Centre and half side of the face's box in each frame, (frames, 3) in pixels, by a running median.

    Frames without a face take values between those of their neighbours.

    Args:
        landmarks: (frames, points, 2 or 3) in pixels, not numbers where no face is; at least one frame has one.
    """
    low, high = landmarks[:, :, :2].min(1), landmarks[:, :, :2].max(1)
    boxes = np.column_stack([(low + high) / 2, (high - low).max(1) / 2]).astype(np.float64)
    track = np.column_stack([without_gaps(column) for column in boxes.T])
    return np.asarray(median_filter(track, size=(_SMOOTHED, 1), mode="nearest"), np.float64)


def mouth_crop(image: Image, place: Array) -> Image:
    """The crop of one frame: uint8 BGR (224, 224, 3), as SyncNet was trained on.

    Args:
        image: uint8 RGB.
        place: a row of ``face_track``.
    """
    x, y, half = place
    wide = half * (1 + _MARGIN)
    scale = SIDE / (2 * wide)
    left, top = x - wide, y - half
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    return np.ascontiguousarray(warped(image, matrix, SIDE, beyond=_BEYOND)[:, :, ::-1])
