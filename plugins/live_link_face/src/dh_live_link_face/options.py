"""Options of the Live Link Face driver. Each field's description is its help text."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class LiveLinkFaceOptions(BaseModel):
    """Which recording, which part of it, and how it is applied."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Path | None = Field(default=None, description="recording to play: a CSV of the app; there must be one")
    start: float = Field(
        default=0.0,
        ge=-3600,
        le=86400,
        description="seconds into the recording at which the speech begins; negative: the recording begins later",
    )
    timecode_fps: float | None = Field(
        default=None, ge=1, le=240, description="frames in a second of timecode; found from the timecodes by default"
    )
    head: float = Field(default=1.0, ge=0, le=3, description="strength of the head's rotation; 0 keeps the head still")
    centre: bool = Field(
        default=False, description="take the head's median rotation for straight ahead, wherever the phone stood"
    )
    mirror: bool = Field(default=False, description="swap left and right")
