"""The one clock of a live session: which frame is due."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from typing import Literal

Pace = Literal["real-time", "free"]

LONGEST_CATCH_UP = 1.0
"""Seconds that are caught up with by dropping pictures. What is later than that moves the clock."""


class FrameClock:
    """Tells when frame n is due: n / fps after the first frame was there.

    Args:
        fps: frames per second.
        pace: "free": every frame is due at once and none is late.
        sleep: called with seconds; may return early.
        now: seconds, monotonic.
    """

    def __init__(
        self,
        fps: Fraction,
        pace: Pace,
        sleep: Callable[[float], object],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fps = fps
        self._pace = pace
        self._sleep = sleep
        self._now = now
        self._start: float | None = None
        self.paused = 0.0
        """Seconds by which the clock was moved."""

    def start(self) -> None:
        """Frame 0 is there; to be called once, so that what a first frame needs to warm up makes no other late."""
        self._start = self._now()

    def wait(self, index: int) -> None:
        """Returns when frame ``index`` is due."""
        late = self._late(index)
        if late < 0:
            self._sleep(-late / float(self._fps))

    def skip(self, index: int) -> int:
        """How many frames from ``index`` on are to be dropped, so that the next is the newest that is due.

        One frame of lateness is nothing. More than ``LONGEST_CATCH_UP`` is not caught up with: the clock is moved.
        """
        late = self._late(index)
        if late <= 1:
            return 0
        seconds = late / float(self._fps)
        if seconds > LONGEST_CATCH_UP:
            assert self._start is not None
            self._start += seconds
            self.paused += seconds
            return 0
        return int(late)

    def _late(self, index: int) -> float:
        """Frames by which frame ``index`` is late; negative where it is not due."""
        if self._pace == "free" or self._start is None:
            return 0.0
        return (self._now() - self._start) * float(self._fps) - index
