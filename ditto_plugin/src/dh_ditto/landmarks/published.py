"""Landmarks as the published Ditto finds them, by networks that its users download.

InsightFace's detector and 106 landmarks for the first frame; LivePortrait's 203 landmarks on an aligned crop, around
which the next frame is searched too; BlazeFace and FaceMesh for the eyes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dh_ditto.backends.onnx_session import OnnxSession
from dh_ditto.crop import CropOptions, CropPoints, crop_matrices
from dh_ditto.landmarks import landmark203
from dh_ditto.landmarks.detector import FaceDetector
from dh_ditto.landmarks.landmark106 import Landmark106
from dh_ditto.landmarks.landmark203 import Landmark203
from dh_ditto.landmarks.landmark478 import Landmark478
from dh_ditto.sampling import warp

Array = NDArray[np.floating[Any]]
Image = NDArray[np.uint8]

_SEARCH = CropOptions(size=landmark203.SIDE, scale=1.5, vy_ratio=-0.1)
"""The crop that the 203 landmarks are fitted in."""


class PublishedLandmarker:
    """A ``Landmarker`` whose landmarks are LivePortrait's 203, [203,2].

    It follows a face wherever the 203 points lead; that the face is gone shows in ``mesh`` alone.
    """

    def __init__(
        self, detector: FaceDetector, landmark106: Landmark106, landmark203: Landmark203, landmark478: Landmark478
    ) -> None:
        self._detect, self._first, self._fit, self._mesh = detector, landmark106, landmark203, landmark478

    @classmethod
    def open(
        cls,
        *,
        detector: Path,
        landmark106: Path,
        landmark203: Path,
        blaze_face: Path,
        face_mesh: Path,
    ) -> PublishedLandmarker:
        """From ONNX files, each loaded when it is first needed; see ``OnnxSession`` for what may be wrong with them."""
        return cls(
            FaceDetector(OnnxSession(detector)),
            Landmark106(OnnxSession(landmark106)),
            Landmark203(OnnxSession(landmark203)),
            Landmark478(OnnxSession(blaze_face), OnnxSession(face_mesh)),
        )

    def faces(self, frame: Image) -> list[Array]:
        """See ``Landmarker``; the largest box is the largest face."""
        boxes = self._detect(frame).boxes
        areas = np.prod(boxes[:, 2:4] - boxes[:, :2], axis=1)
        return [self.follow(frame, self._first(frame, boxes[index])) for index in np.argsort(-areas, kind="stable")]

    def follow(self, frame: Image, previous: Array) -> Array:
        """See ``Landmarker``; ``previous`` may have any layout that ``CropPoints.of`` knows."""
        matrices = crop_matrices(CropPoints.of(previous), _SEARCH)
        return self._fit(warp(frame, matrices.o2c, _SEARCH.size, _SEARCH.size), matrices.c2o)

    def crop_points(self, landmarks: Array) -> CropPoints:
        """See ``Landmarker``."""
        return CropPoints.of(landmarks)

    def mesh(self, crop: Image, landmarks: Array, o2c: Array) -> Array | None:
        """See ``Landmarker``; looks at the crop alone."""
        return self._mesh(crop)
