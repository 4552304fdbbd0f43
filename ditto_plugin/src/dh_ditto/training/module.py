"""The published training step for PyTorch Lightning, with what is needed to go on after a kill."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any

import pytorch_lightning
import torch
from torch import Tensor

from dh_ditto.networks.attention import Attention
from dh_ditto.networks.denoiser import MotionDecoder
from dh_ditto.training.adan import Adan
from dh_ditto.training.dataset import Windows
from dh_ditto.training.draws import step_seed
from dh_ditto.training.losses import MotionLoss
from dh_ditto.training.means import TermMeans
from dh_ditto.training.noise import ForwardNoise, draw_times
from dh_ditto.training.options import TrainingOptions
from dh_ditto.training.start import align_attention

_LEAST_RATE = 0.01
"""Share of the learning rate that a cosine schedule ends with."""


def build_network(options: TrainingOptions) -> MotionDecoder:
    """A motion decoder of the options' size, with weights that their seed decides."""
    torch.manual_seed(step_seed(options.seed))
    network = MotionDecoder(
        options.motion_feat_dim, options.audio_feat_dim, options.seq_frames, options.latent_dim, options.ff_size,
        options.num_layers, options.num_heads, options.dropout,
    )  # fmt: skip
    if options.attention_dropout is not None:
        for module in network.modules():
            if isinstance(module, Attention):
                module.dropout = options.attention_dropout
    if options.aligned_start:
        align_attention(network)
    return network


class MotionTraining(pytorch_lightning.LightningModule):
    """Trains a motion decoder to find the clean motion in a noisy one. Everything random in a step follows from the
    options' seed and the step's number, so that a training may be cut at any step.

    Args:
        options: of the training.
        network: to be trained.
        loss: of its predictions.
        total_steps: that the learning rate is planned for.
    """

    def __init__(self, options: TrainingOptions, network: MotionDecoder, loss: MotionLoss, total_steps: int) -> None:
        super().__init__()
        self.options, self.network, self.loss = options, network, loss
        self.noise = ForwardNoise()
        self.averaged: MotionDecoder | None = None
        if options.ema_decay is not None:
            self.averaged = copy.deepcopy(network).requires_grad_(False)
        self.total_steps, self.step = total_steps, 0
        self.epoch_means, self.recent_means = TermMeans(loss.names), TermMeans(loss.names)
        self.gradient_norm: Tensor | None = None
        self._saved: Mapping[str, Any] | None = None

    @property
    def result(self) -> MotionDecoder:
        """The network that the training gives: the average, where there is one."""
        return self.network if self.averaged is None else self.averaged

    def training_step(self, batch: Windows, _: int) -> Tensor:
        """The loss of one batch."""
        torch.manual_seed(step_seed(self.options.seed, self.step, self.global_rank))
        size, device = len(batch.motion), batch.motion.device
        times = draw_times(size, device, self.options.time_density)
        noise = torch.randn_like(batch.motion)
        keep = torch.rand(size, device=device) < 1 - self.options.condition_dropout
        noisy = self.noise(batch.motion, times, noise)
        predicted = self.network(noisy, self._told(batch.cond_frame), batch.cond, times, keep)
        total, terms = self.loss(predicted.float(), batch.motion, batch.cond_frame)
        for means in (self.epoch_means, self.recent_means):
            means.add(terms, total)
        return total

    def _told(self, frames: Tensor) -> Tensor:
        """The frames before the windows as the network is told them: of some windows, their neighbour's."""
        if not self.options.foreign_frame:
            return frames
        foreign = torch.rand(len(frames), device=frames.device) < self.options.foreign_frame
        return torch.where(foreign.view(-1, *[1] * (frames.ndim - 1)), frames.roll(1, 0), frames)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """The options' optimiser, as it was when the training was cut."""
        options, parameters = self.options, list(self.network.parameters())
        optimizer: torch.optim.Optimizer
        if options.optimizer == "adan":
            optimizer = Adan(parameters, options.lr, weight_decay=options.weight_decay)
        else:
            optimizer = torch.optim.AdamW(parameters, options.lr, weight_decay=options.weight_decay, fused=True)
        if self._saved is not None:
            optimizer.load_state_dict(self._saved["optimizer"])
        return optimizer

    def on_train_batch_start(self, batch: Windows, _: int) -> None:
        """Sets this step's learning rate."""
        for group in self._optimizer.param_groups:
            group["lr"] = self.learning_rate(self.step)

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Measures the gradient where it will be written down."""
        if (self.step + 1) % self.options.log_steps == 0:
            gradients = [weight.grad for weight in self.network.parameters() if weight.grad is not None]
            self.gradient_norm = torch.nn.utils.get_total_norm(gradients)

    def optimizer_step(self, *arguments: Any, **named: Any) -> None:
        """Makes and counts the step, and takes its weights into the average."""
        super().optimizer_step(*arguments, **named)
        self.step += 1
        if self.averaged is not None and self.options.ema_decay is not None:
            # A young average forgets faster: else it would keep the untrained weights for long.
            decay = min(self.options.ema_decay, (1 + self.step) / (10 + self.step))
            with torch.no_grad():
                torch._foreach_lerp_(list(self.averaged.parameters()), list(self.network.parameters()), 1 - decay)

    def learning_rate(self, step: int) -> float:
        """Of a step, from 0."""
        options = self.options
        if step < options.warmup_steps:
            return options.lr * (step + 1) / options.warmup_steps
        if options.lr_schedule == "constant":
            return options.lr
        share = (step - options.warmup_steps) / max(1, self.total_steps - options.warmup_steps)
        return options.lr * (_LEAST_RATE + (1 - _LEAST_RATE) * (1 + math.cos(math.pi * min(share, 1))) / 2)

    def state(self) -> dict[str, Any]:
        """All that decides how the training goes on; tensors and plain values."""
        return {
            "step": self.step,
            "network": self.network.state_dict(),
            "averaged": None if self.averaged is None else self.averaged.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "precision": self.trainer.precision_plugin.state_dict(),
            "epoch_means": self.epoch_means.state(),
            "recent_means": self.recent_means.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on from ``state``, once it is fitted."""
        self.step = state["step"]
        self.network.load_state_dict(state["network"])
        if self.averaged is not None:
            self.averaged.load_state_dict(state["averaged"])
        self._saved = state

    def on_fit_start(self) -> None:
        """Restores what needs the device or the trainer."""
        if self._saved is not None:
            self.epoch_means.restore(self._saved["epoch_means"], self.device)
            self.recent_means.restore(self._saved["recent_means"], self.device)
            self.trainer.precision_plugin.load_state_dict(self._saved["precision"])

    @property
    def _optimizer(self) -> torch.optim.Optimizer:
        optimizer: torch.optim.Optimizer = self.trainer.optimizers[0]
        return optimizer
