"""Breathing: the slow small motion of somebody who listens."""

from __future__ import annotations

import math

import numpy as np

RATE = 0.25
"""Breaths per second, about."""

HEIGHT = 0.003
"""Largest shift of the head up and down, in face heights."""

PITCH = 0.3
"""Largest turn of the chin up and down, in degrees."""

_WANDER = ((0.031, 1.1), (0.0127, 1.7))
"""Rates (per second) and depths (radians) of what makes breaths come early or late."""

_SWELL = 0.0071
"""Rate per second of breaths that get deeper and flatter."""


class Breath:
    """Breaths of slightly irregular length and depth, as a function of time alone.

    Args:
        seed: of the irregularity.
        amplitude: 1 is as stated above, 0 is none.
    """

    def __init__(self, seed: int, amplitude: float) -> None:
        self._amplitude = amplitude
        self._phases = np.random.default_rng((seed, 0xB2EA7)).uniform(0, 2 * math.pi, len(_WANDER) + 1).tolist()

    def at(self, time: float) -> float:
        """The share of ``HEIGHT`` and ``PITCH`` at a time in seconds, within +- amplitude; 0 at the start."""
        phase = 2 * math.pi * RATE * time
        for (rate, depth), offset in zip(_WANDER, self._phases, strict=False):
            phase += depth * (math.sin(2 * math.pi * rate * time + offset) - math.sin(offset))
        depth = 0.85 + 0.15 * math.sin(2 * math.pi * _SWELL * time + self._phases[-1])
        return self._amplitude * depth * math.sin(phase)
