"""CSIM: whether the face in the video is still the person that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

import dh
from dh_metrics.faces import faces
from dh_metrics.learned.alignment import IDENTITY_SIDE, identity_face
from dh_metrics.learned.checkpoints import ARCFACE, SFACE
from dh_metrics.learned.onnx_network import OnnxEmbedder
from dh_metrics.learned.options import LearnedOptions
from dh_metrics.learned.weights import digest, given_weights, weights_file

Image = NDArray[np.uint8]
Array = NDArray[np.float32]


class Csim:
    """Cosine similarity of SFace embeddings (Zhong et al. 2021, arXiv:2205.12010)."""

    NAME: ClassVar[str] = "csim"
    TITLE: ClassVar[str] = "CSIM"
    CHECKPOINT: ClassVar[dh.CheckpointSpec] = SFACE

    def __init__(self, options: LearnedOptions, context: dh.Context) -> None:
        self._context = context

    def measure(self, material: dh.Material) -> dh.Measure:
        """Mean over the frames with a face, with the curve of the metric's title.

        The person is the face in the source that the run record names, where that file is unchanged; else the first
        face of the reference.

        Raises:
            NotMeasurable: nothing tells who the person is, or too few frames show a face.
        """
        path = weights_file(self._context, self.CHECKPOINT)
        embed = OnnxEmbedder(self.NAME, path, IDENTITY_SIDE)
        face, origin = _person(material)
        person = embed(self.normalised(face))
        track = faces(material)
        track.require()
        values: list[float | None] = []
        for image, landmarks, seen in zip(material.frames(), track.landmarks, track.seen, strict=False):
            values.append(float(embed(self.normalised(identity_face(image, landmarks))) @ person) if seen else None)
        known = [value for value in values if value is not None]
        return dh.Measure(
            value=float(np.mean(known)),
            count=len(known),
            crop="face aligned by eyes, nose and mouth corners; 112 x 112",
            series={self.TITLE: values},
            note=f"against {origin}; {track.note}" if track.note else f"against {origin}",
            weights=given_weights(self._context, path),
        )

    @staticmethod
    def normalised(face: Image) -> Array:
        """An aligned face as the network takes it: (3, 112, 112)."""
        return face.transpose(2, 0, 1).astype(np.float32)


class ArcfaceCsim(Csim):
    """Cosine similarity of ArcFace embeddings (Deng et al. 2019, arXiv:1801.07698), as most papers give CSIM."""

    NAME = "arcface-csim"
    TITLE = "CSIM (ArcFace)"
    CHECKPOINT = ARCFACE

    @staticmethod
    def normalised(face: Image) -> Array:
        """An aligned face as the network takes it: (3, 112, 112), -1 to 1."""
        return face.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1


def _person(material: dh.Material) -> tuple[Image, str]:
    """The aligned face of the person that the video should show, and where it is from."""

    def find(_: dh.Material) -> tuple[Image, str]:
        from dh_face_mesh.landmarks import FaceLandmarker

        for images, origin in _candidates(material):
            with FaceLandmarker() as landmarker:
                for image in images:
                    if found := landmarker.faces(image):
                        return identity_face(image, found[0]), origin
        raise dh.NotMeasurable(
            "nothing shows who the person is: no reference with a face, and no run record whose source is still there"
        )

    return material.shared("dh_metrics.person", find)


def _candidates(material: dh.Material) -> Iterator[tuple[Iterator[Image], str]]:
    source = ((material.record or {}).get("inputs") or {}).get("source")
    if source is not None:
        path = Path(source["path"])
        if path.is_file() and digest(path) == source["sha256"]:
            yield iter([dh.Source.open(path).image()]), f"the source {path.name}"
    if material.reference is not None:
        yield material.reference_frames(), "the reference's first face"
