"""Blocks of a SPADE generator: normalisation whose scale and shift come from a map, at every pixel."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from dh_ditto.networks.spectral import SpectralConv2d

SLOPE = 0.2
"""Of the leaky ReLU below zero, all over the generator."""


class SpadeBlock(nn.Module):
    """A residual block (Park et al. 2019, arXiv:1903.07291, figure 4b).

    Args:
        channels: read.
        filters: channels given.
        map_channels: of the conditioning map.
    """

    def __init__(self, channels: int, filters: int, map_channels: int) -> None:
        super().__init__()
        middle = min(channels, filters)
        self.learned_shortcut = channels != filters
        self.conv_0 = SpectralConv2d(channels, middle, kernel_size=3)
        self.conv_1 = SpectralConv2d(middle, filters, kernel_size=3)
        self.norm_0 = SpadeNorm(channels, map_channels)
        self.norm_1 = SpadeNorm(middle, map_channels)
        if self.learned_shortcut:
            self.conv_s = SpectralConv2d(channels, filters, kernel_size=1, bias=False)
            self.norm_s = SpadeNorm(channels, map_channels)

    def forward(self, x: Tensor, feature: Tensor) -> Tensor:
        """[n,channels,h,w] and a map [n,map_channels,...], whose sides divide h and w, to [n,filters,h,w]."""
        shortcut = self.conv_s(self.norm_s(x, feature)) if self.learned_shortcut else x
        y = self.conv_0(functional.leaky_relu(self.norm_0(x, feature), SLOPE))
        return shortcut + self.conv_1(functional.leaky_relu(self.norm_1(y, feature), SLOPE))


class SpadeNorm(nn.Module):
    """Instance norm, then scale and shift by convolutions of a map (Park et al. 2019, equation 1).

    Args:
        channels: to normalise.
        map_channels: of the conditioning map.
        hidden: channels between the map and the scale and shift.
    """

    def __init__(self, channels: int, map_channels: int, hidden: int = 128) -> None:
        super().__init__()
        self.mlp_shared = nn.Sequential(nn.Conv2d(map_channels, hidden, kernel_size=3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(hidden, channels, kernel_size=3, padding=1)
        self.mlp_beta = nn.Conv2d(hidden, channels, kernel_size=3, padding=1)

    def forward(self, x: Tensor, feature: Tensor) -> Tensor:
        hidden = self.mlp_shared(functional.interpolate(feature, size=x.shape[-2:]))
        return functional.instance_norm(x) * (1 + self.mlp_gamma(hidden)) + self.mlp_beta(hidden)
