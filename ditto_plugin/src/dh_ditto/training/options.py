"""Options of a training: every published one under its published name, and this project's own."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

import dh

FEATURES = Literal["hubert", "mel"]
MOTION_SPACES = Literal["liveportrait", "arkit"]

LISTS = {
    "data_list_json": "train.json",
    "validation_list_json": "validation.json",
    "mtn_mean_var_npy": "mean_var.npy",
}
"""Of a prepared folder, the file that each option means where it is not given."""

_REQUIRED = "data_list_json"


class TrainingOptions(BaseModel):
    """What ``dh train ditto`` takes: a YAML file of these, and ``--set key=value`` on top.

    Paths are relative to the working directory.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path | None = Field(
        default=None,
        description="folder that 'dh prepare ditto' wrote; its train.json, validation.json and mean_var.npy are taken "
        "where data_list_json, validation_list_json and mtn_mean_var_npy are not given",
    )
    data_list_json: Path | None = Field(default=None, description="list of clips to train on")
    validation_list_json: Path | None = Field(default=None, description="list of clips that are held out")
    data_preload: bool = Field(default=False, description="keep all clips in memory")
    data_preload_pkl: Path | None = Field(
        default=None,
        description="file that keeps preloaded clips: read if it is there and made of these clips, else written; "
        "safetensors, whatever its name: a pickle is a program and is not read",
    )
    reprepare_idx_map: bool = Field(
        default=False, description="published; the windows are counted anew in every run here, so it changes nothing"
    )
    data_cache: bool = Field(default=False, description="without data_preload: keep clips after their first use")
    mtn_mean_var_npy: Path | None = Field(
        default=None, description="mean and variance of the motion, two rows; none: as it is"
    )
    motion_feat_dim: int = Field(default=265, ge=1, description="columns of the motion that are predicted")
    motion_feat_start: int = Field(default=0, ge=0, description="the first of them in the file")
    motion_feat_offset_dim_se: tuple[()] | tuple[int, int] = Field(
        default=(), description="columns [start, end) of the target that are relative to the frame before"
    )
    use_emo: bool = Field(default=False, description="condition on emotion, averaged over a window")
    use_eye_open: bool = Field(default=False, description="condition on the eyes' opening")
    use_eye_ball: bool = Field(default=False, description="condition on the eyeballs")
    use_sc: bool = Field(
        default=False, description="condition on the canonical keypoints of a random frame of the clip"
    )
    use_lmk: bool = Field(default=False, description="condition on the face landmarks of a random frame of the clip")
    use_style: bool = Field(default=False, description="condition on the style of speaking")
    use_last_frame: bool = Field(
        default=False, description="start from the frame before a window, not from a random one of the clip"
    )
    use_cond_end: bool = Field(
        default=False, description="items also have the frame after a window; training does not use it"
    )
    dataset_version: Literal["v2"] = Field(default="v2", description="published; there is one version")
    audio_feat_dim: int = Field(default=1103, ge=1, description="columns of a condition row, speech features included")
    seq_frames: int = Field(default=80, ge=3, description="frames of a window")
    features: FEATURES = Field(
        default="hubert", description="what the speech features of the clips are, for the result's card"
    )
    motion_space: MOTION_SPACES = Field(default="liveportrait", description="what the motion of the clips is")

    latent_dim: int = Field(default=512, ge=2, description="width of the network's tokens")
    ff_size: int = Field(default=1024, ge=1, description="width of its feed-forward networks")
    num_layers: int = Field(default=8, ge=1, description="its decoder layers")
    num_heads: int = Field(default=8, ge=1, description="heads of every attention")
    dropout: float = Field(default=0.1, ge=0, lt=1, description="share of activations that are dropped")
    attention_dropout: float | None = Field(
        default=None,
        ge=0,
        lt=1,
        description="share of attention weights that are dropped; none: as dropout; 0 is far faster",
    )
    aligned_start: bool = Field(
        default=False,
        description="attention to the condition starts at the same frame; published: anywhere. For short trainings",
    )
    time_density: float = Field(
        default=0.0,
        ge=0,
        le=4,
        description="power of the diffusion time that its probability grows with; 0: uniform, as published",
    )
    foreign_frame: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="share of windows that are told another window's frame before them, so that emotion and style must "
        "come from the condition; published: none",
    )
    condition_dropout: float = Field(
        default=0.2, ge=0, lt=1, description="share of windows trained without their condition"
    )

    epochs: int = Field(default=1000, ge=1, description="times that every window is seen")
    steps: int | None = Field(default=None, ge=1, description="steps in all, in place of epochs")
    max_minutes: float | None = Field(
        default=None, gt=0, description="end after so many minutes of training, as if all steps were done"
    )
    batch_size: int = Field(default=512, ge=1, description="windows a step, for each device")
    num_workers: int = Field(default=0, ge=0, description="processes that read windows; with data_preload 0 is best")
    seed: int = Field(default=0, ge=0, description="decides on everything random; published: none")
    checkpoint: Path | None = Field(
        default=None,
        description="weights to start from: a published .pt, or the motion_decoder.safetensors of a training",
    )

    optimizer: Literal["adan", "adamw"] = Field(default="adan", description="adan is the published one")
    lr: float = Field(default=1e-4, gt=0, description="learning rate")
    weight_decay: float = Field(default=0.02, ge=0, description="of all weights, decoupled")
    lr_schedule: Literal["constant", "cosine"] = Field(
        default="constant", description="cosine: down to a hundredth of lr at the last step"
    )
    warmup_steps: int = Field(default=0, ge=0, description="steps over which the learning rate rises from 0")
    gradient_clip: float | None = Field(default=None, gt=0, description="largest norm of the gradient; none: no limit")
    ema_decay: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="running average of the weights, which is then the result; none: no average",
    )
    part_w_dict_json: Path | dict[str, tuple[int, int, float]] | None = Field(
        default=None,
        description="parts of the motion with loss weights, {name: [start, end, weight]}, inline or as a JSON file; "
        "none: the motion space's own, weight 1",
    )
    dim_ws_npy: Path | None = Field(
        default=None, description="loss weights of the motion's columns, on top of the parts'"
    )
    use_last_frame_loss: bool = Field(
        default=False, description="add the first predicted frame's distance to the frame before"
    )
    use_reg_loss: bool = Field(default=False, description="add a little of the prediction's magnitude")

    accelerator: str = Field(default="auto", description="cpu, cuda, mps or auto")
    devices: int | str = Field(default=1, description="how many of them, or auto for all")
    strategy: str = Field(default="auto", description="Lightning's strategy for several devices, such as ddp")
    precision: Literal["fp32", "bf16", "fp16"] = Field(default="fp32", description="of the network's arithmetic")
    use_accelerate: bool = Field(
        default=True, description="published; accelerator, devices and strategy take its place"
    )

    save_ckpt_freq: int = Field(default=50, ge=1, description="epochs between checkpoints that are kept for good")
    state_minutes: float = Field(default=2.0, ge=0, description="longest training that a kill can lose")
    log_steps: int = Field(default=50, ge=1, description="steps between rows of metrics.csv")
    validation_steps: int | None = Field(
        default=None, ge=1, description="steps between validations; none: once an epoch"
    )
    validation_windows: int = Field(default=256, ge=1, description="held-out windows that a validation takes")
    sampling_steps: int = Field(
        default=25, ge=2, le=1000, description="denoising steps of the sampled motion in the plots"
    )

    experiment_dir: str = Field(default="", description="published; 'dh train --output' names the folder")
    experiment_name: str = Field(default="", description="published, likewise")
    reference_defects: bool = Field(
        default=False,
        description="repeat the published code's defects, to compare numbers with it: a variance of 0 is 1e-8",
    )

    @field_validator(
        "data", "data_list_json", "validation_list_json", "data_preload_pkl", "mtn_mean_var_npy", "checkpoint",
        "part_w_dict_json", "dim_ws_npy", mode="before",
    )  # fmt: skip
    @classmethod
    def _published_empty(cls, value: object) -> object:
        return None if value == "" else value

    @model_validator(mode="after")
    def _fits(self) -> TrainingOptions:
        if self.latent_dim % self.num_heads or self.latent_dim % 2:
            raise ValueError(f"latent_dim={self.latent_dim} must be even and divide into num_heads={self.num_heads}")
        if self.motion_feat_offset_dim_se:
            start, end = self.motion_feat_offset_dim_se
            if not 0 <= start < end <= self.motion_feat_dim:
                raise ValueError(f"motion_feat_offset_dim_se=[{start}, {end}]: no columns of {self.motion_feat_dim}")
        return self

    def located(self) -> TrainingOptions:
        """With the files of ``data`` for options that were not given, not even as none.

        Raises:
            dh.InputError: there is no such folder, or no data list was named at all.
        """
        if self.data is None and self.data_list_json is None:
            raise dh.InputError("nothing to train on: give data=FOLDER or data_list_json=FILE")
        if self.data is None:
            return self
        if not self.data.is_dir():
            raise dh.InputError(
                f"data={self.data}: no such folder; make it with 'dh prepare ditto', or correct the path"
            )
        files = {
            option: self.data / name
            for option, name in LISTS.items()
            if option not in self.model_fields_set and (option == _REQUIRED or (self.data / name).is_file())
        }
        return self.model_copy(update=files)
