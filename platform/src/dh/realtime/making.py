"""Frames of a live session that are in the making: how many may be begun, and which they are."""

from __future__ import annotations

import threading
import time
from collections import deque


class FramesInMaking:
    """Joins who takes frames and who begins them, each in a thread of its own.

    Args:
        ahead: how many frames may be begun before they are asked for.
    """

    def __init__(self, ahead: int) -> None:
        self._ahead = ahead
        self._asked = self._begun = 0
        self._frames: deque[tuple[int, float]] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def __len__(self) -> int:
        return len(self._frames)

    def ask(self) -> None:
        """Someone waits for one more frame."""
        with self._changed:
            self._asked += 1
            self._changed.notify_all()

    def admit(self) -> bool:
        """Waits until one more frame may be begun; False: no more will be.

        Before the first frame has been given, nothing is begun ahead: its stages warm up.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._begun < self._asked + self._ahead * (self._asked > 1))
            return not self._closed

    def begin(self, index: int) -> None:
        """Frame ``index`` goes to the renderer."""
        with self._changed:
            self._begun += 1
            self._frames.append((index, time.perf_counter()))

    def finish(self) -> tuple[int, float]:
        """The oldest frame in the making is there: its index, and the seconds that it took; -1 where there is none."""
        with self._changed:
            if not self._frames:
                return -1, 0.0
            index, begin = self._frames.popleft()
            return index, time.perf_counter() - begin

    def close(self) -> None:
        """Begins nothing more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
