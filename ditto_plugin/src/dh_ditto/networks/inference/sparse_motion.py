"""The evidence of the dense motion network without sampling point by point.

A sparse motion shifts the whole volume by one offset. Both the trilinear sample of a shifted grid and the Gaussian
around a keypoint are products over the axes, so each axis is treated by itself: samples by a small matrix, Gaussians by
a vector.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from dh_ditto.networks.dense_motion import KEYPOINT_VARIANCE
from dh_ditto.networks.inference import tiles as tiled

_TAIL = 1e-8
"""Lowest value of a Gaussian along an axis: the tails are 0, for denormal numbers slow a convolution down tenfold."""


def evidence(compressed: Tensor, kp_source: Tensor, kp_driving: Tensor) -> Tensor:
    """Heatmap and shifted volume of each sparse motion, the first being standing still.

    Args:
        compressed: [4,d,h,w].
        kp_source: [21,3], x, y, z.
        kp_driving: [21,3].

    Returns:
        [4,4,110,d,h/4,w/4], tiled.
    """
    count, (channels, depth, height, width) = len(kp_source) + 1, compressed.shape
    rows, columns = height // tiled.TILE, width // tiled.TILE
    offsets = torch.cat([kp_source.new_zeros(1, 3), kp_source - kp_driving])
    out = compressed.new_empty(tiled.TILE, tiled.TILE, count, 1 + channels, depth, rows, columns)
    out[:, :, 0, 0] = 0
    torch.sub(
        _gaussians(kp_driving, depth, height, width), _gaussians(kp_source, depth, height, width), out=out[:, :, 1:, 0]
    )
    x = _samples(offsets[:, 0], width)[:, _tiled_order(width)].mT  # motion, read, written
    y = _samples(offsets[:, 1], height)[:, _tiled_order(height)]  # motion, written, read
    z = _samples(offsets[:, 2], depth)
    shifted = z.flatten(0, 1) @ compressed.movedim(1, 0).flatten(1)
    shifted = y[:, None] @ shifted.view(count, depth * channels, height, width)
    shifted = shifted.view(count, depth * channels * height, width) @ x
    shifted = shifted.view(count, depth, channels, tiled.TILE, rows, tiled.TILE, columns)
    out[:, :, :, 1:] = shifted.permute(3, 5, 0, 2, 1, 4, 6)
    return out.flatten(2, 3)


def _samples(offsets: Tensor, size: int) -> Tensor:
    """Linear interpolation, 0 outside, along an axis: [n,size,size], weights of the voxels (last) in the samples.

    Args:
        offsets: [n], added to the coordinates -1..1 of all samples.
        size: of the axis.
    """
    positions = ((_line(size, offsets) + offsets[:, None] + 1) * size - 1) / 2
    distance = positions[:, :, None] - torch.arange(size, device=offsets.device)
    return (1 - distance.abs()).clamp_min_(0)


def _gaussians(keypoints: Tensor, depth: int, height: int, width: int) -> Tensor:
    """[4,4,n,depth,height/4,width/4]: a bump around each keypoint [n,3], tiled."""

    def along(axis: int, size: int) -> Tensor:
        bump = torch.exp((_line(size, keypoints) - keypoints[:, axis, None]).square() * (-0.5 / KEYPOINT_VARIANCE))
        return functional.threshold(bump, _TAIL, 0.0)

    x = along(0, width)[:, _tiled_order(width)].view(-1, tiled.TILE, 1, 1, width // tiled.TILE).movedim(1, 0)
    y = along(1, height)[:, _tiled_order(height)].view(-1, tiled.TILE, 1, height // tiled.TILE, 1).movedim(1, 0)
    z = along(2, depth)[:, :, None, None]
    return (y * z)[:, None] * x


def _line(size: int, like: Tensor) -> Tensor:
    return torch.linspace(-1, 1, size, dtype=like.dtype, device=like.device)


def _tiled_order(size: int) -> Tensor:
    """[size]: places of pixels along a side, in the order of the tiled layout."""
    return torch.arange(size).view(-1, tiled.TILE).mT.flatten()
