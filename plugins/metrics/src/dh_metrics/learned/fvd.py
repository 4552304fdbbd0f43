"""FVD: how far the video's clips, as a crowd, are from the reference's."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import dh
from dh_metrics.learned.checkpoints import I3D as I3D_CHECKPOINT
from dh_metrics.learned.frechet import frechet_distance
from dh_metrics.learned.options import FvdOptions
from dh_metrics.learned.weights import given_weights, load_into, read_state_dict, require, weights_file

if TYPE_CHECKING:
    from torch import Tensor

CLIP = 16
_SIDE = 224
_FEW = 400
"""With fewer clips than features the covariance has no full rank."""


class Fvd:
    """Frechet video distance of Unterthiner et al. 2018, between clips of one video and of its reference."""

    def __init__(self, options: FvdOptions, context: dh.Context) -> None:
        self._context, self._stride = context, options.clip_stride

    def measure(self, material: dh.Material) -> dh.Measure:
        """Clips of 16 successive frames; frames at the end that fill none are left out.

        Raises:
            NotMeasurable: there is no reference, or a video has fewer than two clips.
        """
        reference = material.reference_frames()
        require("fvd", "torch")
        from dh_metrics.learned.networks.i3d import I3D

        path = weights_file(self._context, I3D_CHECKPOINT)
        device = self._context.device
        network = load_into(I3D(), read_state_dict(path), path).to(device)
        value, count, others = frechet_distance(
            "fvd", network, self._clips(material.frames()), self._clips(reference), device
        )
        few = (
            f"; fewer than {_FEW}, so it is unreliable and too high: compare only with as many"
            if min(count, others) < _FEW
            else ""
        )
        return dh.Measure(
            value=value,
            count=count,
            crop="whole frame, stretched to 224 x 224",
            note=f"{count} clips of {CLIP} frames, one every {self._stride}, against {others}{few}",
            weights=given_weights(self._context, path),
        )

    def _clips(self, frames: Iterable[NDArray[np.uint8]]) -> Iterator[Tensor]:
        import torch

        for clip in windows(map(self._small, frames), CLIP, self._stride):
            yield torch.stack(clip, 1)[None]

    def _small(self, frame: NDArray[np.uint8]) -> Tensor:
        import torch
        from torch.nn import functional as F  # noqa: N812

        picture = torch.from_numpy(frame).to(self._context.device).permute(2, 0, 1)[None].float()
        return F.interpolate(picture, (_SIDE, _SIDE), mode="bilinear", align_corners=False)[0]


def windows(items: Iterable[Tensor], length: int, stride: int) -> Iterator[list[Tensor]]:
    """Runs of ``length`` successive items, the first of each ``stride`` after the last one's; partial ones left out."""
    held: deque[Tensor] = deque(maxlen=length)
    for index, item in enumerate(items, 1):
        held.append(item)
        if index >= length and (index - length) % stride == 0:
            yield list(held)
