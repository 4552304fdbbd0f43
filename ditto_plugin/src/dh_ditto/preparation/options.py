"""Options of ``dh prepare ditto``. Each field's description is its help text."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dh_ditto.options import BackendName

DECIDING = (
    "motion",
    "weights",
    "face_landmarker",
    "landmarks",
    "face",
    "crop_scale",
    "crop_y",
    "max_gap",
    "emotion",
    "emotion_classes",
)
"""Options that decide what the files hold: within one output folder they stay the same."""

_HSEMOTION = ("angry", "contempt", "disgust", "fear", "happy", "neutral", "sad", "surprise")


class PrepareOptions(BaseModel):
    """How videos are prepared."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    motion: Literal["liveportrait", "arkit"] = Field(
        default="liveportrait",
        description="motion space of the targets; liveportrait, the published one, needs the published weights, arkit "
        "needs face_landmarker",
    )
    features: Literal["auto", "hubert", "mel"] = Field(
        default="auto",
        description="what the model hears; hubert, the published one, needs the published weights, mel needs nothing; "
        "auto: hubert for liveportrait, mel for arkit",
    )
    weights: Path | None = Field(
        default=None, description="folder of weights in place of the pulled ones: a path, or a name in checkpoints/"
    )
    backend: BackendName = Field(default="auto", description="what runs the networks; auto: what the weights are for")
    device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$", description="auto, cpu, cuda or cuda:N")
    face_landmarker: Path | None = Field(
        default=None,
        description="MediaPipe's face_landmarker.task for the blendshapes of motion=arkit; none: the one in weights",
    )
    landmarks: Literal["auto", "mediapipe", "insightface"] = Field(
        default="auto",
        description="what the crop is laid around; insightface, with the 203-point model, is the published way and "
        "allows no commercial use; auto takes it where it was pulled",
    )
    face: int | None = Field(
        default=None,
        ge=0,
        description="which face to take where there are several: 0 is the largest, 1 the next, and so on",
    )
    crop_scale: float = Field(default=2.2, ge=1.2, le=4, description="side of the crop, as a multiple of the face")
    crop_y: float = Field(
        default=-0.1, ge=-1, le=1, description="moves the crop towards the chin, as a share of its side"
    )
    max_gap: float = Field(
        default=0.5, ge=0, le=5, description="longest time in seconds for which a video may show no face"
    )
    emotion: str = Field(
        default="neutral",
        description="neutral or another of the eight for all videos; from-folders: by the name of each video's folder; "
        "FILE.onnx: a classifier of eight classes, run on every fifth frame",
    )
    emotion_classes: tuple[str, ...] = Field(
        default=_HSEMOTION, description="classes of that classifier in its order; default: HSEmotion's"
    )
    flip: bool = Field(default=True, description="also prepare every video mirrored")
    crf: int = Field(default=12, ge=0, le=51, description="quality of the intermediate videos, smaller is better")
    validation: float = Field(
        default=0.0,
        ge=0,
        le=0.5,
        description="share of the videos for validation.json; train.json has the others",
    )

    @property
    def audio_folder(self) -> str:
        """Folder of the features."""
        hubert = self.features == "hubert" or (self.features == "auto" and self.motion == "liveportrait")
        return "hubert_aud_npy" if hubert else "mel_aud_npy"

    @property
    def motion_folder(self) -> str:
        """Folder of the targets."""
        return "LP_npy" if self.motion == "liveportrait" else "arkit_npy"
