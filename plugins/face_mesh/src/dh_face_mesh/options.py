"""Options of the face-mesh method's components. Each field's description is its help text."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class AvatarOptions(BaseModel):
    """Options of the face-mesh avatar."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    face: int | None = Field(
        default=None,
        ge=0,
        description="which face to take where there are several: 0 is the largest, 1 the next, and so on",
    )
    max_side: int = Field(
        default=1920, ge=128, le=4096, description="longest side of the video in pixels; a larger source is scaled down"
    )
    min_face: int = Field(default=48, ge=24, le=512, description="smallest face to accept, hairline to chin, in pixels")
    crop_scale: float = Field(
        default=2.3,
        ge=1.6,
        le=3.5,
        description="side of the region that moves, as a multiple of the face's longer side",
    )
    crop_size: int = Field(
        default=512, ge=256, le=1024, description="side in pixels of the aligned crop that landmarks are measured in"
    )
    smoothing: float = Field(
        default=0.06,
        ge=0,
        le=1,
        description="time constant in seconds of the landmarks' smoothing in a source video; 0 is none",
    )
    max_gap: float = Field(
        default=0.5, ge=0, le=5, description="longest time in seconds for which a source video may show no face"
    )


class RendererOptions(BaseModel):
    """Options of the face-mesh renderer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    expression: float = Field(default=1.0, ge=0, le=2, description="strength of the driver's expression")
    pose: float = Field(default=1.0, ge=0, le=2, description="strength of the driver's head motion")
    max_rotation: float = Field(
        default=25.0,
        ge=1,
        le=30,
        description="degrees that a turn of the head approaches but never passes; more shows the warp",
    )
    teeth: float = Field(
        default=1.0, ge=0, le=1.5, description="brightness of teeth that the source does not show itself; 0 hides them"
    )
