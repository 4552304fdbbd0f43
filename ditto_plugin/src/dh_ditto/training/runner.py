"""Runs a training from its options to a folder of weights, and goes on with one that was cut."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import signal
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning
import safetensors.torch
import torch
import yaml
from lightning_fabric.utilities.exceptions import MisconfigurationException
from lightning_fabric.utilities.rank_zero import rank_zero_only

import dh
from dh_ditto.settings import read_settings
from dh_ditto.training.checkpoint import load_start, load_state
from dh_ditto.training.data_module import TrainingData
from dh_ditto.training.dataset import MotionDataset, open_dataset
from dh_ditto.training.journal import Journal
from dh_ditto.training.loss_options import build_loss
from dh_ditto.training.means import TOTAL
from dh_ditto.training.module import MotionTraining, build_network
from dh_ditto.training.options import TrainingOptions
from dh_ditto.training.result import (
    MODEL_NAME,
    WEIGHTS_NAME,
    ConditionGroup,
    NetworkSize,
    Provenance,
    TrainedModel,
)
from dh_ditto.training.validation import Validation

WEIGHTS_FOLDER = "weights"
OPTIONS_NAME = "opt.yaml"

_PRECISIONS = {"fp32": "32-true", "bf16": "bf16-mixed", "fp16": "16-mixed"}
_FREE = {
    "data", "data_list_json", "validation_list_json", "mtn_mean_var_npy", "part_w_dict_json", "dim_ws_npy",
    "checkpoint", "data_preload", "data_preload_pkl", "data_cache", "reprepare_idx_map", "num_workers", "use_cond_end",
    "accelerator", "strategy", "use_accelerate", "max_minutes", "experiment_dir", "experiment_name",
    "state_minutes", "save_ckpt_freq", "log_steps", "validation_steps", "validation_windows", "sampling_steps",
}  # fmt: skip
"""Options that a training may go on with after they changed; of the data, the list's contents must stay."""

_LENGTH = {"epochs", "steps"}

_PLACES = {
    "data", "data_list_json", "validation_list_json", "mtn_mean_var_npy", "data_preload_pkl", "checkpoint",
    "experiment_dir", "experiment_name",
}  # fmt: skip
"""Options that say where things lie on this machine; the list's digest names the data."""


def train(config: Path | None, output: Path, options: Mapping[str, Any], listener: dh.Listener) -> Path:
    """Trains a motion decoder. Killed at any moment and called again, it ends with the same weights (on a CPU).

    Args:
        config: YAML file of ``TrainingOptions``.
        output: folder for ``opt.yaml``, ``loss.log``, ``metrics.csv``, ``plots``, ``ckpts``, ``state.pt`` and
            ``weights``.
        options: values by option that win over the file's.
        listener: told of progress.

    Returns:
        ``output/weights``: ``motion_decoder.safetensors`` and ``model.yaml`` (see ``result.TrainedModel``).

    Raises:
        dh.InputError, dh.OptionError: the data, an option or the output folder cannot be used.
        dh.DeviceMissing: the accelerator is not here.
        dh.MethodError: the loss left the finite numbers.
    """
    chosen = read_settings(TrainingOptions, config, options).located()
    with _quiet():
        weights = _Run(chosen, output, listener).result()
    if rank_zero_only.rank != 0:
        # A helper process repeats the command of the first for another device. What follows is the first's alone, and
        # an exception would make it stop too.
        os._exit(0)
    return weights


class _Run:
    def __init__(self, options: TrainingOptions, output: Path, listener: dh.Listener) -> None:
        self._options, self._output = options, output
        # Of several processes one speaks.
        self._listener = listener if rank_zero_only.rank == 0 else lambda event: None
        _check_output(output)
        assert options.data_list_json is not None  # as located() leaves it
        self._listener(dh.Progress("prepare"))
        self._dataset, source = open_dataset(options.data_list_json, options)
        self._source = source
        self._loss = build_loss(options)
        self._identity = {
            "options": options.model_dump(mode="json"),
            "data_list": source.digest,
            "normalisation": _digest(self._dataset),
        }
        self._state = load_state(output)
        if self._state is not None:
            _check_same(output, self._state["identity"], self._identity, options)
        elif self._dataset.short_clips:
            self._listener(
                dh.Notice(
                    f"{options.data_list_json}: {self._dataset.short_clips} clips are no longer than "
                    f"seq_frames={options.seq_frames} and are left out"
                )
            )
        output.mkdir(parents=True, exist_ok=True)
        self._trainer = _trainer(options, output)
        self._per_epoch = len(self._dataset) // (options.batch_size * self._trainer.world_size)
        if not self._per_epoch:
            raise dh.InputError(
                f"{options.data_list_json}: {len(self._dataset)} windows do not fill a batch of "
                f"{options.batch_size} on {self._trainer.world_size} device(s); lower batch_size"
            )
        self._total = options.steps or options.epochs * self._per_epoch

    def result(self) -> Path:
        """Trains what is left to train, and writes the weights."""
        options, state = self._options, self._state
        journal = Journal(
            options, self._output, self._per_epoch, self._identity, self._validation(), self._listener,
            [*self._loss.names, TOTAL], state,
        )  # fmt: skip
        weights = self._output / WEIGHTS_FOLDER
        module = self._module()
        done = module.step
        over = options.max_minutes is not None and journal.seconds >= 60 * options.max_minutes
        if done < self._total and not over:
            self._write_options()
            self._fit(module, journal, done)
        elif (weights / MODEL_NAME).is_file():
            self._listener(dh.Notice(f"{weights}: trained already, {done} steps"))
            return weights
        if self._trainer.is_global_zero:
            journal.finish(module)
            self._write_result(weights, module, journal)
        return weights

    def _module(self) -> MotionTraining:
        network = build_network(self._options)
        if self._options.checkpoint is not None and self._state is None:
            load_start(self._options.checkpoint, network)
        module = MotionTraining(self._options, network, self._loss, self._total)
        if self._state is not None:
            module.restore(self._state)
            self._listener(dh.Notice(f"going on at step {module.step} of {self._total}"))
        return module

    def _validation(self) -> Validation | None:
        path, options = self._options.validation_list_json, self._options
        if path is None:
            return None
        dataset, _ = open_dataset(path, options)
        return Validation(dataset, self._loss, options.validation_windows, options.batch_size, options.seed)

    def _fit(self, module: MotionTraining, journal: Journal, done: int) -> None:
        options, trainer = self._options, self._trainer
        data = TrainingData(self._dataset, options.batch_size, options.seed, done, self._total, options.num_workers)
        trainer.callbacks.append(journal)
        interrupt = signal.getsignal(signal.SIGINT)
        try:
            trainer.fit(module, data)
        except SystemExit as error:
            if not trainer.interrupted:
                raise
            signal.signal(signal.SIGINT, interrupt)  # the trainer leaves it ignored
            raise KeyboardInterrupt from error

    def _write_options(self) -> None:
        if self._trainer.is_global_zero:
            with dh.whole_file(self._output / OPTIONS_NAME) as temporary:
                text = yaml.safe_dump(self._options.model_dump(mode="json"), sort_keys=False)
                temporary.write_text(text, encoding="utf-8")

    def _write_result(self, folder: Path, module: MotionTraining, journal: Journal) -> None:
        folder.mkdir(exist_ok=True)
        tensors = {key: value.detach().cpu().contiguous() for key, value in module.result.state_dict().items()}
        with dh.whole_file(folder / WEIGHTS_NAME) as temporary:
            safetensors.torch.save_file(tensors, temporary)
        self._card(module, journal).write(folder)

    def _card(self, module: MotionTraining, journal: Journal) -> TrainedModel:
        options, dataset = self._options, self._dataset
        normalisation = dataset.normalisation
        mean, variance = (None, None) if normalisation is None else (normalisation.mean, normalisation.deviation**2)
        return TrainedModel(
            network=NetworkSize(**{name: getattr(options, name) for name in NetworkSize.model_fields}),
            condition=tuple(
                ConditionGroup.model_validate({"name": name, "size": n}) for name, n in dataset.widths.items()
            ),
            features=options.features,
            motion_space=options.motion_space,
            motion_start=options.motion_feat_start,
            relative=options.motion_feat_offset_dim_se or None,
            last_frame=options.use_last_frame,
            mean=None if mean is None else tuple(mean.tolist()),
            variance=None if variance is None else tuple(variance.tolist()),
            training=Provenance(
                data_list=self._source.digest,
                clips=len(self._source.entries),
                windows=len(dataset),
                seed=options.seed,
                steps=module.step,
                epochs=module.step / self._per_epoch,
                batch=options.batch_size * self._trainer.world_size,
                minutes=round(journal.seconds / 60, 2),
                averaged=module.averaged is not None,
                losses=journal.last_losses,
                validation=journal.held_out,
                options=options.model_dump(mode="json", exclude_defaults=True, exclude=_PLACES),
                versions={"torch": torch.__version__, "pytorch-lightning": pytorch_lightning.__version__},
            ),
        )


def _digest(dataset: MotionDataset) -> str | None:
    if dataset.normalisation is None:
        return None
    return hashlib.sha256(b"".join(part.tobytes() for part in dataset.normalisation)).hexdigest()


def _check_output(output: Path) -> None:
    if output.is_dir() and any(output.iterdir()) and not (output / OPTIONS_NAME).is_file():
        raise dh.InputError(f"{output}: holds something that is no training; name another folder")


def _check_same(output: Path, saved: Mapping[str, Any], now: Mapping[str, Any], options: TrainingOptions) -> None:
    """Refuses to go on with another training than the one that was cut."""
    if saved["data_list"] != now["data_list"]:
        raise dh.InputError(
            f"{output}: was trained on other clips than {options.data_list_json}; name another folder for this training"
        )
    if saved["normalisation"] != now["normalisation"]:
        raise dh.InputError(
            f"{output}: was trained with another mean and variance than {options.mtn_mean_var_npy}; give the same, or "
            "name another folder for this training"
        )
    free = _FREE | (_LENGTH if options.lr_schedule == "constant" else set())
    for name, value in now["options"].items():
        if name not in free and saved["options"].get(name) != value:
            raise dh.InputError(
                f"{output}: was trained with {name}={saved['options'].get(name)}, not {value}; "
                "give the same, or name another folder for this training"
            )


def _trainer(options: TrainingOptions, output: Path) -> pytorch_lightning.Trainer:
    precision: Any = _PRECISIONS[options.precision]
    try:
        return pytorch_lightning.Trainer(
            accelerator=options.accelerator,
            devices=options.devices,
            strategy=options.strategy,
            precision=precision,
            gradient_clip_val=options.gradient_clip,
            max_epochs=1,  # the stream of batches runs over all epochs
            default_root_dir=output,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
        )
    except (MisconfigurationException, ValueError, RuntimeError) as error:
        raise dh.DeviceMissing(
            f"accelerator={options.accelerator}, devices={options.devices}, strategy={options.strategy}: "
            f"{dh.one_line(error, 200)}"
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps Lightning from printing what the listener tells, or what does not concern a user."""
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning_fabric")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="pytorch_lightning|lightning")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
