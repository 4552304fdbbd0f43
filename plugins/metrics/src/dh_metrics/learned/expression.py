"""E-FID: how far the video's facial expressions, as a crowd, are from the reference's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

import dh
from dh_metrics.faces import FaceTrack, faces, reference_faces
from dh_metrics.learned.alignment import reconstruction_face
from dh_metrics.learned.batches import image_batches
from dh_metrics.learned.checkpoints import RECONSTRUCTION
from dh_metrics.learned.frechet import frechet_distance
from dh_metrics.learned.options import LearnedOptions
from dh_metrics.learned.weights import given_weights, load_into, read_state_dict, require, weights_file

Image = NDArray[np.uint8]

_BATCH = 8
_WRAPPER = "net_recon"
_FEW = 64
"""With fewer faces than coefficients the covariance has no full rank."""


class ExpressionFid:
    """Frechet distance of Deep3DFaceRecon's expression coefficients, as EMO (Tian et al. 2024, arXiv:2402.17485)."""

    def __init__(self, options: LearnedOptions, context: dh.Context) -> None:
        self._context = context

    def measure(self, material: dh.Material) -> dh.Measure:
        """All frames that show a face count, in any order.

        Raises:
            NotMeasurable: there is no reference, or a video shows fewer than two faces.
        """
        path = weights_file(self._context, RECONSTRUCTION)
        reference = _aligned(material.reference_frames(), reference_faces(material))
        require("e-fid", "torch")
        from dh_metrics.learned.networks.reconstruction import FaceCoefficients

        device = self._context.device
        network = load_into(FaceCoefficients(), read_state_dict(path, _WRAPPER), path).to(device)
        video = _aligned(material.frames(), faces(material))
        value, count, others = frechet_distance(
            "e-fid", network, image_batches(video, _BATCH, device), image_batches(reference, _BATCH, device), device
        )
        few = f"; fewer than {_FEW}, so it is too high: compare only with as many" if min(count, others) < _FEW else ""
        return dh.Measure(
            value=value,
            count=count,
            crop="face scaled and moved by eyes, nose and mouth corners; 224 x 224",
            note=f"{count} faces against {others}{few}",
            weights=given_weights(self._context, path),
        )


def _aligned(images: Iterable[Image], track: FaceTrack) -> Iterator[Image]:
    for image, landmarks, seen in zip(images, track.landmarks, track.seen, strict=False):
        if seen:
            yield reconstruction_face(image, landmarks)
