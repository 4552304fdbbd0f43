"""The hourglass for CPUs: fine levels by Winograd's filters, enlarged ones before enlarging, all batch norms folded."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from dh_ditto.networks.blocks import ConvBlock
from dh_ditto.networks.hourglass import Hourglass
from dh_ditto.networks.inference import tiles as tiled
from dh_ditto.networks.inference.folding import folded_weights
from dh_ditto.networks.inference.phases import PhaseConv
from dh_ditto.networks.inference.scratch import Scratch
from dh_ditto.networks.inference.winograd import WinogradConv

_MOST_WEIGHTS = 5_000_000
"""Of a convolution by Winograd's filters, which takes four times the memory: it pays where pixels outnumber filters."""


class CpuHourglass(nn.Module):
    """An hourglass made from a published one, for one volume.

    Args:
        hourglass: whose weights to take.
        scratch: for intermediate results.
    """

    def __init__(self, hourglass: Hourglass, scratch: Scratch) -> None:
        super().__init__()
        self.scratch = scratch
        self.down = nn.ModuleList(_down(block, scratch) for block in hourglass.encoder.down_blocks)
        self.up = nn.ModuleList(
            PhaseConv(*folded_weights(block.conv, block.norm), 2, scratch) for block in hourglass.decoder.up_blocks
        )
        self.last = WinogradConv(*folded_weights(hourglass.decoder.conv, hourglass.decoder.norm), scratch)

    def forward(self, tiles: Tensor) -> Tensor:
        """[4,4,110,d,h,w] to [4,4,142,d,h,w]."""
        skips = []
        x = self._descended(tiles, self.down[0])
        for block in self.down[1:]:
            skips.append(x)
            x = self._descended(tiled.cut(x) if isinstance(block, WinogradConv) else x, block)
        for block in self.up[:-1]:
            x = torch.cat([tiled.join(block(x).relu_()), skips.pop()])
        finest = tiled.merge(self.up[-1](x).relu_())
        joined = self.scratch.empty("joined", *tiles.shape[:2], finest.shape[2] + tiles.shape[2], *tiles.shape[3:])
        torch.cat([finest, tiles], 2, out=joined)
        return self.last(joined).relu_()

    def _descended(self, x: Tensor, block: nn.Module) -> Tensor:
        """One level down: [c,d,h/2,w/2] of a volume, in tiles if the block is a WinogradConv."""
        y = block(x).relu_()
        if isinstance(block, PhaseConv):
            return functional.avg_pool3d(y[0, 0], (1, 2, 2))
        return tiled.join(tiled.pool(y))


def _down(block: ConvBlock, scratch: Scratch) -> WinogradConv | PhaseConv:
    weight, bias = folded_weights(block.conv, block.norm)
    if weight.numel() > _MOST_WEIGHTS:
        return PhaseConv(weight, bias, 1, scratch)
    return WinogradConv(weight, bias, scratch)
