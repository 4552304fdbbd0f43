"""Faces in a crop by BlazeFace, the short-range model (Bazarevsky et al. 2019, arXiv:1907.05047)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from dh_ditto.landmarks.session import Session, of_size

Array = NDArray[np.float32]
Image = NDArray[np.uint8]

SIDE = 128
_GRIDS = ((16, 2), (8, 6))
"""Cells along each side, and anchors in each cell."""
_VALUES = 16
"""Of a regressor: centre and size of the box, and six keypoints."""
_MIN_SCORE = 0.5
_MAX_OVERLAP = 0.3
_LOGIT_RANGE = (-50.0, 100.0)


def anchors() -> Array:
    """[896,4]: centre x and y in 0..1 and a size of 1."""
    rows = []
    for count, each in _GRIDS:
        y, x = (np.mgrid[:count, :count] + 0.5) / count
        rows.append(np.repeat(np.stack([x, y], -1).reshape(-1, 2), each, axis=0))
    centres = np.concatenate(rows)
    return np.concatenate([centres, np.ones_like(centres)], axis=1, dtype=np.float32)


class BlazeFace:
    """Finds faces.

    Args:
        session: the network, [1,128,128,3] of -1..1 to regressors and scores of 896 anchors.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._anchors = anchors()

    def __call__(self, image: Image) -> Array:
        """Faces [n,17] of an RGB picture, the most certain first.

        A row is left, top, right, bottom in pixels of the network's 128 x 128 input, x and y of six keypoints
        in 0..1 of the picture (eyes first), and a score.

        Raises:
            InputError: the network gives something else.
        """
        small = cv2.resize(image, (SIDE, SIDE))
        blob = (np.asarray(small, np.float32) / np.float32(127.5) - np.float32(1))[None]
        outputs = self._session(blob)
        count = len(self._anchors)
        logits = np.clip(of_size(outputs, count, "blaze_face"), *_LOGIT_RANGE)
        scores = 1 / (1 + np.exp(-logits))
        sure = scores >= _MIN_SCORE
        values = of_size(outputs, count * _VALUES, "blaze_face").reshape(count, _VALUES)[sure]
        return _merged(_decoded(values, self._anchors[sure]), scores[sure])


def _decoded(values: Array, cells: Array) -> Array:
    """Regressors, relative to their anchors, as boxes in pixels of the input and keypoints in 0..1."""
    centre, half = values[:, :2] + cells[:, :2] * SIDE, values[:, 2:4] / 2
    points = values[:, 4:].reshape(len(values), (_VALUES - 4) // 2, 2) / SIDE + cells[:, None, :2]
    return np.concatenate([centre - half, centre + half, points.reshape(len(values), _VALUES - 4)], axis=1)


def _merged(faces: Array, scores: Array) -> Array:
    """Weighted non-maximum suppression: overlapping faces become their mean, weighted by score."""
    rest = np.argsort(-scores, kind="stable")
    merged = []
    while len(rest):
        same = _overlap(faces[rest[0]], faces[rest]) > _MAX_OVERLAP
        same[0] = True  # also where the box is empty
        group = rest[same]
        weights = scores[group, None]
        mean = (faces[group] * weights).sum(0) / weights.sum()
        merged.append([*mean, scores[group].mean()])
        rest = rest[~same]
    return np.array(merged, np.float32).reshape(-1, _VALUES + 1)


def _overlap(face: Array, others: Array) -> Array:
    """Intersection over union of one box with each of [n,16]."""
    low, high = np.maximum(face[:2], others[:, :2]), np.minimum(face[2:4], others[:, 2:4])
    common = np.prod(np.maximum(high - low, 0), axis=1)
    areas = np.prod(others[:, 2:4] - others[:, :2], axis=1)
    return np.asarray(common / (np.prod(face[2:4] - face[:2]) + areas - common))
