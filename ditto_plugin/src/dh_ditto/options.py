"""Options of Ditto's components. Each field's description is its help text, each alias the published name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.fields import FieldInfo

import dh

_SHARED: dict[str, Any] = {"shared": True}

Emotion = str | int | list[int] | list[str] | list[list[int]] | list[list[float]]
Part = Literal["exp", "pitch", "yaw", "roll", "t", "scale"]
BackendName = Literal["auto", "torch", "onnx", "tensorrt"]
Precision = Literal["auto", "fp32", "fp16", "bf16"]

OptionsT = TypeVar("OptionsT", bound="SharedOptions")


class SharedOptions(BaseModel):
    """Options that all three components share: one setting is for all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    weights: Path | None = Field(
        default=None,
        json_schema_extra=_SHARED,
        description="folder of weights in place of the pulled ones: the published repository, or a converted, "
        "exported or untrained folder; a path, or a name in checkpoints/",
    )
    backend: BackendName = Field(
        default="auto", json_schema_extra=_SHARED, description="what runs the networks; auto: what the weights are for"
    )
    precision: Precision = Field(
        default="auto",
        json_schema_extra=_SHARED,
        description="of warping and decoding; auto: fp32 on the CPU, fp16 on a GPU",
    )
    graphs: bool = Field(
        default=True,
        json_schema_extra=_SHARED,
        description="run warping, decoding and denoising as CUDA graphs; counts for backend=torch on a GPU",
    )
    reference_defects: bool = Field(
        default=False,
        json_schema_extra=_SHARED,
        description="repeat the published code's defects, to compare numbers with it",
    )


class AvatarOptions(SharedOptions):
    """Options of the Ditto avatar."""

    landmarks: Literal["auto", "mediapipe", "insightface"] = Field(
        default="auto",
        description="what finds face and landmarks; insightface, with the 203-point model, is the published way and "
        "allows no commercial use; auto takes it where it was pulled",
    )
    face: int | None = Field(
        default=None,
        ge=0,
        description="which face to take where there are several: 0 is the largest, 1 the next, and so on",
    )
    max_size: int = Field(
        default=1920, ge=-1, le=8192, description="longest side in pixels; a larger source is scaled down; -1: never"
    )
    max_frames: int = Field(
        default=-1,
        ge=-1,
        validation_alias="template_n_frames",
        description="frames of a source video to use, the rest mirrors them; -1: as many as the speech needs",
    )
    crop_scale: float = Field(default=2.3, ge=1.2, le=4, description="side of the crop, as a multiple of the face")
    crop_x: float = Field(
        default=0.0,
        ge=-1,
        le=1,
        validation_alias="crop_vx_ratio",
        description="moves the crop sideways, as a share of its side",
    )
    crop_y: float = Field(
        default=-0.125,
        ge=-1,
        le=1,
        validation_alias="crop_vy_ratio",
        description="moves the crop towards the chin, as a share of its side",
    )
    upright: bool = Field(
        default=True, validation_alias="crop_flag_do_rot", description="turn the crop so that the face stands upright"
    )
    smoothing: int = Field(
        default=13,
        ge=0,
        validation_alias="smo_k_s",
        description="frames over which a source video's own motion is averaged; 0 or 1: none",
    )
    max_gap: float = Field(
        default=0.5, ge=0, le=5, description="longest time in seconds for which a source video may show no face"
    )


class MotionOptions(BaseModel):
    """Options of every driver that makes motion by windows of the diffusion model."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    emotion: Emotion = Field(
        default="neutral",
        validation_alias="emo",
        description="angry, disgust, fear, happy, neutral, sad, surprise or contempt (0 to 7), several at once as a "
        "list, or one list per frame, repeated over time; weights of the eight as n rows of 8, inline or as a file",
    )

    @field_validator("emotion")
    @classmethod
    def _known_emotion(cls, value: Emotion) -> Emotion:
        from dh_ditto.condition import emotion_rows
        from dh_ditto.user_arrays import read_emotion

        emotion_rows(read_emotion(value))
        return value


class DriverOptions(MotionOptions, SharedOptions):
    """Options of the Ditto driver."""

    steps: int = Field(
        default=50, ge=1, le=1000, validation_alias="sampling_timesteps", description="denoising steps per window"
    )
    guidance: float = Field(default=2.0, ge=0, le=10, description="strength of classifier-free guidance; 1: none")
    overlap: int | None = Field(
        default=None,
        ge=0,
        le=79,
        validation_alias="overlap_v2",
        description="frames that two windows of 80 share; none: 10, online 70. Online takes 40 or more: the more, the "
        "sooner frames come, and the more windows are drawn",
    )
    smoothing: int = Field(
        default=3,
        ge=0,
        validation_alias="smo_k_d",
        description="frames over which predicted head motion is averaged; 0 or 1: none",
    )
    online: bool = Field(
        default=False,
        validation_alias="online_mode",
        description="the published online way, as --mode online sets it: frames come while audio arrives",
    )
    chunks: tuple[int, int, int] = Field(
        default=(3, 5, 2),
        validation_alias="chunksize",
        description="past, new and future frames that the audio encoder sees at a time",
    )
    first_frame_eyes: bool = Field(
        default=False,
        validation_alias="eye_f0_mode",
        description="condition on the eyes of a source video's first frame, not of each",
    )
    reset_every: int = Field(
        default=0,
        ge=0,
        validation_alias="fix_kp_cond",
        description="windows after which motion starts from the source again; 0: never",
    )
    reset_keeps: tuple[int, int] | None = Field(
        default=None,
        validation_alias="fix_kp_cond_dim",
        description="dimensions [first, end) of the motion vector that such a restart keeps",
    )
    motion_limits: Path | tuple[list[float], list[float]] | None = Field(
        default=None,
        validation_alias="v_min_max_for_clip",
        description="least and greatest value of every motion dimension, two rows of 265, inline or as a file",
    )
    character: Path | None = Field(
        default=None,
        json_schema_extra=_SHARED,
        validation_alias="ch_info",
        description="avatar file of another person, whose face shape and eyes condition the motion",
    )


class RendererOptions(SharedOptions):
    """Options of the Ditto renderer."""

    driven: tuple[Part, ...] | dict[Part, float] | None = Field(
        default=None,
        validation_alias="use_d_keys",
        description="parts of the motion that the driver moves, with factors if given as a mapping; "
        "none: all but scale for a picture, exp for a video",
    )
    relative: bool = Field(
        default=True,
        validation_alias="relative_d",
        description="add changes since the first frame to the source's motion",
    )
    drive_eyes: bool | None = Field(
        default=None,
        validation_alias="drive_eye",
        description="let the driver move the eyes; none: yes for a picture, no for a video",
    )
    blink_shape: Path | list[list[float]] | None = Field(
        default=None,
        validation_alias="delta_eye_arr",
        description="one blink's expression offsets, n rows of 63, inline or as a file, in place of the driver's eyes",
    )
    blink_interval: int | list[int] = Field(
        default=0,
        validation_alias="delta_eye_open_n",
        description="frames with open eyes between such blinks; a list is repeated; 0: random, -1: never blink",
    )
    fade_to: Literal["none", "first", "source"] = Field(
        default="none",
        validation_alias="fade_type",
        description="what fades lead to: the first frame (published as d0) or the source (s)",
    )
    fade_parts: tuple[Part, ...] | None = Field(
        default=("exp",), validation_alias="fade_out_keys", description="parts of the motion that fade; none: all"
    )
    fade_in: int = Field(default=-1, ge=-1, description="frames at the start over which motion fades in; -1: none")
    fade_out: int = Field(default=-1, ge=-1, description="frames at the end over which motion fades out; -1: none")
    stitch: bool = Field(
        default=True,
        validation_alias="flag_stitching",
        description="fit the moved face to the shoulders with the stitching network",
    )
    frame_controls: Path | dict[int, dict[str, Any]] | None = Field(
        default=None,
        validation_alias="ctrl_info",
        description="published per-frame controls by frame number, inline or as a YAML or JSON file: delta_pitch, "
        "delta_yaw, delta_roll, alpha_pitch, alpha_yaw, alpha_roll, delta_exp, vad_alpha, fade_alpha, fade_out_keys",
    )
    overall_controls: dict[str, Any] = Field(
        default={}, validation_alias="overall_ctrl_info", description="the same controls for every frame"
    )
    batch: int = Field(
        default=1,
        ge=1,
        le=64,
        description="frames that are warped and decoded at a time; online, where frames may not wait, always one",
    )
    share_batch: int = Field(
        default=1,
        ge=1,
        le=64,
        description="frames that are warped and decoded at a time, of all sessions in this process that ask for the "
        "same; they share networks and memory of a GPU; 1: networks of its own",
    )
    feature_cache: int = Field(
        default=1024, ge=0, description="MiB for appearance volumes of a source video, 8 MiB each, that are used again"
    )
    character: Path | None = Field(
        default=None,
        json_schema_extra=_SHARED,
        validation_alias="ch_info",
        description="avatar file of another person, whose face shape and eyes condition the motion",
    )

    @field_validator("fade_to", mode="before")
    @classmethod
    def _published_fade(cls, value: object) -> object:
        # YAML reads an empty value as null.
        return {None: "none", "": "none", "d0": "first", "s": "source"}.get(value, value)  # type: ignore[call-overload]


def with_published_defaults(options: OptionsT, published: Mapping[str, Any]) -> OptionsT:
    """Options with the defaults of a published configuration, where the user gave nothing.

    Args:
        options: as the user gave them.
        published: the configuration's ``default_kwargs``, by published names; those of other components are ignored.

    Raises:
        InputError: a value does not fit.
    """
    fields = type(options).model_fields
    names = {_published_name(name, info): name for name, info in fields.items()}
    new = {names[key]: value for key, value in published.items() if key in names}
    given = {name: getattr(options, name) for name in options.model_fields_set}
    try:
        return type(options)(**{**new, **given})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise dh.InputError(f"published configuration: default_kwargs: {where}: {first['msg']}") from error


def _published_name(name: str, info: FieldInfo) -> str:
    return info.validation_alias if isinstance(info.validation_alias, str) else name
