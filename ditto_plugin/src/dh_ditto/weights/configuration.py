"""The configuration that comes with weights: published as pickles, kept here as YAML, validated in either form."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import pydantic
import yaml
from pydantic import BaseModel, ConfigDict, Field

import dh
from dh_ditto.weights.unpickle import read_pickle

CONFIG_NAME = "config.yaml"
"""Marks a folder of weights in this project's own layout."""

ModelT = TypeVar("ModelT", bound=BaseModel)
Numbers = list[float] | list[list[float]]


class _Section(BaseModel):
    """Keys beyond the known ones are kept: published configurations may carry more than is read here."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())


class ModelReference(_Section):
    """Where the published code looks for one network; kept as a name, never opened."""

    model_path: str
    device: str = "cuda"
    force_ori_type: bool = False


class LandmarkReference(_Section):
    """The three files of the 478-point face mesh."""

    blaze_face_model_path: str
    face_mesh_model_path: str
    task_path: str = ""
    device: str = "cuda"
    force_ori_type: bool = False


class BaseConfiguration(_Section):
    """Every network but the diffusion model."""

    insightface_det_cfg: ModelReference | None = None
    landmark106_cfg: ModelReference | None = None
    landmark203_cfg: ModelReference | None = None
    landmark478_cfg: LandmarkReference | None = None
    appearance_extractor_cfg: ModelReference | None = None
    motion_extractor_cfg: ModelReference | None = None
    stitch_network_cfg: ModelReference | None = None
    warp_network_cfg: ModelReference | None = None
    decoder_cfg: ModelReference | None = None
    hubert_cfg: ModelReference | None = None
    wavlm_cfg: ModelReference | None = None


class Audio2MotionConfiguration(_Section):
    """The diffusion model and the columns of its condition; the defaults are the published model's."""

    model_path: str = ""
    device: str = "cuda"
    motion_feat_dim: int = Field(default=265, ge=1)
    audio_feat_dim: int = Field(default=1103, ge=1)
    seq_frames: int = Field(default=80, ge=2)
    w2f_type: Literal["hubert", "wavlm"] = "hubert"
    use_emo: bool = True
    use_sc: bool = True
    use_eye_open: bool = True
    use_eye_ball: bool = True


class SetupDefaults(_Section):
    """Options that the weights' authors chose for their model; None or absent leaves this project's default."""

    max_size: int | None = None
    template_n_frames: int | None = None
    crop_scale: float | None = None
    crop_vx_ratio: float | None = None
    crop_vy_ratio: float | None = None
    crop_flag_do_rot: bool | None = None
    smo_k_s: int | None = None
    emo: int | list[int] | list[list[int]] | Numbers | None = None
    eye_f0_mode: bool | None = None
    overlap_v2: int | None = None
    fix_kp_cond: int | None = None
    fix_kp_cond_dim: list[int] | None = None
    sampling_timesteps: int | None = None
    online_mode: bool | None = None
    v_min_max_for_clip: Numbers | None = None
    smo_k_d: int | None = None
    N_d: int | None = None
    use_d_keys: list[str] | dict[str, float] | None = None
    relative_d: bool | None = None
    drive_eye: bool | None = None
    delta_eye_arr: Numbers | None = None
    delta_eye_open_n: int | list[int] | None = None
    fade_type: str | None = None
    fade_out_keys: list[str] | None = None
    flag_stitching: bool | None = None


class Configuration(BaseModel):
    """One published configuration."""

    base_cfg: BaseConfiguration = BaseConfiguration()
    audio2motion_cfg: Audio2MotionConfiguration = Audio2MotionConfiguration()
    default_kwargs: SetupDefaults = SetupDefaults()


class WeightsFile(BaseModel):
    """What ``config.yaml`` says of the folder around it.

    Args:
        format: says that the folder has this project's layout.
        version: of the layout.
        untrained: seed of weights that were never trained, None for real ones.
        precision: of the networks' arithmetic in exported files, None for weights as such.
        configurations: by the stem of the published file.
    """

    model_config = ConfigDict(extra="forbid")

    format: Literal["dh-ditto-weights"] = "dh-ditto-weights"
    version: Literal[1] = 1
    untrained: int | None = None
    precision: Literal["fp32", "fp16"] | None = None
    configurations: dict[str, Configuration] = {}


def read_published(path: Path) -> Configuration:
    """A published configuration pickle, without running it.

    Raises:
        CheckpointMissing, InputError: the file is not there, damaged, holds more than data, or is no configuration.
    """
    return _validated(Configuration, _listed(read_pickle(path)), path)


def read_weights_file(folder: Path) -> WeightsFile:
    """The ``config.yaml`` of a folder.

    Raises:
        CheckpointMissing: there is none.
        InputError: it is no YAML, or not what such a file holds.
    """
    path = folder / CONFIG_NAME
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise dh.CheckpointMissing(f"{path}: no such file; convert or pull the weights again") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise dh.InputError(
            f"{path}: not readable as YAML ({dh.one_line(error, 160)}); convert the weights again"
        ) from error
    return _validated(WeightsFile, data, path)


def write_weights_file(folder: Path, contents: WeightsFile) -> None:
    """Writes ``config.yaml``; what a published configuration does not say stays unsaid."""
    data = contents.model_dump(mode="json", exclude_none=True)
    data["configurations"] = {
        name: configuration.model_dump(mode="json", exclude_unset=True)
        for name, configuration in contents.configurations.items()
    }
    (folder / CONFIG_NAME).write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")


def select(configurations: Mapping[str, Configuration], online: bool) -> Configuration:
    """The configuration for streaming or for whole clips; the published model's defaults if the weights bring none."""
    names = sorted(configurations, key=lambda name: (name.endswith("_online") != online, "pytorch" not in name, name))
    return configurations[names[0]] if names else Configuration()


def _validated(model: type[ModelT], data: Any, path: Path) -> ModelT:
    try:
        return model.model_validate(data)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise dh.InputError(f"{path}: {where}: {first['msg'].lower()}; give the published configuration") from error


def _listed(value: Any) -> Any:
    """Arrays as lists, which YAML can hold; float32 numbers keep their exact value."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_listed(item) for item in value]
    return value
