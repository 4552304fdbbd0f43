"""Convolutions of enlarged pictures, done before enlarging.

After nearest-neighbour enlargement neighbouring pixels are equal, so a kernel of width 3 reads only one or two
different ones along each side. For each phase (place of an output pixel within the enlarged pixel) the taps that read
the same pixel are added up; the sums are the kernel of a smaller convolution of the small picture.
"""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor, nn
from torch.nn import functional

from dh_ditto.networks.inference.points import filter_points
from dh_ditto.networks.inference.scratch import Scratch

PHASES = {1: (0,), 2: (0, 1), 4: (0, 1, 3)}
"""By factor: the phases along a side whose results differ. Enlarged fourfold, phase 2 equals phase 1."""

_TAPS = tuple((y, x) for y in range(3) for x in range(3))


class PhaseConv(nn.Module):
    """A "same" convolution of width 3, after nearest-neighbour enlargement of height and width.

    One matrix product for each tap of each phase. That is also faster than torch's convolution where there are many
    more weights than pixels, for it does not rearrange the weights in every call: hence factor 1.

    Args:
        weight: [filters,channels,3,3] or [filters,channels,3,3,3].
        bias: [filters].
        factor: of the enlargement: 1, 2 or 4.
        scratch: for the result and intermediate ones.
    """

    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, factor: int, scratch: Scratch) -> None:
        super().__init__()
        self.scratch, self.sides, self.volumes = scratch, len(PHASES[factor]), weight.ndim == 5
        self.register_buffer("bias", bias[:, None].clone())
        kernels = weight if self.volumes else weight.unsqueeze(2)
        self.reads: dict[tuple[int, int], list[tuple[int, int]]] = {tap: [] for tap in _TAPS}
        for (i, row), (j, column) in product(enumerate(PHASES[factor]), repeat=2):
            down, across = _read_pixels(row, factor), _read_pixels(column, factor)
            for y, x in product(down.unique().tolist(), across.unique().tolist()):
                tap = kernels[..., down == y, :][..., across == x].sum((-2, -1))
                self.register_buffer(_name(y, x, i, j), tap.movedim(-1, 0)[:, None].contiguous())
                self.reads[y, x].append((i, j))

    def forward(self, x: Tensor) -> Tensor:
        """All phases, in the scratch memory until the next call.

        Args:
            x: [channels,h,w] or [channels,d,h,w].

        Returns:
            [phases,phases,filters,(d,)h,w], by PHASES; for factor 2 that is the enlarged result in tiles of 2 x 2.
        """
        volume = x if self.volumes else x.unsqueeze(1)
        channels, depth, height, width = volume.shape
        margin = int(self.volumes)
        padded = functional.pad(volume, (1, 1, 1, 1, margin, margin))
        window = self.scratch.empty("window", channels, depth + 2 * margin, height, width)
        shape = self.sides, self.sides, len(self.bias), depth, height, width
        out = self.scratch.empty("phases", *shape)
        columns = out.flatten(3).unsqueeze(2)
        columns[:] = self.bias
        for y, x_ in _TAPS:
            window[:] = padded[..., y : y + height, x_ : x_ + width]
            for i, j in self.reads[y, x_]:
                filter_points(self.get_buffer(_name(y, x_, i, j)), window[None], columns[i, j], add=True)
        return out if self.volumes else out.squeeze(3)


def _read_pixels(phase: int, factor: int) -> Tensor:
    """[3]: which small pixel each of three taps reads, counted from the one before the pixel that holds the phase."""
    return torch.div(phase + torch.arange(-1, 2), factor, rounding_mode="floor") + 1


def _name(y: int, x: int, i: int, j: int) -> str:
    return f"weight_{y}{x}_{i}{j}"
