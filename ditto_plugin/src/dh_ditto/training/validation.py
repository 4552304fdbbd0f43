"""How well a network does on held-out clips: its losses, and motion sampled as at run time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from dh_ditto.diffusion import TRAINING_STEPS, Sampler
from dh_ditto.motion import Array
from dh_ditto.networks.denoiser import MotionDecoder, TwoPassDenoiser
from dh_ditto.training.dataset import MotionDataset, Windows
from dh_ditto.training.draws import Integers
from dh_ditto.training.losses import MotionLoss
from dh_ditto.training.means import TermMeans
from dh_ditto.training.noise import ForwardNoise


class SampledWindow(NamedTuple):
    """Motion [n, D] of one held-out window in the units of its file: the true one, and a sampled one."""

    truth: Array
    sampled: Array


class Validation:
    """Measures networks on always the same windows, noise and diffusion times.

    Args:
        dataset: the held-out windows.
        loss: of predictions.
        windows: to take, evenly spaced; fewer where there are fewer.
        batch: windows at a time.
        seed: of the noise.
    """

    def __init__(self, dataset: MotionDataset, loss: MotionLoss, windows: int, batch: int, seed: int) -> None:
        self._dataset, self._loss, self._batch, self._seed = dataset, loss, batch, seed
        self._indices: Integers = np.linspace(0, len(dataset) - 1, min(windows, len(dataset))).astype(np.int64)

    @torch.no_grad()
    def losses(self, network: MotionDecoder, noise: ForwardNoise) -> dict[str, float]:
        """Means of all terms, of which every window with its condition and one diffusion time makes part."""
        network.eval()
        device = network.null_cond_hidden.device
        generator = torch.Generator().manual_seed(self._seed)
        # A stride without a common divisor spreads all times over neighbouring windows.
        times = torch.arange(len(self._indices)) * 389 % TRAINING_STEPS
        means = TermMeans(self._loss.names)
        for start in range(0, len(self._indices), self._batch):
            chosen = slice(start, start + self._batch)
            batch = self._windows(self._indices[chosen], device)
            fresh = torch.randn(batch.motion.shape, generator=generator).to(device)
            at = times[chosen].to(device)
            predicted = network(noise(batch.motion, at, fresh), batch.cond_frame, batch.cond, at)
            total, terms = self._loss(predicted, batch.motion, batch.cond_frame)
            means.add(terms, total, len(batch.motion))
        return means.means()

    def sample(self, network: MotionDecoder, steps: int, guidance: float = 2.0) -> SampledWindow:
        """Samples the middle one of the windows."""
        batch = self._dataset.windows(self._indices[[len(self._indices) // 2]])
        generator = np.random.default_rng(self._seed)
        start, *noise = (generator.standard_normal(batch.motion.shape, np.float32) for _ in range(steps))
        sampler = Sampler(TwoPassDenoiser(network.eval(), guidance), noise=noise, starts=[start])
        sampled = sampler(batch.cond_frame, batch.cond, steps)
        truth, sampled = batch.motion[0], sampled[0]
        if self._dataset.normalisation is not None:
            truth, sampled = (self._dataset.normalisation.undone(motion) for motion in (truth, sampled))
        return SampledWindow(truth, sampled)

    def _windows(self, indices: Integers, device: torch.device) -> Windows:
        batch = self._dataset.windows(indices)
        return Windows(*(torch.from_numpy(np.ascontiguousarray(part)).to(device) for part in batch))
