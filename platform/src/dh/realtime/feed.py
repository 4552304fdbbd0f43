"""The driver's end of the timeline: its speech, which it waits for in its own thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator

from numpy import float32
from numpy.typing import NDArray

from dh.audio import SAMPLE_RATE, AudioChunk
from dh.errors import StageError
from dh.media.audio import Resampler

PATIENCE_SECONDS = 10.0
"""How long a driver may want more speech while a frame waits for its motion."""


class SpeechFeed:
    """Speech as the driver hears it, chunk by chunk as the timeline goes on; an iterator for one other thread.

    Args:
        rate: of what is put, in samples per second.
        driver: its name, for messages.
    """

    def __init__(self, rate: int, driver: str) -> None:
        self._resampler = Resampler(rate, SAMPLE_RATE)
        self._driver = driver
        self._chunks: deque[NDArray[float32]] = deque()
        self._changed = threading.Condition()
        self._changes: deque[tuple[int, Callable[[], None]]] = deque()
        self._samples = 0
        self._closed = False
        self.awaited = False
        """Whether someone waits for motion that the speech so far should have given."""

    def put(self, samples: NDArray[float32]) -> None:
        """Adds samples of shape (n,)."""
        heard = self._resampler.push(samples[None])[0]
        if len(heard):
            with self._changed:
                self._chunks.append(heard)
                self._samples += len(heard)
                self._changed.notify_all()

    def change(self, action: Callable[[], None]) -> None:
        """Has something done after the speech so far was heard, and before any that follows."""
        with self._changed:
            self._changes.append((self._samples, action))

    def hear(self, chunk: AudioChunk) -> AudioChunk:
        """What the driver takes each chunk through, in its thread: does what is due before it."""
        while self._changes and self._changes[0][0] <= chunk.start:
            self._changes.popleft()[1]()
        return chunk

    def close(self) -> None:
        """Ends the speech."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[AudioChunk]:
        start = 0
        while (samples := self._next()) is not None:
            yield AudioChunk(samples, start)
            start += len(samples)

    def _next(self) -> NDArray[float32] | None:
        with self._changed:
            while not self._chunks and not self._closed:
                if not self._changed.wait(PATIENCE_SECONDS) and self.awaited and not self._chunks:
                    raise StageError(self._driver, "wants more speech than its look_ahead says before it gives motion")
            return None if self._closed else self._chunks.popleft()
