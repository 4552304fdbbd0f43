"""Blocks that several networks share."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

Dims = Literal[2, 3]

_CONV: dict[int, type[nn.Conv2d] | type[nn.Conv3d]] = {2: nn.Conv2d, 3: nn.Conv3d}
_NORM: dict[int, type[nn.BatchNorm2d] | type[nn.BatchNorm3d]] = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}


class ConvBlock(nn.Module):
    """A "same" convolution of width 3, batch norm and a (leaky) ReLU.

    Args:
        channels: read.
        filters: channels given.
        dims: 2 for pictures [n,c,h,w], 3 for volumes [n,c,d,h,w].
        slope: of the activation below zero.
    """

    def __init__(self, channels: int, filters: int, dims: Dims = 2, slope: float = 0.0) -> None:
        super().__init__()
        self.conv = _CONV[dims](channels, filters, kernel_size=3, padding=1)
        self.norm = _NORM[dims](filters)
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        return functional.leaky_relu(self.norm(self.conv(x)), self.slope)


class ResidualBlock3d(nn.Module):
    """A pre-activation residual block (He et al. 2016, arXiv:1603.05027) on volumes [n,c,d,h,w]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm3d(channels)
        self.conv1 = nn.Conv3d(channels, channels, kernel_size=3, padding=1)
        self.norm2 = nn.BatchNorm3d(channels)
        self.conv2 = nn.Conv3d(channels, channels, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(functional.relu(self.norm1(x)))
        return x + self.conv2(functional.relu(self.norm2(y)))
