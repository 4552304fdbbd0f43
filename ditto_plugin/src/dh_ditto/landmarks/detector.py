"""Faces in a picture by InsightFace's SCRFD-10G (Guo et al. 2021, arXiv:2105.04714), file ``det_10g.onnx``."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

import dh
from dh_ditto.landmarks.session import Session

Array = NDArray[np.float32]
Image = NDArray[np.uint8]

SIDE = 512
MEAN, DEVIATION = 127.5, 128.0
STRIDES = (8, 16, 32)
_ANCHORS = 2
_MIN_SCORE = 0.5
_MAX_OVERLAP = 0.4


@dataclass(frozen=True, eq=False)
class Detections:
    """Faces, the most certain first.

    Args:
        boxes: [n,5], left, top, right, bottom in pixels, and score.
        points: [n,5,2], eyes, nose and corners of the mouth in pixels.
    """

    boxes: Array
    points: Array


class FaceDetector:
    """Finds faces.

    Args:
        session: the network, [1,3,512,512] to scores, boxes and points of three strides each.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, image: Image) -> Detections:
        """Faces of an RGB picture.

        Raises:
            InputError: the network gives something else than a detector does.
        """
        blob, zoom = letterbox(image)
        outputs = [np.asarray(output, np.float32) for output in self._session(blob)]
        if len(outputs) != 3 * len(STRIDES):
            raise dh.InputError(f"face detector: {len(outputs)} outputs instead of 9; give the published det_10g file")
        boxes, points = [], []
        levels = zip(STRIDES, outputs[:3], outputs[3:6], outputs[6:], strict=True)
        for stride, certainties, distances, offsets in levels:
            score = certainties.reshape(-1)
            sure = score >= _MIN_SCORE
            anchors = _anchors(stride)[sure]
            reach = distances.reshape(-1, 4)[sure] * stride
            corners = np.concatenate([anchors - reach[:, :2], anchors + reach[:, 2:]], axis=1) / zoom
            boxes.append(np.concatenate([corners, score[sure, None]], axis=1))
            points.append((anchors[:, None] + offsets.reshape(-1, 5, 2)[sure] * stride) / zoom)
        return _without_overlaps(np.concatenate(boxes), np.concatenate(points))


def letterbox(image: Image) -> tuple[Array, float]:
    """The network's input, [1,3,512,512] BGR with the picture at the top left, and its pixels per pixel."""
    height, width = image.shape[:2]
    ratio = height / width
    new_height, new_width = (SIDE, int(SIDE / ratio)) if ratio > 1 else (int(SIDE * ratio), SIDE)
    canvas = np.zeros((SIDE, SIDE, 3), np.uint8)
    canvas[:new_height, :new_width] = cv2.resize(image, (new_width, new_height))
    blob = (canvas[..., ::-1].astype(np.float32) - np.float32(MEAN)) / np.float32(DEVIATION)
    return np.ascontiguousarray(blob.transpose(2, 0, 1)[None]), new_height / height


def _anchors(stride: int) -> Array:
    """[n,2], corners of the cells, each as often as a cell has anchors."""
    count = SIDE // stride
    y, x = np.mgrid[:count, :count]
    return np.repeat(np.stack([x, y], -1).reshape(-1, 2) * stride, _ANCHORS, axis=0).astype(np.float32)


def _without_overlaps(boxes: Array, points: Array) -> Detections:
    """Drops every box that a more certain one overlaps; a box of one pixel has the width 1 here."""
    rest = np.argsort(-boxes[:, 4], kind="stable")
    extents = boxes[:, 2:4] - boxes[:, :2] + 1
    areas = extents[:, 0] * extents[:, 1]
    kept = []
    while len(rest):
        best, rest = rest[0], rest[1:]
        kept.append(best)
        low = np.maximum(boxes[best, :2], boxes[rest, :2])
        high = np.minimum(boxes[best, 2:4], boxes[rest, 2:4])
        common = np.prod(np.maximum(high - low + 1, 0), axis=1)
        rest = rest[common <= _MAX_OVERLAP * (areas[best] + areas[rest] - common)]
    return Detections(boxes[kept].astype(np.float32), points[kept].astype(np.float32))
