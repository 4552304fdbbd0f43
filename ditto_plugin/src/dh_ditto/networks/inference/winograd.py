"""Convolutions of width 3 with a quarter of the multiplications (Lavin and Gray 2016, arXiv:1509.09308)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dh_ditto.networks.inference.points import filter_points
from dh_ditto.networks.inference.scratch import Scratch
from dh_ditto.networks.inference.tiles import TILE, halo

_POINTS = (0.0, 0.75, -0.75, 1.5, -1.5)
"""Where polynomials are evaluated, besides infinity. These lose half as much to rounding as 0, 1, -1, 2 and -2."""

_STRIP = 131072
"""Tiles of a strip times channels: keeps each buffer near 20 MB, which stays in the cache and which the C library's
allocator gives again without asking the system for fresh pages."""

_MOST_WEIGHTS = 2**17
"""Filters times channels from which on the kernels' transforms are not kept: they take four times the kernels' memory,
and to transform such kernels anew in each call takes a few hundredths of the call."""

_FEWEST = 128
"""Tiles of a strip: a matrix product of fewer columns is slow."""


def transforms(tile: int, width: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Matrices of the minimal filter F(tile, width): ``filtered = a @ ((g @ kernel) * (b @ signal))``.

    Args:
        tile: outputs.
        width: of the kernel; the signal has tile + width - 1 samples.

    Returns:
        b [n,n], g [n,width] and a [tile,n], with n = tile + width - 1.
    """
    n = tile + width - 1
    points = np.array(_POINTS[: n - 1])
    evaluate = np.zeros((n, n))  # of a polynomial of degree n - 1, at the points and at infinity
    evaluate[:-1] = points[:, None] ** np.arange(n)
    evaluate[-1, -1] = 1
    scale = np.ones(n)  # makes b whole numbers
    scale[:-1] = [np.prod(np.delete(points[i] - points, i)) for i in range(n - 1)]
    at_infinity = np.zeros(n)
    at_infinity[-1] = 1

    def evaluated(degree: int) -> NDArray[np.float64]:
        return np.vstack([evaluate[:-1, :degree], at_infinity[-degree:]])

    return np.linalg.inv(evaluate).T * scale[:, None], evaluated(width) / scale[:, None], evaluated(tile).T


class WinogradConv(nn.Module):
    """A "same" convolution 3x3 or kx3x3 of one picture or volume in the tiled layout, by F(4x4, 3x3).

    In depth it is direct. Equal to torch's within some 1e-6 of the largest value.

    Args:
        weight: [filters,channels,3,3] or [filters,channels,k,3,3], k odd.
        bias: [filters].
        scratch: for intermediate results.
        repeated: whether tiles come as [3,3,...], the middle pixel of each side standing for two equal ones.
    """

    weight: Tensor
    bias: Tensor
    read: Tensor
    gather: Tensor
    write: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, scratch: Scratch, repeated: bool = False) -> None:
        super().__init__()
        b, g, a = transforms(TILE, 3)
        if repeated:
            b = np.column_stack([b[:, :2], b[:, 2] + b[:, 3], b[:, 4:]])
        self.scratch, self.volumes = scratch, weight.ndim == 5
        kernels = weight if self.volumes else weight.unsqueeze(2)
        kernels = kernels.flatten(-2).movedim((2, 3), (0, 1))  # tap, pixel, filter, channel
        gather = torch.from_numpy(np.kron(g, g))
        self.kept = len(weight) * weight.shape[1] < _MOST_WEIGHTS
        if self.kept:
            kernels = torch.tensordot(gather, kernels.double(), ([1], [1])).movedim(1, 0).to(weight.dtype)
        self.register_buffer("gather", gather.to(weight.dtype))
        self.register_buffer("weight", kernels.contiguous())
        self.register_buffer("bias", bias[:, None].clone())
        self.register_buffer("read", torch.from_numpy(np.kron(b, b)).to(weight.dtype))
        bias_too = np.column_stack([np.kron(a, a), np.ones(TILE**2)])
        self.register_buffer("write", torch.from_numpy(bias_too).to(weight.dtype))

    def forward(self, tiles: Tensor) -> Tensor:
        """[4,4,channels,h,w] or [4,4,channels,d,h,w] to the same with ``filters``."""
        height = tiles.shape[-2]
        if self._rows_at_once(tiles) >= height:
            return self._filtered(self._kernels(), self._transformed(tiles, 0, height, self.scratch.empty), _fresh)
        out = tiles.new_empty(TILE, TILE, self.weight.shape[2], *tiles.shape[3:])
        for rows, strip in self.strips(tiles):
            out[..., rows, :] = strip
        return out

    def strips(self, tiles: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """Yields the result some rows of tiles at a time: which rows, and [4,4,filters,(d,)rows,w].

        Each strip is in the scratch memory and may be changed; the next takes its place.
        """
        height, step, kernels = tiles.shape[-2], self._rows_at_once(tiles), self._kernels()
        for start in range(0, height, step):
            rows = min(step, height - start)
            points = self._transformed(tiles, start, rows, self.scratch.empty)
            yield slice(start, start + rows), self._filtered(kernels, points, self.scratch.empty)

    def transformed(self, tiles: Tensor) -> Tensor:
        """The tiles, ready for ``filtered`` of any convolution of the same form: [36,channels,d,h,w]."""
        return self._transformed(tiles, 0, tiles.shape[-2], _fresh)

    def filtered(self, points: Tensor) -> Tensor:
        """The convolution of what ``transformed`` gave: [4,4,filters,(d,)h,w]."""
        return self._filtered(self._kernels(), points, _fresh)

    def _kernels(self) -> Tensor:
        """[taps,36,filters,channels], in the scratch memory if they are not kept."""
        if self.kept:
            return self.weight
        taps, _, filters, channels = self.weight.shape
        kernels = self.scratch.empty("kernels", taps, len(self.gather), filters, channels)
        torch.matmul(self.gather, self.weight.flatten(2), out=kernels.flatten(2))
        return kernels

    def _rows_at_once(self, tiles: Tensor) -> int:
        columns = tiles.shape[-1] * (tiles.shape[3] if self.volumes else 1)
        return max(1, max(_STRIP // max(self.weight.shape[2:]), _FEWEST) // columns)

    def _transformed(self, tiles: Tensor, start: int, rows: int, empty: Callable[..., Tensor]) -> Tensor:
        volumes = tiles if self.volumes else tiles.unsqueeze(3)
        p, _, channels, depth, _, width = volumes.shape
        shape = channels, depth + len(self.weight) - 1, rows, width
        signal = self.scratch.empty("signal", p + 2, p + 2, *shape)
        halo(volumes, start, signal)
        points = empty("points", len(self.read), *shape)
        torch.mm(self.read, signal.flatten(0, 1).flatten(1), out=points.flatten(1))
        return points

    def _filtered(self, kernels: Tensor, points: Tensor, empty: Callable[..., Tensor]) -> Tensor:
        count, _, depth, *plane = points.shape
        taps, _, filters, _ = self.weight.shape
        depth += 1 - taps
        products = self.scratch.empty("products", count + 1, filters, depth * math.prod(plane))
        products[count] = self.bias
        filter_points(kernels, points, products[:count])
        out = empty("strip", TILE, TILE, filters, depth, *plane)
        torch.mm(self.write, products.flatten(1), out=out.flatten(0, 1).flatten(1))
        return out if self.volumes else out.squeeze(3)


def _fresh(_name: str, *shape: int) -> Tensor:
    return torch.empty(shape)
