"""Face landmarks by MediaPipe's models, which come inside its wheel.

Lugaresi et al. 2019 (arXiv:1906.08172); Kartynnik et al. 2019 (arXiv:1907.06724) for the mesh; Grishchenko et al.
2020 (arXiv:2006.10962) for lips and irises.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dh_face_mesh.crop import apply, crop_matrix, inverse

Image = NDArray[np.uint8]
Array = NDArray[np.float64]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""

_DETECTION_CONFIDENCE = 0.5
_MESH_CONFIDENCE = 0.5
_MESH_SIDE = 256
"""Faces are brought to about this many pixels before the mesh is fitted: its network sees 192."""


class FaceLandmarker:
    """Finds faces and fits 478 landmarks to them. A context manager: the models are freed at its end.

    Args:
        crop_scale: side of the aligned crop, as a multiple of the face.
        crop_size: side of the aligned crop in pixels.
    """

    def __init__(self, *, crop_scale: float = 2.3, crop_size: int = 512) -> None:
        self._scale, self._size = crop_scale, crop_size
        self._warm = False
        with silent_stderr():
            from mediapipe.python.solutions import face_detection, face_mesh

            self._detectors = [
                face_detection.FaceDetection(min_detection_confidence=_DETECTION_CONFIDENCE, model_selection=model)
                for model in (0, 1)  # within 2 m, within 5 m
            ]
            self._mesh = face_mesh.FaceMesh(
                static_image_mode=True,
                refine_landmarks=True,
                max_num_faces=1,
                min_detection_confidence=_MESH_CONFIDENCE,
            )
            blank = np.zeros((64, 64, 3), np.uint8)  # the models report on themselves at their first image
            for model in (*self._detectors, self._mesh):
                model.process(blank)

    def __enter__(self) -> FaceLandmarker:
        return self

    def __exit__(self, *exc: object) -> None:
        for model in (*self._detectors, self._mesh):
            model.close()

    def faces(self, image: Image) -> list[Array]:
        """Landmarks of every face, the largest first: (478, 3) in pixels, z < 0 towards the camera."""
        found = [mesh for box in self._boxes(image) if (mesh := self._fit(image, box)) is not None]
        return _without_doubles(sorted(found, key=_extent, reverse=True))

    def follow(self, image: Image, previous: Array) -> Array | None:
        """Landmarks of the face that was at ``previous`` one frame ago, or None where it is gone."""
        return self._refine(image, previous)

    def _boxes(self, image: Image) -> list[Box]:
        """Candidate faces; where the whole picture shows none, it is searched again in overlapping parts."""
        height, width = image.shape[:2]
        boxes = self._detect(image, 0, 0)
        for parts in (2, 4):
            if boxes or min(height, width) < 128 * parts:
                break
            part_w, part_h = 2 * width // (parts + 1), 2 * height // (parts + 1)
            for row in range(parts):
                for column in range(parts):
                    x, y = column * (width - part_w) // (parts - 1), row * (height - part_h) // (parts - 1)
                    boxes += self._detect(np.ascontiguousarray(image[y : y + part_h, x : x + part_w]), x, y)
        return boxes

    def _detect(self, image: Image, left: int, top: int) -> list[Box]:
        height, width = image.shape[:2]
        boxes = []
        for detector in self._detectors:
            for detection in detector.process(image).detections or []:
                box = detection.location_data.relative_bounding_box
                x, y = left + box.xmin * width, top + box.ymin * height
                boxes.append((x, y, x + box.width * width, y + box.height * height))
        return boxes

    def _fit(self, image: Image, box: Box) -> Array | None:
        """Landmarks of the face in a box: a first mesh on an enlarged square, a second one on the aligned crop."""
        side = 2.0 * max(box[2] - box[0], box[3] - box[1])
        x, y = (box[0] + box[2] - side) / 2, (box[1] + box[3] - side) / 2
        factor = 2 * _MESH_SIDE / side
        first = self._mesh_on(image, np.array([[factor, 0, -x * factor], [0, factor, -y * factor]]), 2 * _MESH_SIDE)
        return None if first is None else self._refine(image, first)

    def _refine(self, image: Image, landmarks: Array) -> Array | None:
        matrix = crop_matrix(landmarks, scale=self._scale, size=self._size)
        return self._mesh_on(image, matrix, self._size)

    def _mesh_on(self, image: Image, matrix: Array, size: int) -> Array | None:
        """Landmarks found on one crop, in pixels of the whole picture."""
        crop = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
        with contextlib.nullcontext() if self._warm else silent_stderr():  # its first face makes it talk
            faces: Sequence[Any] = self._mesh.process(crop).multi_face_landmarks or []
        if not faces:
            return None
        self._warm = True
        points = np.array([(p.x, p.y, p.z) for p in faces[0].landmark], np.float64) * size - [0.5, 0.5, 0]
        return apply(inverse(matrix), points)


def _extent(landmarks: Array) -> float:
    return float(np.linalg.norm(np.ptp(landmarks[:, :2], axis=0)))


def _without_doubles(faces: list[Array]) -> list[Array]:
    """Drops a face that lies on a larger one: both detectors find most faces."""
    kept: list[Array] = []
    for face in faces:
        centre = face[:, :2].mean(0)
        if all(np.linalg.norm(centre - other[:, :2].mean(0)) > 0.25 * _extent(other) for other in kept):
            kept.append(face)
    return kept


@contextlib.contextmanager
def silent_stderr() -> Iterator[None]:
    """Keeps what native libraries print while they load off the user's terminal."""
    os.environ.setdefault("GLOG_minloglevel", "3")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    try:
        saved = os.dup(2)
    except OSError:  # standard error is closed: there is nothing to keep silent
        yield
        return
    try:
        with open(os.devnull, "wb") as null:  # noqa: PTH123
            os.dup2(null.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
