"""What to measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECONDS = 20.0
"""Of speech where the user gives none, on a machine that is not slow."""


@dataclass(frozen=True)
class BenchRequest:
    """What to measure.

    Args:
        method: to measure.
        profile: of the method; "auto": the one that a run would take.
        source: picture or video; None takes the project's portrait, put into a 1280x720 frame.
        audio: speech to repeat; None takes the project's.
        seconds: of speech, repeated as often as needed; None: ``SECONDS``, or fewer where that would take minutes.
        repeats: of each measurement; the median counts.
        options: component options by key.
        driver: in place of the method's own.
        renderer: in place of the method's own.
        device: to run on.
        mode: "offline" or "online", None as a run would; delays are always measured online, where the driver can.
    """

    method: str
    profile: str = "auto"
    source: Path | None = None
    audio: Path | None = None
    seconds: float | None = None
    repeats: int = 3
    options: Mapping[str, Any] = field(default_factory=dict)
    driver: str | None = None
    renderer: str | None = None
    device: str = "auto"
    mode: str | None = None
