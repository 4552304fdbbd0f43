"""Options of the starter's driver. Each field's description is its help text, each alias the published name."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from dh_ditto.options import MotionOptions

STEPS = {"offline": 10, "online": 3}
"""Denoising steps per window by mode, where the user gives none."""

SMOOTHING = {"offline": 3, "online": 9}
"""Frames over which the head is averaged by mode, where the user gives none."""


class StarterOptions(MotionOptions):
    """How the starter speaks."""

    articulation: float = Field(
        default=1.0, ge=0.4, le=1.6, description="clearness of speech: 0.5 mumbles, 1 is natural, 1.5 is very clear"
    )
    head_motion: float = Field(
        default=1.0, ge=0, le=2, description="liveliness of the head: 0 still, 1 natural, 2 lively"
    )
    blink_rate: float = Field(default=16.0, ge=0, le=40, description="blinks per minute; 0 never blinks")
    gaze: float = Field(
        default=1.0, ge=0, le=3, description="how far the eyes wander from the camera; 0 looks straight on"
    )
    steps: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        validation_alias="sampling_timesteps",
        description=f"denoising steps per window; none: {STEPS['offline']}, online {STEPS['online']}",
    )
    guidance: float = Field(default=1.5, ge=0, le=10, description="strength of classifier-free guidance; 1: none")
    overlap: int = Field(
        default=10,
        ge=0,
        le=79,
        validation_alias="overlap_v2",
        description="frames that two windows of 80 share; online, hop and redraw count",
    )
    smoothing: int | None = Field(
        default=None,
        ge=0,
        le=25,
        validation_alias="smo_k_d",
        description="frames over which head motion is averaged, around a frame, online before it; 0 or 1: not at all; "
        f"none: {SMOOTHING['offline']}, online {SMOOTHING['online']}",
    )
    online: bool = Field(
        default=False,
        validation_alias="online_mode",
        description="frames come while audio arrives, as --mode online sets it",
    )
    hop: int = Field(
        default=4,
        ge=1,
        le=40,
        description="online: frames after which a window is drawn; fewer come sooner and take more computing",
    )
    redraw: int = Field(
        default=3,
        ge=0,
        le=20,
        description="online: newest frames of a window that wait for the next one to draw them again; fewer come "
        "sooner, with lips that know less of what follows",
    )
    weights: Path | None = Field(
        default=None, description="folder of weights that 'dh train' wrote, in place of those that are shipped"
    )
    backend: Literal["auto", "onnx", "torch"] = Field(
        default="auto", description="what runs the model; auto: ONNX Runtime where the weights have a file for it"
    )

    def with_mode_defaults(self) -> StarterOptions:
        """These, with the values of their mode where the user gave none."""
        mode = "online" if self.online else "offline"
        steps = STEPS[mode] if self.steps is None else self.steps
        smoothing = SMOOTHING[mode] if self.smoothing is None else self.smoothing
        return self.model_copy(update={"steps": steps, "smoothing": smoothing})
