"""Options of the viseme driver."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class VisemeOptions(BaseModel):
    """How lively the face is; 1 is natural, 0 turns a part off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mouth: float = Field(
        default=1.0, ge=0.0, le=2.0, description="how far the mouth opens and how clearly it forms sounds"
    )
    head_motion: float = Field(default=1.0, ge=0.0, le=3.0, description="nods, turns and slow wander of the head")
    brows: float = Field(default=1.0, ge=0.0, le=3.0, description="how far the brows rise on emphasised syllables")
    gaze: float = Field(default=1.0, ge=0.0, le=3.0, description="how far the eyes wander from the camera")
    smile: float = Field(
        default=1.0, ge=0.0, le=3.0, description="strength of the slight smile that comes with speaking"
    )
    blink_rate: float = Field(default=16.0, ge=0.0, le=40.0, description="blinks per minute; 0 never blinks")
