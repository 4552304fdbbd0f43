"""Options of the learned metrics; each field's description is its help text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_SHARED: dict[str, Any] = {"shared": True}


class LearnedOptions(BaseModel):
    """What every learned metric takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: Path | None = Field(
        default=None,
        json_schema_extra=_SHARED,
        description="folder with weights under their published file names, in place of the pulled ones",
    )


class FvdOptions(LearnedOptions):
    """Options of FVD."""

    clip_stride: int = Field(default=16, ge=1, description="frames from the start of one clip of 16 to the next's")


class SyncOptions(LearnedOptions):
    """Options of Sync-C and Sync-D."""

    largest_offset: int = Field(
        default=15,
        ge=1,
        le=50,
        json_schema_extra=_SHARED,
        description="frames at 25 per second that the sound is shifted by, at most, either way",
    )
