"""When and how the eyes blink.

About 12 to 20 times a minute at log-normal intervals, more often where a phrase ends, now and then twice in a row;
a lid closes in 80 to 100 ms and opens in 150 to 200 ms (after Trutoiu et al. 2011).
"""

from __future__ import annotations

import math

import numpy as np

from dh_face_mesh.viseme.prosody import Prosody

_SPREAD = 0.5  # sigma of the logarithm of an interval
_SHORTEST = 0.8  # seconds between blinks
_STRETCH = 1.05  # of intervals, against the blinks that pauses and doubles add
_AT_PAUSE = 0.7  # chance that a pause brings the next blink forward
_NEAR = 0.45  # share of a mean interval by which it may come forward
_TWICE = 0.08  # chance of a second blink right after one
_HELD = 0.02  # seconds closed
_MEAN_LENGTH = 0.28  # seconds of a blink


class Blinks:
    """Eye closure frame by frame.

    Args:
        rng: source of chance.
        per_minute: mean rate; 0 never blinks.
    """

    def __init__(self, rng: np.random.Generator, per_minute: float) -> None:
        self._rng = rng
        self._mean = 60 / per_minute if per_minute else math.inf
        self._begin: float = 0.0
        self._closing: float = 0.09
        self._opening: float = 0.17
        self._depth: float = 1.0
        self._schedule(0.0)

    def closure(self, seconds: float, prosody: Prosody) -> float:
        """How far the lids are closed at a time, 0 (open) to 1; times must not go back."""
        if prosody.phrase_ended:
            self._bring_forward(seconds)
        since = seconds - self._begin
        if since < 0:
            return 0.0
        if since < self._closing:
            return self._depth * _ease(since / self._closing)
        since -= self._closing + _HELD
        if since < 0:
            return self._depth
        if since < self._opening:
            return self._depth * (1 - _ease(since / self._opening))
        self._schedule(seconds)
        return 0.0

    def _schedule(self, seconds: float) -> None:
        """Draws the next blink after one that ended at ``seconds``."""
        rng = self._rng
        if self._mean == math.inf:
            self._begin = math.inf
            return
        twice = seconds > 0 and rng.random() < _TWICE
        if twice:
            pause = rng.uniform(0.04, 0.14)
        else:
            # The mean of a log-normal is exp(mu + sigma^2 / 2).
            from_blink_to_blink = rng.lognormal(math.log(_STRETCH * self._mean) - _SPREAD**2 / 2, _SPREAD)
            pause = max(_SHORTEST, from_blink_to_blink - _MEAN_LENGTH)
        self._begin = seconds + pause
        self._closing, self._opening = rng.uniform(0.08, 0.10), rng.uniform(0.15, 0.20)
        self._depth = rng.uniform(0.92, 1.0)

    def _bring_forward(self, seconds: float) -> None:
        wait = self._begin - seconds
        if 0.2 < wait < _NEAR * self._mean and self._rng.random() < _AT_PAUSE:
            self._begin = seconds + self._rng.uniform(0.02, 0.18)


def _ease(t: float) -> float:
    return t * t * (3 - 2 * t)
