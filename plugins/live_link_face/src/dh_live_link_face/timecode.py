"""SMPTE-like timecodes as the app writes them: ``HH:MM:SS:FF.fff``, with thousandths of a frame."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

APP_RATE = 60
"""Frames in a second of timecode, as the app counts them unless it is told otherwise, at 30 rows per second too."""

_RATES = (24, 25, 30, APP_RATE)
_DAY = 24 * 3600
_PATTERN = re.compile(r"(\d{1,2}):([0-5]?\d):([0-5]?\d)[:;](\d{1,3}(?:\.\d+)?)\Z")


@dataclass(frozen=True)
class Timecode:
    """Whole seconds since midnight, and frames, with their fraction, since that second."""

    second: int
    frame: float

    @classmethod
    def parse(cls, text: str) -> Timecode:
        """Reads one.

        Raises:
            ValueError: it is none.
        """
        match = _PATTERN.match(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is not a timecode HH:MM:SS:FF.fff")
        hours, minutes, seconds, frame = match.groups()
        return cls(3600 * int(hours) + 60 * int(minutes) + int(seconds), float(frame))

    @classmethod
    def of_row(cls, row: int, rate: Fraction) -> Timecode:
        """The timecode of a row, where rows follow each other at ``rate`` from midnight on."""
        time = row / rate
        return cls(int(time), float((time - int(time)) * APP_RATE))

    def __str__(self) -> str:
        second, thousandths = self.second, round(self.frame * 1000)
        if thousandths >= APP_RATE * 1000:
            second, thousandths = second + 1, 0
        hours, minutes = second // 3600 % 24, second // 60 % 60
        return f"{hours:02d}:{minutes:02d}:{second % 60:02d}:{thousandths // 1000:02d}.{thousandths % 1000:03d}"

    def seconds(self, fps: float) -> float:
        """Seconds since midnight, with ``fps`` frames in a second."""
        return self.second + self.frame / fps


def counting_rate(timecodes: Sequence[Timecode]) -> int:
    """Frames in a second, from the highest frame number; the app's usual 60 where no second has passed yet."""
    highest = max(timecode.frame for timecode in timecodes)
    if timecodes[0].second == timecodes[-1].second:
        return APP_RATE
    return next((rate for rate in _RATES if highest < rate), APP_RATE)


def elapsed(timecodes: Sequence[Timecode], fps: float) -> list[float]:
    """Seconds of each since the first; a recording may pass midnight once."""
    first = timecodes[0].seconds(fps)
    times = [timecode.seconds(fps) - first for timecode in timecodes]
    return [time + _DAY if time < -_DAY / 2 else time for time in times]
