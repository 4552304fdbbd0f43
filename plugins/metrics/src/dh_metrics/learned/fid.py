"""FID: how far the video's frames, as a crowd, are from the reference's."""

from __future__ import annotations

import dh
from dh_metrics.learned.batches import image_batches
from dh_metrics.learned.checkpoints import INCEPTION
from dh_metrics.learned.frechet import frechet_distance
from dh_metrics.learned.options import LearnedOptions
from dh_metrics.learned.weights import given_weights, load_into, read_state_dict, require, weights_file

_BATCH = 8
_FEW = 2048
"""With fewer frames than features the covariance has no full rank."""


class Fid:
    """Frechet Inception distance of Heusel et al. 2017, between the frames of one video and of its reference."""

    def __init__(self, options: LearnedOptions, context: dh.Context) -> None:
        self._context = context

    def measure(self, material: dh.Material) -> dh.Measure:
        """All frames of either video count, in any order.

        Raises:
            NotMeasurable: there is no reference, or one of the videos has a single frame.
        """
        reference = material.reference_frames()
        require("fid", "torch")
        from dh_metrics.learned.networks.inception import InceptionV3

        path = weights_file(self._context, INCEPTION)
        device = self._context.device
        network = load_into(InceptionV3(), read_state_dict(path), path).to(device)
        value, count, others = frechet_distance(
            "fid",
            network,
            image_batches(material.frames(), _BATCH, device),
            image_batches(reference, _BATCH, device),
            device,
        )
        few = f"; fewer than {_FEW}, so it is too high: compare only with as many" if min(count, others) < _FEW else ""
        return dh.Measure(
            value=value,
            count=count,
            crop="whole frame, stretched to 299 x 299",
            note=f"{count} frames against {others}{few}",
            weights=given_weights(self._context, path),
        )
