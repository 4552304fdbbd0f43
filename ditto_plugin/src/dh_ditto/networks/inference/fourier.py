"""Convolutions with large kernels, as products of spectra (overlap-save; Mathieu et al. 2013, arXiv:1312.5851)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dh_ditto.networks.inference.points import filter_points
from dh_ditto.networks.inference.scratch import Scratch
from dh_ditto.networks.inference.tiles import halo

TILE = 16
"""Pixels along each side of a tile here. Larger ones multiply less, but their weights take more memory."""

_ROWS = 2
"""Rows of tiles of a strip."""


class Spectrum:
    """Discrete Fourier transforms of tiles of 16 x 16 pixels with a margin, as real matrices.

    A spectrum [2,n*(n//2+1),...] has real parts first, then imaginary ones; the second half of the columns, which
    follows from the first, is left out. n is 16 plus the margins, and even.

    Args:
        margin: pixels around the tile, at each side.
    """

    def __init__(self, margin: int) -> None:
        self.size = n = TILE + 2 * margin
        self.columns = n // 2 + 1
        self.margin = margin
        waves = np.exp(-2j * np.pi * np.outer(np.arange(n), np.arange(n)) / n)
        half = waves[: self.columns]
        self.along = _matrix(np.stack([half.real, half.imag]).reshape(-1, n))
        self.down = _matrix(
            np.stack([np.stack([waves.real, -waves.imag], -1), np.stack([waves.imag, waves.real], -1)]).reshape(
                2 * n, 2 * n
            )
        )
        seen = waves[:, margin:-margin].conj() / n  # the tile alone, without the margin
        share = np.full(self.columns, 2.0)  # of the left-out half
        share[[0, -1]] = 1
        whole = np.einsum("vy,ux,u->yxvu", seen, seen[: self.columns], share).reshape(TILE**2, -1)
        self.back = _matrix(np.stack([whole.real, -whole.imag], -1).reshape(TILE**2, -1))

    def of_kernels(self, weight: Tensor) -> Tensor:
        """Spectra [n*(n//2+1),...], complex128, of kernels [...,k,k] that are to be correlated; k = 2*margin + 1."""
        k, n = weight.shape[-1], self.size
        padded = torch.zeros(*weight.shape[:-2], n, n, dtype=torch.float64)
        padded[..., :k, :k] = weight.double()
        # Shifted so that the kernel's centre reads a pixel itself.
        spectrum = torch.fft.rfft2(padded.roll((-self.margin, -self.margin), (-2, -1))).conj()
        return spectrum.flatten(-2).movedim(-1, 0)


class FourierConv(nn.Module):
    """Convolutions of the same volume with kernels of width k, k odd, in planes; in depth they are direct.

    Args:
        weights: [filters,channels,taps,k,k] each; the volume is padded with (taps - 1) / 2 layers of 0 for the first,
            and so for all.
        biases: [filters] each.
        scratch: for intermediate results.
    """

    def __init__(self, weights: list[Tensor], biases: list[Tensor], scratch: Scratch) -> None:
        super().__init__()
        self.scratch, self.depth_margin = scratch, weights[0].shape[2] // 2
        self.spectrum = Spectrum(weights[0].shape[-1] // 2)
        self.count = len(weights)
        for i, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
            w = self.spectrum.of_kernels(weight.detach())
            by_real = torch.cat([w.real, w.imag], 1)
            by_imaginary = torch.cat([-w.imag, w.real], 1)
            both = torch.stack([by_real, by_imaginary]).movedim(-1, 1)  # part, tap, n, filter, channel
            self.register_buffer(f"weight_{i}", both.to(weight.dtype).contiguous())
            self.register_buffer(f"bias_{i}", bias.detach()[:, None, None, None].clone())

    def forward(self, tiles: Tensor) -> list[Tensor]:
        """[16,16,channels,d,h,w] to [16,16,filters,d+1-taps,h,w] for each weight, d with its padding."""
        height, width = tiles.shape[-2:]
        depth = tiles.shape[3] + 2 * self.depth_margin
        weights = [self.get_buffer(f"weight_{i}") for i in range(self.count)]
        filters = [weight.shape[3] // 2 for weight in weights]
        out = [
            tiles.new_empty(TILE, TILE, count, depth + 1 - weight.shape[1], height, width)
            for count, weight in zip(filters, weights, strict=True)
        ]
        for start in range(0, height, _ROWS):
            rows = slice(start, min(start + _ROWS, height))
            points = self._transformed(tiles, rows)
            for i, weight in enumerate(weights):
                strip = out[i][..., rows, :]
                strip[:] = self._filtered(weight, points).view(strip.shape)
        for i in range(self.count):
            out[i] += self.get_buffer(f"bias_{i}")
        return out

    def _transformed(self, tiles: Tensor, rows: slice) -> Tensor:
        """Spectra of some rows of tiles: [2,n*(n//2+1),channels,depth,rows,w]."""
        _, _, channels, depth, _, width = tiles.shape
        n, columns, spectrum = self.spectrum.size, self.spectrum.columns, self.spectrum
        shape = channels, depth + 2 * self.depth_margin, rows.stop - rows.start, width
        signal = self.scratch.empty("signal", n, n, *shape)
        halo(tiles, rows.start, signal)
        half = self.scratch.empty("half", n, 2 * columns, *shape)
        torch.matmul(spectrum.along, signal.flatten(2), out=half.flatten(2))
        points = self.scratch.empty("points", 2, n * columns, *shape)
        torch.mm(spectrum.down, half.view(2 * n, -1), out=points.view(2 * n, -1))
        return points

    def _filtered(self, weight: Tensor, points: Tensor) -> Tensor:
        """[256,filters*d*rows*w] of spectra."""
        _, taps, count, filters, _ = weight.shape
        _, _, _, depth, rows, width = points.shape
        products = self.scratch.empty("products", count, filters, (depth + 1 - taps) * rows * width)
        filter_points(weight[0], points[0], products)
        filter_points(weight[1], points[1], products, add=True)
        return self.spectrum.back @ products.view(2 * count, -1)


def _matrix(values: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).float()
