"""The sound of a live session's frames, from the moment that it is on the timeline until it is given."""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from dh.realtime.speech import SpeechBuffer

FADE_SECONDS = 0.005
"""In which sound that is silenced dies away: cut off, it would click."""


class FrameSounds:
    """Cuts speech into the sound of each frame, and keeps what is ahead of the pictures.

    Args:
        speech: where frames take their sound from.
        rate: samples per second.
        fps: frames per second; frame k has the samples from floor(k x rate / fps) on.
    """

    def __init__(self, speech: SpeechBuffer, rate: int, fps: Fraction) -> None:
        self._speech = speech
        self._rate = rate
        self._fps = fps
        self._waiting: deque[NDArray[np.float32]] = deque()
        self.assigned = 0
        """Frames that have their sound."""

    def assign(self) -> tuple[NDArray[np.float32], bool]:
        """Gives the next frame of the timeline its sound; returns that, and whether an open segment just ran dry."""
        samples, ran_dry = self._speech.take(self._begin(self.assigned + 1) - self._begin(self.assigned))
        self._waiting.append(samples)
        self.assigned += 1
        return samples, ran_dry

    def silence(self) -> None:
        """Silences all that was not given; the first frame's sound dies away."""
        fade = np.linspace(1, 0, round(FADE_SECONDS * self._rate), dtype=np.float32)
        silenced = [np.zeros_like(samples) for samples in self._waiting]
        if silenced:
            count = min(len(fade), len(silenced[0]))
            silenced[0][:count] = self._waiting[0][:count] * fade[:count]
        self._waiting = deque(silenced)

    def until(self, index: int) -> NDArray[np.float32]:
        """The sound from the last that was given to the end of frame ``index``."""
        first = self.assigned - len(self._waiting)
        return np.concatenate([self._waiting.popleft() for _ in range(first, index + 1)])

    def _begin(self, frame: int) -> int:
        """The first sample of a frame."""
        return frame * self._rate * self._fps.denominator // self._fps.numerator
