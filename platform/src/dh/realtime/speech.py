"""Speech between those who push it and the timeline that takes it, a frame at a time."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from dh.errors import InputError
from dh.media.audio import Resampler

LONGEST_WAIT = 120.0
"""Seconds of speech that may wait; more is refused."""

_RATES = (8_000, 192_000)
Samples = NDArray[np.float32]


class SpeechBuffer:
    """Segments of speech, each a stretch that is spoken without a break.

    An ended segment's last frame is filled with silence. A segment that is still open gives whole frames only.

    Args:
        rate: of what is taken, in samples per second.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._segments: deque[_Segment] = deque()

    @property
    def waiting(self) -> float:
        """Seconds that were pushed and not taken."""
        return sum(segment.length for segment in self._segments) / self._rate

    def push(self, samples: NDArray[np.float32] | NDArray[np.int16], rate: int) -> None:
        """Adds to the open segment, or opens one.

        Args:
            samples: float32, nominally -1..1, or int16, of shape (n,); n may be 0.
            rate: samples per second, 8000 to 192000.

        Raises:
            InputError: another type, shape or rate, values that are not finite, or more than ``LONGEST_WAIT`` seconds
                would wait. Nothing was taken then.
        """
        if not _RATES[0] <= rate <= _RATES[1]:
            raise InputError(f"push_audio: rate {rate} is outside {_RATES[0]} to {_RATES[1]} samples per second")
        heard = _mono(samples)
        seconds = self.waiting + len(heard) / rate
        if seconds > LONGEST_WAIT:
            raise InputError(
                f"push_audio: {seconds:.1f} s of speech would wait, more than {LONGEST_WAIT:g}; push it as frames are "
                "taken, or drop what waits with clear()"
            )
        if not len(heard):
            return
        if not self._segments or self._segments[-1].ended:
            self._segments.append(_Segment(self._rate))
        self._segments[-1].push(heard, rate)

    def end(self) -> None:
        """Ends the open segment, if there is one."""
        if self._segments:
            self._segments[-1].end()

    def clear(self) -> None:
        """Drops all that waits."""
        self._segments.clear()

    def take(self, count: int) -> tuple[Samples, bool]:
        """The next frame of ``count`` samples, silence where there is none, and whether an open segment just ran dry.

        That is told once per segment.
        """
        while self._segments:
            segment = self._segments[0]
            if segment.length >= count or (segment.ended and segment.length):
                return segment.take(count), False
            if not segment.ended:
                return np.zeros(count, np.float32), segment.runs_dry()
            self._segments.popleft()
        return np.zeros(count, np.float32), False


class _Segment:
    """One stretch of speech, at the rate it is taken at."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._parts: deque[Samples] = deque()
        self._resampler: Resampler | None = None
        self._begun = self._ran_dry = False
        self.length = 0
        self.ended = False

    def push(self, samples: Samples, rate: int) -> None:
        if self._resampler is None or self._resampler.source_rate != rate:
            self._finish_resampling()
            self._resampler = Resampler(rate, self._rate)
        self._append(self._resampler.push(samples[None])[0])

    def end(self) -> None:
        if not self.ended:
            self._finish_resampling()
            self.ended = True

    def take(self, count: int) -> Samples:
        """``count`` samples, the missing ones 0."""
        self._begun = True
        taken = np.zeros(count, np.float32)
        done = 0
        while self._parts and done < count:
            part = self._parts.popleft()
            used = min(len(part), count - done)
            taken[done : done + used] = part[:used]
            done += used
            if used < len(part):
                self._parts.appendleft(part[used:])
        self.length -= done
        return taken

    def runs_dry(self) -> bool:
        """Whether frames were taken and now one is missing, the first time that it is asked."""
        first = self._begun and not self._ran_dry
        self._ran_dry = self._ran_dry or first
        return first

    def _finish_resampling(self) -> None:
        if self._resampler is not None:
            self._append(self._resampler.finish()[0])
            self._resampler = None

    def _append(self, samples: Samples) -> None:
        if len(samples):
            self._parts.append(samples)
            self.length += len(samples)


def _mono(samples: NDArray[np.float32] | NDArray[np.int16]) -> Samples:
    """A copy as float32 in -1..1: the caller may use its buffer again."""
    if not isinstance(samples, np.ndarray) or samples.ndim != 1 or samples.dtype not in (np.float32, np.int16):
        given = f"{samples.dtype} {samples.shape}" if isinstance(samples, np.ndarray) else type(samples).__name__
        raise InputError(f"push_audio: give float32 or int16 samples of shape (n,), not {given}")
    if samples.dtype == np.int16:
        return samples.astype(np.float32) / np.float32(32768)
    if not np.isfinite(samples).all():
        raise InputError("push_audio: holds values that are not finite; nothing of it was taken")
    return np.array(samples, np.float32)
