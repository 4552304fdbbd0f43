"""The hourglass of the dense motion network: a U-Net whose levels halve height and width, and keep the depth."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

from dh_ditto.networks.blocks import ConvBlock

_WIDEST = 1024


class Hourglass(nn.Module):
    """Features of every point of a volume that know about its surroundings.

    Args:
        channels: read, and given again beside the features.
        width: of the features; each level doubles it, up to 1024 channels.
        levels: how often height and width are halved.

    Attributes:
        out_channels: ``channels + width``.
    """

    def __init__(self, channels: int, width: int, levels: int) -> None:
        super().__init__()
        widths = [channels, *(min(_WIDEST, width << level) for level in range(1, levels + 1))]
        self.encoder = Encoder(widths)
        self.decoder = Decoder(widths, width)
        self.out_channels = channels + width

    def forward(self, x: Tensor) -> Tensor:
        """[n,channels,d,h,w] to [n,out_channels,d,h,w]; h and w are multiples of 2**levels."""
        return self.decoder(self.encoder(x))


class Encoder(nn.Module):
    """The way down: gives the input and the output of every level, finest first."""

    def __init__(self, widths: list[int]) -> None:
        super().__init__()
        self.down_blocks = nn.ModuleList(ConvBlock(wide, narrow, dims=3) for wide, narrow in itertools.pairwise(widths))

    def forward(self, x: Tensor) -> list[Tensor]:
        levels = [x]
        for block in self.down_blocks:
            fine = block(levels[-1])
            # Pooled as pictures: PyTorch has no pooling of bfloat16 volumes on a CPU.
            coarse = functional.avg_pool2d(fine.flatten(1, 2), 2)
            levels.append(coarse.unflatten(1, fine.shape[1:3]))
        return levels


class Decoder(nn.Module):
    """The way up: each level is joined by what the way down had there."""

    def __init__(self, widths: list[int], width: int) -> None:
        super().__init__()
        given = [width, *widths[1:-1]]  # by each block, finest first
        read = [*(2 * channels for channels in widths[1:-1]), widths[-1]]
        self.up_blocks = nn.ModuleList(
            ConvBlock(channels, filters, dims=3) for channels, filters in zip(read[::-1], given[::-1], strict=True)
        )
        joined = width + widths[0]
        self.conv = nn.Conv3d(joined, joined, kernel_size=3, padding=1)
        self.norm = nn.BatchNorm3d(joined)

    def forward(self, levels: list[Tensor]) -> Tensor:
        *skips, x = levels
        for block, skip in zip(self.up_blocks, reversed(skips), strict=True):
            x = torch.cat([block(functional.interpolate(x, scale_factor=(1, 2, 2))), skip], 1)
        return functional.relu(self.norm(self.conv(x)))
