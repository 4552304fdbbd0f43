"""Slow aimless motion: a sum of sines of incommensurable frequencies, which never repeats and needs no memory."""

from __future__ import annotations

import math

import numpy as np

_SINES = 5


class Wander:
    """A smooth function of time with mean 0 and an rms of about 0.7, between -2.3 and 2.3.

    Args:
        rng: chooses frequencies and phases.
        slowest, fastest: band in hertz.
    """

    def __init__(self, rng: np.random.Generator, slowest: float, fastest: float) -> None:
        steps = (np.arange(_SINES) + rng.uniform(0.2, 0.8, _SINES)) / _SINES
        self._omegas = (2 * math.pi * slowest * (fastest / slowest) ** steps).tolist()
        self._phases = rng.uniform(0, 2 * math.pi, _SINES).tolist()

    def at(self, seconds: float) -> float:
        """Value at a time since the start."""
        waves = zip(self._omegas, self._phases, strict=True)
        return sum(math.sin(omega * seconds + phase) for omega, phase in waves) / math.sqrt(_SINES)
