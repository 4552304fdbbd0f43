"""How a cell ended, in a word, a reason and a remedy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from dh.errors import DHError, MethodError, MissingError, StageStalled
from dh.text import one_line

State = Literal["done", "failed", "crashed", "out of memory", "hung", "missing", "interrupted"]

STATES: tuple[State, ...] = ("done", "failed", "crashed", "out of memory", "hung", "missing", "interrupted")
"""In the order in which they are counted."""

_LONGEST = 600
"""Characters of a reason; the log has all of it."""

_MEMORY_ERRORS = ("MemoryError", "OutOfMemoryError")
"""Names of what Python, numpy and PyTorch raise."""


@dataclass(frozen=True)
class Outcome:
    """How a cell, or another job, ended.

    Args:
        state: in a word.
        reason: one line, empty where it is done.
        remedy: the step that mends it, where there is one.
        result: what a job that is done gave back.
        seconds: that its process took.
        peak_mib: the most memory that its processes took together, as far as it was seen.
    """

    state: State
    reason: str = ""
    remedy: str = ""
    result: Any = field(default=None, compare=False)
    seconds: float = 0.0
    peak_mib: float = 0.0

    @property
    def done(self) -> bool:
        """Whether it ended well."""
        return self.state == "done"


def explain(error: BaseException) -> Outcome:
    """What an exception in a job means."""
    if isinstance(error, DHError) and not isinstance(error, MethodError):
        reason, _, remedy = one_line(error, _LONGEST).partition("; ")
        return Outcome("missing" if isinstance(error, MissingError) else "failed", reason, remedy)
    reason = one_line(error, _LONGEST)
    if not isinstance(error, DHError) and reason != type(error).__name__:
        reason = f"{type(error).__name__}: {reason}"
    if any(type(cause).__name__ in _MEMORY_ERRORS for cause in _causes(error)):
        return Outcome("out of memory", reason, "try a smaller source, or other options")
    if any(isinstance(cause, StageStalled) for cause in _causes(error)):
        return Outcome("hung", reason, "a larger --timeout waits longer")
    return Outcome("failed", reason)


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__
