"""Who speaks, how loud, before what background: estimates that free the mouth from recording level, noise and voice."""

from __future__ import annotations

from collections import deque
from enum import IntEnum

import numpy as np

from dh_face_mesh.viseme.features import HOP_RATE, SILENCE, Feature, Hops

_FLOOR_BLOCK = HOP_RATE // 2
_FLOOR_BLOCKS = 6
_FLOOR_SMOOTHING = 0.3
_VOICED = 0.7
_LOUDNESS_RISE = 0.35
_LOUDNESS_FALL = 2.0 / HOP_RATE
_HEADROOM = 2.0
_VOICE_MEMORY = 4.0 * HOP_RATE
_FIRST_MEMORY = 1.0 * HOP_RATE


UNHEARD = 100.0
"""LOUD level before a voice has been heard: nothing reaches it."""


class Normal(IntEnum):
    """Rows of what ``Speaker`` tells about each hop."""

    LOUD = 0
    """ORAL level of the speaker's open, stressed vowels, in dB of full scale; ``UNHEARD`` before the first voice."""
    FLOOR = 1
    """LEVEL of the background, in dB of full scale."""
    ORAL_FLOOR = 2
    """ORAL level of the background."""
    HIGH_FLOOR = 3
    """HIGH level of the background."""
    F1 = 4
    """The speaker's mean F1 in Hz, over voiced speech."""
    F2 = 5
    """The speaker's mean F2 in Hz."""
    PITCH = 6
    """The speaker's mean pitch in Hz (geometric)."""


class NoiseFloor:
    """Level of the background by minimum statistics (Martin 2001): the least smoothed level of the last 3 seconds."""

    def __init__(self) -> None:
        self._smooth: float | None = None
        self._blocks: deque[float] = deque(maxlen=_FLOOR_BLOCKS)
        self._blocks_least = np.inf
        self._block_least = np.inf
        self._block_length = 0

    def follow(self, level: float) -> float:
        """Takes the level of the next hop and returns the floor, both in dB."""
        before = level if self._smooth is None else self._smooth
        self._smooth = before + _FLOOR_SMOOTHING * (level - before)
        self._block_least = min(self._block_least, self._smooth)
        floor = min(self._block_least, self._blocks_least)
        self._block_length += 1
        if self._block_length == _FLOOR_BLOCK:
            self._blocks.append(self._block_least)
            self._blocks_least = min(self._blocks)
            self._block_least, self._block_length = np.inf, 0
        return floor


class Speaker:
    """Follows one speaker hop by hop; every estimate depends on past hops and, for LOUD, on ``ahead``."""

    def __init__(self) -> None:
        self._floors = (NoiseFloor(), NoiseFloor(), NoiseFloor())
        self._loud = UNHEARD
        self._heard = _FIRST_MEMORY
        self._f1, self._f2, self._pitch = 520.0, 1750.0, np.log(160.0)

    def follow(self, features: Hops, oral_ahead: Hops) -> Hops:
        """Returns the estimates, (7, n), for n hops.

        Args:
            features: (8, n), rows of Feature.
            oral_ahead: (n,), the highest ORAL level of each hop and the few after it, so that the scale is right when
                the first syllable begins.
        """
        rows = zip(
            *(features[row].tolist() for row in Feature),
            oral_ahead.tolist(),
            strict=True,
        )
        return np.array([self._next(*row) for row in rows]).reshape(-1, len(Normal)).T.copy()

    def _next(
        self,
        level: float,
        oral: float,
        high: float,
        _low: float,
        f1: float,
        f2: float,
        voicing: float,
        pitch: float,
        ahead: float,
    ) -> tuple[float, ...]:
        floor, oral_floor, high_floor = (
            tracker.follow(value) for tracker, value in zip(self._floors, (level, oral, high), strict=True)
        )
        if voicing > _VOICED and level > SILENCE + 10:
            if self._loud == UNHEARD or self._loud < ahead - 40:  # the first voice, or the first that is not a murmur
                self._loud = ahead + _HEADROOM
            elif ahead > self._loud:
                self._loud += _LOUDNESS_RISE * (ahead - self._loud)
            elif oral > floor + 6:
                self._loud -= _LOUDNESS_FALL
            if oral > self._loud - 20:
                self._heard = min(self._heard + 1, _VOICE_MEMORY)
                share = 1 / self._heard
                self._f1 += share * (f1 - self._f1)
                self._f2 += share * (f2 - self._f2)
                self._pitch += share * (np.log(pitch) - self._pitch)
        return self._loud, floor, oral_floor, high_floor, self._f1, self._f2, float(np.exp(self._pitch))
