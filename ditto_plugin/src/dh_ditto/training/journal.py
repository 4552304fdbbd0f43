"""Writes down a running training: logs, checkpoints, plots, and the state that a killed one goes on from."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning

import dh
from dh_ditto.training.checkpoint import save_checkpoint, save_state
from dh_ditto.training.dataset import Windows
from dh_ditto.training.log import LossLog, Metrics
from dh_ditto.training.means import TOTAL
from dh_ditto.training.module import MotionTraining
from dh_ditto.training.options import TrainingOptions
from dh_ditto.training.plots import FOLDER, plot_losses, plot_sample
from dh_ditto.training.result import FPS
from dh_ditto.training.validation import Validation

_SECONDS_BETWEEN_PLOTS = 60.0


class Journal(pytorch_lightning.Callback):
    """Follows the steps of a training. Only the first of several processes writes.

    Args:
        options: of the training.
        output: its folder.
        per_epoch: steps of an epoch.
        identity: what tells this training from others, kept in its state.
        validation: on held-out clips, None: there are none.
        listener: told of every step.
        losses: names of the losses.
        state: of a training that was cut, None for a new one.
    """

    def __init__(
        self,
        options: TrainingOptions,
        output: Path,
        per_epoch: int,
        identity: Mapping[str, Any],
        validation: Validation | None,
        listener: dh.Listener,
        losses: list[str],
        state: Mapping[str, Any] | None,
    ) -> None:
        self._options, self._output, self._per_epoch = options, output, per_epoch
        self._identity, self._validation, self._listener = identity, validation, listener
        self._log, self._metrics = LossLog(output), Metrics(output, losses)
        self.held_out: dict[str, float] = dict(state["held_out"]) if state else {}
        self.last_losses: dict[str, float] = dict(state["losses"]) if state else {}
        self._seconds_before: float = state["seconds"] if state else 0.0
        self._step_before: int = state["step"] if state else 0
        self._began: float | None = None
        self._saved = self._drawn = 0.0

    @property
    def seconds(self) -> float:
        """Of training, earlier parts of it included."""
        return self._seconds_before + (0.0 if self._began is None else time.monotonic() - self._began)

    def on_fit_start(self, trainer: pytorch_lightning.Trainer, module: MotionTraining) -> None:
        """Takes back what a killed process wrote after its last state."""
        self._began = self._saved = self._drawn = time.monotonic()
        if trainer.is_global_zero:
            self._log.resume(self._step_before // self._per_epoch)
            self._metrics.resume(self._step_before)

    def on_train_batch_end(
        self, trainer: pytorch_lightning.Trainer, module: MotionTraining, outputs: Any, batch: Windows, _: int
    ) -> None:
        """Writes what this step makes due, and ends the training where its time is over."""
        limit = self._options.max_minutes
        if limit is not None:
            over = self.seconds >= 60 * limit
            trainer.should_stop = trainer.strategy.reduce_boolean_decision(over, all=False)
        if not trainer.is_global_zero:
            return
        step, (epoch, position) = module.step, divmod(module.step, self._per_epoch)
        if step % self._options.log_steps == 0:
            self._write_metrics(module)
        if position == 0:
            self._end_epoch(module, epoch)
        if step % (self._options.validation_steps or self._per_epoch) == 0:
            self._validate(module)
            if time.monotonic() - self._drawn >= _SECONDS_BETWEEN_PLOTS:
                self._draw(module)
        if time.monotonic() - self._saved >= 60 * self._options.state_minutes:
            self.save(module)
        self._listener(dh.Progress("train", step, module.total_steps, self.seconds))

    def on_train_end(self, trainer: pytorch_lightning.Trainer, module: MotionTraining) -> None:
        """Saves the last state."""
        if trainer.is_global_zero:
            self.save(module)

    def save(self, module: MotionTraining) -> None:
        """Writes the state to go on from."""
        more = {
            "identity": dict(self._identity),
            "seconds": self.seconds,
            "held_out": self.held_out,
            "losses": self.last_losses,
        }
        save_state(self._output, {**module.state(), **more})
        self._saved = time.monotonic()

    def finish(self, module: MotionTraining) -> None:
        """Completes what is known of a training that is over."""
        self.last_losses = module.epoch_means.means() or self.last_losses
        if module.step % (self._options.validation_steps or self._per_epoch):
            self._validate(module)
        self._draw(module)

    def _validate(self, module: MotionTraining) -> None:
        if self._validation is None:
            return
        self.held_out = self._validation.losses(module.result, module.noise)
        module.network.train()
        epoch = module.step / self._per_epoch
        self._metrics.write({"step": module.step, "epoch": f"{epoch:.3f}", "split": "validation", **self.held_out})

    def _draw(self, module: MotionTraining) -> None:
        folder = self._output / FOLDER
        plot_losses(self._metrics.path, folder / "losses.png")
        if self._validation is not None:
            window = self._validation.sample(module.result, self._options.sampling_steps)
            module.network.train()
            plot_sample(window, FPS, folder / "sample.png")
        self._drawn = time.monotonic()

    def _write_metrics(self, module: MotionTraining) -> None:
        losses = module.recent_means.means()
        module.recent_means.clear()
        if not math.isfinite(losses[TOTAL]):
            raise dh.MethodError(
                f"training: the loss is no longer finite at step {module.step}; remove {self._output}, and lower lr or "
                "set gradient_clip"
            )
        row: dict[str, float | str | None] = {
            "step": module.step,
            "epoch": f"{module.step / self._per_epoch:.3f}",
            "split": "train",
            "lr": module.learning_rate(module.step - 1),
            "gradient_norm": None if module.gradient_norm is None else float(module.gradient_norm),
            "seconds": f"{self.seconds:.1f}",
        }
        self._metrics.write({**row, **losses})

    def _end_epoch(self, module: MotionTraining, epoch: int) -> None:
        self.last_losses = module.epoch_means.means()
        module.epoch_means.clear()
        self._log.write(epoch, module.step, self.last_losses)
        save_checkpoint(self._output, epoch, module.result, self._options.save_ckpt_freq)
