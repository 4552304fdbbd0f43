"""What a comparison tells while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dh.progress import Notice, Phase

GOING_ON = ("running", "evaluating", "joining")
"""States that are no end."""


@dataclass(frozen=True)
class CellEvent:
    """Where a cell stands.

    Args:
        cell: its identifier.
        state: "running", "evaluating", "kept", or how it ended: "done", "failed", "crashed", "out of memory", "hung" or
            "missing". At last "joining": then ``cell`` is the pair of inputs whose videos are put side by side.
        reason: one line, where it ended badly.
        seconds: that it took, once it has ended.
        phase: of a running cell, as ``dh.Progress`` has it.
        frame: of a cell that renders, the frames made so far.
        frames: likewise, in all; None where that is unknown.
        ended: cells that have ended so far.
        cells: in all.
    """

    cell: str
    state: str
    reason: str = ""
    seconds: float = 0.0
    phase: Phase | None = None
    frame: int = 0
    frames: int | None = None
    ended: int = 0
    cells: int = 0


ComparisonListener = Callable[[CellEvent | Notice], None]


def ignore(event: CellEvent | Notice) -> None:
    """Takes events of a comparison that nobody listens to."""
