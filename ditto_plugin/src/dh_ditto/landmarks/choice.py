"""Which way of finding landmarks a registration takes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Literal

import dh
from dh_ditto import checkpoints
from dh_ditto.landmarks.landmarker import Landmarker
from dh_ditto.landmarks.mediapipe import MediaPipeLandmarker
from dh_ditto.landmarks.published import PublishedLandmarker
from dh_ditto.weights.layout import Weights

_FILES = ("insightface_det", "landmark106", "landmark203", "blaze_face", "face_mesh")


@contextlib.contextmanager
def open_landmarker(
    choice: Literal["auto", "mediapipe", "insightface"], weights: Weights, context: dh.Context
) -> Iterator[Landmarker]:
    """Opens what the user chose; "auto" is the published way where its models were pulled, else MediaPipe.

    Models that only lie in a folder of weights of the user's own are taken when "insightface" asks for them: their
    terms refuse commercial use.

    Raises:
        CheckpointMissing: the published models are asked for and not there.
        OptionError: they are asked for in a run that refuses them.
    """
    pulled = context.checkpoints.get(checkpoints.LANDMARKS.name)
    if choice == "mediapipe" or (choice == "auto" and pulled is None):
        with MediaPipeLandmarker() as landmarker:
            yield landmarker
        return
    if context.commercial_only:
        raise dh.OptionError("--set landmarks=insightface: --commercial-only refuses these models; use mediapipe")
    detector, landmark106, landmark203, blaze_face, face_mesh = (
        weights.path(name, "onnx") if pulled is None else pulled / "ditto_onnx" / f"{name}.onnx" for name in _FILES
    )
    yield PublishedLandmarker.open(
        detector=detector,
        landmark106=landmark106,
        landmark203=landmark203,
        blaze_face=blaze_face,
        face_mesh=face_mesh,
    )
