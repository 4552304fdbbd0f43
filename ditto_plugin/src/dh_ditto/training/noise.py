"""Forward noising of motion (Nichol and Dhariwal 2021, arXiv:2102.09672, equation 9) on the model's cosine schedule."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from dh_ditto.diffusion import TRAINING_STEPS, alphas_cumprod


class ForwardNoise(nn.Module):
    """Adds noise to clean motion. Its tables are float32, as the published ones from the cumulative product on, which
    shows where hardly any noise is left; they are not part of a state dict.
    """

    signal: Tensor
    noise: Tensor
    inverse_signal: Tensor
    inverse_noise: Tensor

    def __init__(self) -> None:
        super().__init__()
        level = (1 - betas()).cumprod(0)
        tables = {
            "signal": level.sqrt(),
            "noise": (1 - level).sqrt(),
            "inverse_signal": (1 / level).sqrt(),
            "inverse_noise": (1 / level - 1).sqrt(),
        }
        for name, table in tables.items():
            self.register_buffer(name, table, persistent=False)

    def forward(self, clean: Tensor, times: Tensor, noise: Tensor) -> Tensor:
        """Noisy motion at diffusion times.

        Args:
            clean: [batch, n, motion].
            times: [batch] integers, 0 to 999.
            noise: standard normal numbers, shaped as ``clean``.
        """
        return _rows(self.signal, times) * clean + _rows(self.noise, times) * noise

    def inverse(self, noisy: Tensor, times: Tensor, clean: Tensor) -> Tensor:
        """The noise in ``noisy`` if ``clean`` is the motion in it; arguments as for ``forward``."""
        return (_rows(self.inverse_signal, times) * noisy - clean) / _rows(self.inverse_noise, times)


def betas() -> Tensor:
    """[1000] float32: the share of noise that each diffusion time adds."""
    level = alphas_cumprod()
    return torch.from_numpy(1 - level / np.append(1.0, level[:-1])).float()


def draw_times(batch: int, device: torch.device | str = "cpu", density: float = 0.0) -> Tensor:
    """Diffusion times, 0 to 999, from PyTorch's global generator.

    Args:
        batch: how many.
        device: of the result.
        density: power of the time that its probability grows with; 0 is uniform, as published.

    Returns:
        [batch] integers.
    """
    if not density:
        return torch.randint(0, TRAINING_STEPS, (batch,), device=device)
    shares = torch.rand(batch, device=device) ** (1 / (1 + density))
    return (shares * TRAINING_STEPS).long().clamp(max=TRAINING_STEPS - 1)


def _rows(table: Tensor, times: Tensor) -> Tensor:
    return table[times][:, None, None]
