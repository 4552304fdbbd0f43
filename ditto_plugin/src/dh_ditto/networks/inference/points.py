"""What all fast convolutions come down to: a matrix product of channels at every point of a transform."""

from __future__ import annotations

import torch
from torch import Tensor


def filter_points(weight: Tensor, points: Tensor, out: Tensor, add: bool = False) -> None:
    """Mixes channels at every point of a transform, and filters in depth.

    Args:
        weight: [taps,n,filters,channels].
        points: [n,channels,d+taps-1,h,w].
        out: [n,filters,d*h*w].
        add: whether the result is added to ``out``, or replaces it.
    """
    layer, size = points.shape[-2] * points.shape[-1], out.shape[-1]
    columns = points.flatten(2)
    for tap, mix in enumerate(weight):
        window = columns[..., tap * layer : tap * layer + size]
        if tap or add:
            out.baddbmm_(mix, window)
        else:
            torch.bmm(mix, window, out=out)
