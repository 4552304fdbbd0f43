"""What a run, or a training, tells while it goes on: events for the command line's display or for a Python caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Phase = Literal["prepare", "register", "render", "finish", "train", "evaluate"]


@dataclass(frozen=True)
class Progress:
    """Where a run or a training stands.

    Args:
        phase: what it does now.
        done: steps of this phase so far; in "render", frames.
        total: steps in all, None where that is unknown.
        elapsed: seconds in this phase.
        fps: video's frames per second, 0 outside "render".
        detail: a few words on this step, such as the file at work or a loss.
    """

    phase: Phase
    done: int = 0
    total: int | None = None
    elapsed: float = 0.0
    fps: float = 0.0
    detail: str = ""

    @property
    def speed(self) -> float:
        """Steps per second."""
        return self.done / self.elapsed if self.elapsed > 0 else 0.0

    @property
    def real_time_factor(self) -> float:
        """Seconds of video made per second; above 1 is faster than real time."""
        return self.speed / self.fps if self.fps else 0.0

    @property
    def time_left(self) -> float | None:
        """Seconds to the end of this phase, None where that is unknown."""
        if self.total is None or not self.speed:
            return None
        return max(0, self.total - self.done) / self.speed


@dataclass(frozen=True)
class Notice:
    """One line that the user should see."""

    text: str


Event = Progress | Notice
Listener = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Takes events of a run that nobody listens to."""
