"""What a training gives: the network's weights, and a card that says all that using them takes.

Importable without PyTorch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pydantic
import yaml
from pydantic import BaseModel, ConfigDict, Field

import dh
from dh_ditto.motion import Array
from dh_ditto.training.options import FEATURES, MOTION_SPACES

MODEL_NAME = "model.yaml"
WEIGHTS_NAME = "motion_decoder.safetensors"
FPS = 25
"""Frames a second of all training data."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NetworkSize(_Record):
    """Arguments of ``dh_ditto.networks.denoiser.MotionDecoder``."""

    motion_feat_dim: int
    audio_feat_dim: int
    seq_frames: int
    latent_dim: int
    ff_size: int
    num_layers: int
    num_heads: int


class ConditionGroup(_Record):
    """Neighbouring columns of a condition row."""

    name: Literal["aud", "emo", "eye_open", "eye_ball", "sc", "lmk", "style"]
    size: int


class Provenance(_Record):
    """How the weights came about.

    Args:
        data_list: SHA-256 of the list of clips.
        clips: in it.
        windows: in those.
        seed: of the training.
        steps: made.
        epochs: passes over all windows, the last one perhaps in part.
        batch: windows a step, over all devices.
        minutes: of training.
        averaged: whether the weights are a running average.
        losses: means of the last epoch or what there was of it, by term; ``total_loss`` is their sum.
        validation: the last held-out ones.
        options: of the training that differ from the defaults.
        versions: of the packages that trained.
    """

    data_list: str
    clips: int
    windows: int
    seed: int
    steps: int
    epochs: float
    batch: int
    minutes: float
    averaged: bool
    losses: dict[str, float] = {}
    validation: dict[str, float] = {}
    options: dict[str, object] = {}
    versions: dict[str, str] = {}


class TrainedModel(_Record):
    """A trained motion decoder.

    Args:
        network: its size.
        condition: the groups of a condition row, in their order.
        features: what ``aud`` is.
        motion_space: what the motion is.
        motion_start: its first column in a motion file.
        relative: columns [start, end) that are relative to the frame before the window, or none.
        last_frame: whether it was trained with the frame before a window, or with a random one.
        fps: frames a second of motion and condition.
        mean: of every motion column: motion = output * sqrt(variance) + mean. None: the output is the motion.
        variance: likewise.
        training: how it was made.
    """

    format: Literal["dh-ditto-motion-model"] = "dh-ditto-motion-model"
    version: Literal[1] = 1
    network: NetworkSize
    condition: tuple[ConditionGroup, ...]
    features: FEATURES
    motion_space: MOTION_SPACES
    motion_start: int = 0
    relative: tuple[int, int] | None = None
    last_frame: bool
    fps: int = Field(default=FPS, gt=0)
    mean: tuple[float, ...] | None = None
    variance: tuple[float, ...] | None = None
    training: Provenance

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> TrainedModel:
        for name, values in (("mean", self.mean), ("variance", self.variance)):
            if values is not None and len(values) != self.network.motion_feat_dim:
                raise ValueError(f"{name} has {len(values)} values for a motion of {self.network.motion_feat_dim}")
        total = sum(group.size for group in self.condition)
        if total != self.network.audio_feat_dim:
            raise ValueError(f"the groups have {total} columns, audio_feat_dim is {self.network.audio_feat_dim}")
        return self

    def columns(self, name: str) -> slice:
        """Where a group lies in a condition row.

        Raises:
            KeyError: the model has no such group.
        """
        start = 0
        for group in self.condition:
            if group.name == name:
                return slice(start, start + group.size)
            start += group.size
        raise KeyError(name)

    def normalised(self, motion: Array) -> Array:
        """Motion [..., D] as the network takes it."""
        if self.mean is None or self.variance is None:
            return motion
        mean, variance = np.asarray(self.mean, np.float32), np.asarray(self.variance, np.float32)
        return np.asarray((motion - mean) / np.sqrt(variance), np.float32)

    def motion(self, output: Array) -> Array:
        """The inverse of ``normalised``."""
        if self.mean is None or self.variance is None:
            return output
        mean, variance = np.asarray(self.mean, np.float32), np.asarray(self.variance, np.float32)
        return np.asarray(output * np.sqrt(variance) + mean, np.float32)

    def write(self, folder: Path) -> Path:
        """Writes ``model.yaml`` into a folder, and returns its path."""
        path = folder / MODEL_NAME
        with dh.whole_file(path) as temporary:
            text = yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, default_flow_style=None, width=120)
            temporary.write_text(text, encoding="utf-8")
        return path

    @classmethod
    def read(cls, folder: Path) -> TrainedModel:
        """Reads the ``model.yaml`` of a folder.

        Raises:
            dh.CheckpointMissing: there is none.
            dh.InputError: it is no YAML, or not what such a file holds.
        """
        path = folder / MODEL_NAME
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
            return cls.model_validate(data)
        except FileNotFoundError:
            raise dh.CheckpointMissing(f"{path}: no such file; give a folder that 'dh train ditto' wrote") from None
        except pydantic.ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the whole"
            raise dh.InputError(f"{path}: {where}: {first['msg'].lower()}; train the model again") from error
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise dh.InputError(
                f"{path}: not readable as YAML ({dh.one_line(error, 120)}); train the model again"
            ) from error
