"""The appearance extractor for CPUs, by Winograd's filters."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dh_ditto.networks.appearance import DEPTH, AppearanceExtractor
from dh_ditto.networks.blocks import ResidualBlock3d
from dh_ditto.networks.inference import tiles as tiled
from dh_ditto.networks.inference.folding import folded_conv, folded_weights, plain_weights, scale_and_shift
from dh_ditto.networks.inference.scratch import Scratch
from dh_ditto.networks.inference.winograd import WinogradConv


class CpuAppearanceExtractor(nn.Module):
    """An appearance extractor made from a published one, for inference in float32.

    Args:
        network: whose weights to take; it is not changed.
    """

    def __init__(self, network: AppearanceExtractor) -> None:
        super().__init__()
        scratch = Scratch()
        self.first = folded_conv(network.first.conv, network.first.norm)
        self.down = nn.ModuleList(
            WinogradConv(*folded_weights(block.conv, block.norm), scratch) for block in network.down_blocks
        )
        self.second = network.second
        self.resblocks = nn.Sequential(*(CpuResidualBlock3d(block, scratch) for block in network.resblocks_3d))

    @torch.inference_mode()
    def forward(self, image: Tensor) -> Tensor:
        """[n,3,h,w], h and w multiples of 16, to [n,32,16,h/4,w/4]."""
        return torch.stack([self._volume(one) for one in image])

    def _volume(self, image: Tensor) -> Tensor:
        x = self.first(image[None])[0].relu_()
        for conv in self.down:
            x = tiled.join(tiled.pool(conv(tiled.cut(x)).relu_()))
        volume = self.second(x[None])[0].unflatten(0, (-1, DEPTH))
        return tiled.join(self.resblocks(tiled.cut(volume).contiguous()))


class CpuResidualBlock3d(nn.Module):
    """A pre-activation residual block on a tiled volume [4,4,c,d,h,w]."""

    scale: Tensor
    shift: Tensor

    def __init__(self, block: ResidualBlock3d, scratch: Scratch) -> None:
        super().__init__()
        for name, value in zip(("scale", "shift"), scale_and_shift(block.norm1), strict=True):
            self.register_buffer(name, value.view(-1, 1, 1, 1))
        self.conv_1 = WinogradConv(*folded_weights(block.conv1, block.norm2), scratch)
        self.conv_2 = WinogradConv(*plain_weights(block.conv2), scratch)

    def forward(self, tiles: Tensor) -> Tensor:
        normal = torch.addcmul(self.shift, tiles, self.scale).relu_()
        return self.conv_2(self.conv_1(normal).relu_()).add_(tiles)
