"""Dense motion: from the motion of a few keypoints to that of every point of a volume.

Coordinates are x, y, z in -1..1, and always float32: half precision would move points by a good part of a voxel.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from dh_ditto.networks.appearance import DEPTH
from dh_ditto.networks.hourglass import Hourglass

COMPRESSED = 4
"""Channels of a compressed volume."""

KEYPOINT_VARIANCE = 0.01
"""Of the bump that stands for a keypoint in a heatmap."""


class DenseMotion(NamedTuple):
    """How a volume moves."""

    deformation: Tensor
    """[n,d,h,w,3]: where each point of the driven volume lies in the source's."""

    occlusion_map: Tensor
    """[n,1,h,w] in 0..1: 0 where the source does not show what the driven picture needs."""

    mask: Tensor
    """[n,22,d,h,w]: share of each sparse motion in the deformation; the first is standing still."""


class DenseMotionNetwork(nn.Module):
    """Mixes one rigid motion for each keypoint, and standing still, at every point of the volume.

    Args:
        keypoints: of a face.
        volume_channels: of the feature volume.
        width: of the hourglass.
        levels: of the hourglass.
    """

    def __init__(self, keypoints: int, volume_channels: int, width: int = 32, levels: int = 5) -> None:
        super().__init__()
        motions = keypoints + 1
        self.hourglass = Hourglass(motions * (1 + COMPRESSED), width, levels)
        channels = self.hourglass.out_channels
        self.mask = nn.Conv3d(channels, motions, kernel_size=7, padding=3)
        self.compress = nn.Conv3d(volume_channels, COMPRESSED, kernel_size=1)
        self.norm = nn.BatchNorm3d(COMPRESSED)
        self.occlusion = nn.Conv2d(channels * DEPTH, 1, kernel_size=7, padding=3)

    def forward(self, compressed: Tensor, kp_source: Tensor, kp_driving: Tensor) -> DenseMotion:
        """The motion of every point.

        Args:
            compressed: [n,4,d,h,w] or [1,4,d,h,w], of ``compressed``.
            kp_source: [n,21,3] or [1,21,3].
            kp_driving: [n,21,3].
        """
        motions = sparse_motions(compressed.shape[-3:], kp_source, kp_driving)
        features = self.hourglass(self._evidence(compressed, motions, kp_source, kp_driving))
        mask = self.mask(features).float().softmax(1)
        deformation = torch.einsum("nkdhw,nkdhwc->ndhwc", mask, motions)
        return DenseMotion(deformation, self.occlusion(features.flatten(1, 2)).sigmoid(), mask)

    def compressed(self, feature_3d: Tensor) -> Tensor:
        """[n,32,d,h,w] to [n,4,d,h,w]."""
        return functional.relu(self.norm(self.compress(feature_3d)))

    def _evidence(self, compressed: Tensor, motions: Tensor, kp_source: Tensor, kp_driving: Tensor) -> Tensor:
        """[n,110,d,h,w]: for each motion in turn its heatmap and the volume as that motion would have it."""
        count, shape = motions.shape[1], compressed.shape[-3:]
        volumes = compressed.expand(len(motions), -1, -1, -1, -1).repeat_interleave(count, 0)
        warped = sample_volume(volumes, motions.flatten(0, 1)).unflatten(0, (-1, count))
        heatmap = gaussians(shape, kp_driving) - gaussians(shape, kp_source)
        heatmap = torch.cat([torch.zeros_like(heatmap[:, :1]), heatmap], 1)  # standing still has no keypoint
        return torch.cat([heatmap[:, :, None].to(warped.dtype), warped], 2).flatten(1, 2)


def identity_grid(shape: torch.Size, device: torch.device) -> Tensor:
    """[d,h,w,3]: the coordinates of every point of a volume [d,h,w]; the first and last lie at -1 and 1."""
    d, h, w = (torch.linspace(-1, 1, size, device=device) for size in shape)
    z, y, x = torch.meshgrid(d, h, w, indexing="ij")
    return torch.stack([x, y, z], -1)


def sparse_motions(shape: torch.Size, kp_source: Tensor, kp_driving: Tensor) -> Tensor:
    """[n,22,d,h,w,3]: where points come from if all stand still, and if all move as one of the keypoints does."""
    offsets = kp_source.float() - kp_driving.float()
    offsets = torch.cat([torch.zeros_like(offsets[:, :1]), offsets], 1)
    return identity_grid(shape, kp_driving.device) + offsets[:, :, None, None, None]


def gaussians(shape: torch.Size, keypoints: Tensor) -> Tensor:
    """[n,21,d,h,w]: a bump of height 1 around each keypoint [n,21,3]."""
    offsets = identity_grid(shape, keypoints.device) - keypoints.float()[:, :, None, None, None]
    return torch.exp(-0.5 * offsets.square().sum(-1) / KEYPOINT_VARIANCE)


def sample_volume(volume: Tensor, coordinates: Tensor) -> Tensor:
    """Trilinear samples [n,c,d,h,w] of a volume [n,c,...] or [1,c,...] at coordinates [n,d,h,w,3], 0 outside.

    Coordinates are taken as if -1 and 1 were the outer *edges* of the outermost voxels, although ``identity_grid``
    puts their centres there: the published weights were trained with this slight zoom.
    """
    volumes = volume.float().expand(len(coordinates), -1, -1, -1, -1)
    return functional.grid_sample(volumes, coordinates, align_corners=False).to(volume.dtype)
