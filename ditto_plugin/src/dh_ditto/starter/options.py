"""Options of the starter's driver. Each field's description is its help text, each alias the published name."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from dh_ditto.options import MotionOptions


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
    steps: int = Field(
        default=10, ge=1, le=1000, validation_alias="sampling_timesteps", description="denoising steps per window"
    )
    guidance: float = Field(default=1.5, ge=0, le=10, description="strength of classifier-free guidance; 1: none")
    weights: Path | None = Field(
        default=None, description="folder of weights that 'dh train' wrote, in place of those that are shipped"
    )
    backend: Literal["auto", "onnx", "torch"] = Field(
        default="auto", description="what runs the model; auto: ONNX Runtime where the weights have a file for it"
    )
