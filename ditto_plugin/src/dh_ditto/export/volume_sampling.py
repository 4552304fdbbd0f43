"""Trilinear sampling of volumes from operators that every runtime has: TensorRT's GridSample knows pictures only."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def sample_volume(
    volume: Tensor, coordinates: Tensor, interpolation: int = 0, padding: int = 0, align_corners: bool = False
) -> Tensor:
    """The same as ``torch.nn.functional.grid_sample`` for trilinear interpolation, zeros outside and unaligned corners.

    Args:
        volume: [n,c,d,h,w].
        coordinates: [n,...,3], x, y, z; -1 and 1 are the outer edges of the outermost voxels.
        interpolation: 0, linear.
        padding: 0, zeros.
        align_corners: False.

    Returns:
        [n,c,...].
    """
    assert (interpolation, padding, align_corners) == (0, 0, False), (interpolation, padding, align_corners)
    sizes = volume.shape[2:]
    # With a voxel of zeros before and two behind, every position is clamped into reach and none needs a test.
    voxels = functional.pad(volume, (1, 2) * 3).movedim(1, -1).flatten(0, -2)
    index = torch.arange(len(volume), device=volume.device)[:, None, None, None]
    shares = []
    for axis, size in enumerate(sizes):
        position = ((coordinates[..., 2 - axis] + 1) * (size / 2) + 0.5).clamp(0, size + 1)
        first = position.floor()
        index = index * (size + 3) + first.long()
        shares.append((position - first)[..., None])
    (z, y, x), (_, height, width) = shares, (size + 3 for size in sizes)
    total: Tensor | None = None
    for dz, share_z in enumerate((1 - z, z)):
        for dy, share_y in enumerate((1 - y, y)):
            for dx, share_x in enumerate((1 - x, x)):
                corner = voxels.index_select(0, (index + (dz * height + dy) * width + dx).flatten())
                part = corner.unflatten(0, index.shape) * (share_z * share_y * share_x)
                total = part if total is None else total + part
    assert total is not None
    return total.movedim(-1, 1)
