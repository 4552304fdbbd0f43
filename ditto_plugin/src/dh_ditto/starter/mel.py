"""What the starter hears: log-mel levels relative to the speaker's own loudness, four moments a video frame.

A recording's level says nothing about the mouth, so bands are given in relation to a level that follows the loud parts
of the speech. It looks back only, so that live speech and files are heard alike.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from dh_ditto.audio_features import FRAME_SAMPLES
from dh_ditto.motion import Array

SAMPLE_RATE = 16000
BANDS = 64
HOPS = 4
"""Moments a frame, 10 ms apart."""

FEATURE_SIZE = HOPS * BANDS
"""Width of a row: the bands of the first moment, then of the second, and so on."""

_HOP = FRAME_SAMPLES // HOPS
_WINDOW = 400
_FFT = 512
_BEFORE = (_WINDOW - _HOP) // 2
"""Samples by which a window begins before its hop, and ends after it."""

LOOK_AHEAD = _BEFORE / SAMPLE_RATE
"""Seconds of sound after a row's own 40 ms that it takes."""

_LOWEST_HZ, _HIGHEST_HZ = 60.0, 7600.0
_SILENCE = 1e-10

_FIRST_LEVEL = -45.0
_QUIETEST_LEVEL = -60.0
_RISE = 0.25
_FALL = 3.0 / 100
"""Decibels by which the level falls per hop while somebody speaks."""

_SPEECH_RANGE = 30.0
_UNIT = 20.0
"""Decibels that are 1 in a row; 0 is the level itself."""

_LOWEST, _HIGHEST = -4.0, 2.0


@functools.cache
def mel_filters() -> NDArray[np.float64]:
    """[257, 64]: triangles evenly spaced on the mel scale (2595 log10(1 + f / 700)), each with an area of 1."""
    lowest, highest = (2595 * math.log10(1 + hertz / 700) for hertz in (_LOWEST_HZ, _HIGHEST_HZ))
    edges = np.linspace(lowest, highest, BANDS + 2)
    corners = 700 * (10 ** (edges / 2595) - 1)
    frequencies = np.arange(_FFT // 2 + 1) * SAMPLE_RATE / _FFT
    low, middle, high = (corners[i : i + BANDS] for i in range(3))
    rising = (frequencies[:, None] - low) / (middle - low)
    falling = (high - frequencies[:, None]) / (high - middle)
    triangles = np.maximum(np.minimum(rising, falling), 0)
    # The lowest bands are narrower than the spectrum's lines: each hears at least the nearest line.
    nearest = np.abs(frequencies[:, None] - middle).argmin(0)
    triangles[nearest, np.arange(BANDS)] = np.maximum(triangles[nearest, np.arange(BANDS)], 1e-3)
    return np.asarray(triangles / triangles.sum(0))


@functools.cache
def _taper() -> NDArray[np.float64]:
    window = np.hanning(_WINDOW + 1)[:-1]
    return np.asarray(window / np.sqrt((window**2).sum()))


class MelFeatures:
    """Rows at 25 a second from samples at 16 kHz, however these were cut; there are ceil(samples / 640) rows.

    A row needs 120 samples beyond its own.

    Args:
        late: samples by which rows hear the speech late.
    """

    def __init__(self, late: int = 0) -> None:
        self._pending: Array = np.zeros(_BEFORE + late, np.float32)
        self._samples = self._rows = 0
        self._level = _FIRST_LEVEL

    def push(self, samples: Array) -> Array:
        """Takes the next samples, float32 [n] in -1..1, and returns the rows that they complete, [k, 256]."""
        self._samples += len(samples)
        return self._take(np.asarray(samples, np.float32))

    def finish(self) -> Array:
        """The rows [k, 256] that are still owed, as if silence followed."""
        owed = max(0, -(-self._samples // FRAME_SAMPLES) - self._rows)
        return self._take(np.zeros(owed * FRAME_SAMPLES + 2 * _BEFORE, np.float32))[:owed]

    def _take(self, samples: Array) -> Array:
        self._pending = np.concatenate([self._pending, samples])
        count = max(0, (len(self._pending) - 2 * _BEFORE) // FRAME_SAMPLES)
        rows = np.empty((count, FEATURE_SIZE), np.float32)
        # One frame at a time: products of other shapes would round differently, and rows would depend on the cuts.
        for number in range(count):
            begin = number * FRAME_SAMPLES
            rows[number] = self._row(self._pending[begin : begin + FRAME_SAMPLES + 2 * _BEFORE])
        self._pending = self._pending[count * FRAME_SAMPLES :]
        self._rows += count
        return rows

    def _row(self, samples: Array) -> Array:
        windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]
        power = np.abs(np.fft.rfft(windows * _taper(), _FFT)) ** 2
        bands = 10 * np.log10(power @ mel_filters() + _SILENCE)
        loudness = 10 * np.log10(power.mean(1) + _SILENCE)
        levels = np.array([self._follow(float(level)) for level in loudness])
        return np.clip((bands - levels[:, None]) / _UNIT, _LOWEST, _HIGHEST).astype(np.float32).reshape(-1)

    def _follow(self, loudness: float) -> float:
        """The level after a hop of this loudness: it rises fast, and falls slowly while somebody speaks."""
        if loudness > self._level:
            self._level += _RISE * (loudness - self._level)
        elif loudness > self._level - _SPEECH_RANGE:
            self._level = max(self._level - _FALL, _QUIETEST_LEVEL)
        return self._level


def mel_features(samples: Array) -> Array:
    """Rows [ceil(n / 640), 256] of a whole recording, float32 [n] at 16 kHz."""
    features = MelFeatures()
    rows = features.push(samples)
    return np.concatenate([rows, features.finish()])
