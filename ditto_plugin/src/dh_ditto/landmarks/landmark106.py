"""106 landmarks of a detected face, by InsightFace's ``2d106det.onnx``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import dh
from dh_ditto.crop import apply
from dh_ditto.landmarks.session import Session
from dh_ditto.sampling import warp

Array = NDArray[np.float32]
Image = NDArray[np.uint8]

SIDE = 192
POINTS = 106
_MARGIN = 1.5
"""Side of the square that the network sees, as a multiple of the box's longer side."""


class Landmark106:
    """Fits the landmarks.

    Args:
        session: the network, [1,3,192,192] of 0..255 to x and y of every point in -1..1; of more points the last 106
            are used.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, image: Image, box: Array) -> Array:
        """Landmarks [106,2] in pixels of an RGB picture.

        Args:
            image: the picture.
            box: left, top, right, bottom of the face.

        Raises:
            InputError: the network gives something else.
        """
        o2c = _square(box)
        crop = warp(image, o2c, SIDE, SIDE)
        blob = np.ascontiguousarray(crop[..., ::-1].transpose(2, 0, 1)[None], np.float32)
        points = np.asarray(self._session(blob)[0], np.float32).reshape(-1)
        if points.size < 2 * POINTS or points.size % 2:
            raise dh.InputError(f"landmark106: {points.size} values instead of 212; give the published 2d106det file")
        inside = (points.reshape(-1, 2)[-POINTS:] + 1) * (SIDE // 2)
        return apply(np.linalg.inv(o2c), inside)


def _square(box: Array) -> NDArray[np.float64]:
    """From the picture to the upright square around the box."""
    low, high = np.asarray(box[:2], np.float32), np.asarray(box[2:4], np.float32)
    zoom = np.float32(SIDE) / (np.float32(_MARGIN) * (high - low).max())  # in float32: it decides how ties round
    matrix = np.diag([zoom, zoom, 1]).astype(np.float64)
    matrix[:2, 2] = SIDE / 2 - np.float64((low + high) / 2 * zoom)
    return matrix
