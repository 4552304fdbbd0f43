"""Spectral normalisation as checkpoints keep it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_POWER_ITERATIONS = 15
"""Of a new weight: enough for a random matrix."""


class SpectralConv2d(nn.Module):
    """A "same" convolution of stride 1 whose weight is divided by its largest singular value, for inference.

    The singular value is u.W.v (Miyato et al. 2018, arXiv:1802.05957, equation 19) with the vectors that training left
    behind; W is the weight as a matrix [filters, channels * size * size]. Nothing updates the vectors here.

    Attributes:
        weight_orig: [filters,channels,size,size], the weight before it is divided.
        weight_u, weight_v: its singular vectors, [filters] and [channels * size * size].
    """

    weight_u: Tensor
    weight_v: Tensor

    def __init__(self, channels: int, filters: int, kernel_size: int, bias: bool = True) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(filters)) if bias else None
        self.weight_orig = nn.Parameter(torch.empty(filters, channels, kernel_size, kernel_size))
        nn.init.kaiming_uniform_(self.weight_orig)
        matrix, u = self.weight_orig.detach().flatten(1), torch.randn(filters)
        v = matrix.new_empty(matrix.shape[1])
        for _ in range(0 if matrix.is_meta else _POWER_ITERATIONS):  # a meta weight has shapes alone
            v = functional.normalize(matrix.T @ u, dim=0)
            u = functional.normalize(matrix @ v, dim=0)
        self.register_buffer("weight_u", u)
        self.register_buffer("weight_v", v)

    @property
    def weight(self) -> Tensor:
        """The weight after normalisation."""
        norm = torch.dot(self.weight_u, torch.mv(self.weight_orig.flatten(1), self.weight_v))
        return self.weight_orig / norm

    def forward(self, x: Tensor) -> Tensor:
        return functional.conv2d(x, self.weight, self.bias, padding="same")
