"""What the viseme driver measures in speech: band levels, vowel colour, voicing and pitch, 100 times a second.

A *hop* is 10 ms. Hop h describes the 32 ms of speech centred on second h / 100, so a hop is known 16 ms after its
own time. Every value depends on its own window alone: how the speech was cut into chunks leaves no trace.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from dh import SAMPLE_RATE

HOP_RATE = 100
"""Hops per second."""

HOP = SAMPLE_RATE // HOP_RATE
"""Samples per hop."""

WINDOW = 512
"""Samples per analysis window (32 ms, two periods of a deep voice)."""

SILENCE = -85.0
"""Level, in dB of full scale, that stands for silence: nothing quieter is told apart."""

Hops = NDArray[np.float64]
"""Float64 of shape (rows, hops); the rows are those of an IntEnum."""


class Feature(IntEnum):
    """Rows of the measured features."""

    LEVEL = 0
    """Level of the whole voice, 90 to 6000 Hz, in dB of full scale."""
    ORAL = 1
    """Level of what leaves the mouth, 500 to 3500 Hz: it falls when the lips close, even while the voice goes on."""
    HIGH = 2
    """Level of the hiss of sibilants and bursts, 3600 to 7800 Hz."""
    LOW = 3
    """Level of the voice bar and of nasal murmur, 90 to 400 Hz."""
    F1 = 4
    """Spectral centroid of 200 to 1150 Hz in Hz: follows the first formant, which rises as the jaw opens."""
    F2 = 5
    """Spectral centroid of 900 to 3000 Hz in Hz: follows the second formant, low for round and high for spread lips."""
    VOICING = 6
    """Peak of the normalised autocorrelation, 0 (noise) to 1 (periodic)."""
    PITCH = 7
    """Lag of that peak as a frequency in Hz; means something where VOICING is high."""


_BIN = SAMPLE_RATE / WINDOW
_WINDOW = np.hanning(WINDOW + 1)[:-1]
_HERTZ = np.arange(WINDOW // 2 + 1) * _BIN
_POWER_SCALE = 2 / (WINDOW * float(np.sum(_WINDOW**2)))
_QUIETEST = 10 ** (SILENCE / 10)
_SHORTEST_LAG, _LONGEST_LAG = SAMPLE_RATE // 400, SAMPLE_RATE // 75


def _lag_compensation() -> NDArray[np.float64]:
    """One over the window's own autocorrelation (Boersma 1993), half-way in dB so that noise is not blown up."""
    spectrum = np.abs(np.fft.rfft(_WINDOW, 2 * WINDOW)) ** 2
    own = np.fft.irfft(spectrum)[_SHORTEST_LAG:_LONGEST_LAG]
    return np.asarray((float(np.sum(_WINDOW**2)) / own) ** 0.75)


_LAG_COMPENSATION = _lag_compensation()


def _bins(low: float, high: float) -> slice:
    return slice(int(np.ceil(low / _BIN)), int(high / _BIN) + 1)


def _band_level(power: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    return np.asarray(10 * np.log10(power[:, _bins(low, high)].sum(axis=1) + _QUIETEST))


def _centroid(amplitude: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    band = _bins(low, high)
    weight = amplitude[:, band] + 1e-9
    return np.asarray((weight * _HERTZ[band]).sum(axis=1) / weight.sum(axis=1))


def _voicing(power: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Height and frequency of the highest autocorrelation peak between 75 and 400 Hz."""
    voice = power.copy()
    voice[:, : _bins(60, 60).start] = 0
    voice[:, _bins(0, 1500).stop :] = 0
    correlation = np.fft.irfft(voice, axis=1)
    lags = correlation[:, _SHORTEST_LAG:_LONGEST_LAG] * _LAG_COMPENSATION
    best = lags.argmax(axis=1)
    height = lags[np.arange(len(lags)), best] / (correlation[:, 0] + 1e-12)
    return np.clip(height, 0, 1), SAMPLE_RATE / (_SHORTEST_LAG + best)


class FeatureExtractor:
    """Cuts a stream of samples into hops and measures each."""

    def __init__(self) -> None:
        self._pending: NDArray[np.float32] = np.zeros(WINDOW // 2, np.float32)

    def push(self, samples: NDArray[np.float32]) -> Hops:
        """Takes the next samples, float32 (n,) at 16 kHz, and returns the hops they complete: (8, hops >= 0)."""
        pending = np.concatenate([self._pending, samples])
        hops = max(0, (len(pending) - WINDOW) // HOP + 1)
        self._pending = pending[hops * HOP :]
        if not hops:
            return np.empty((len(Feature), 0))
        windows = np.lib.stride_tricks.sliding_window_view(pending, WINDOW)[: hops * HOP : HOP]
        power = np.abs(np.fft.rfft(windows * _WINDOW, axis=1)) ** 2 * _POWER_SCALE
        amplitude = np.sqrt(power)
        features = np.empty((len(Feature), hops))
        features[Feature.LEVEL] = _band_level(power, 90, 6000)
        features[Feature.ORAL] = _band_level(power, 500, 3500)
        features[Feature.HIGH] = _band_level(power, 3600, 7800)
        features[Feature.LOW] = _band_level(power, 90, 400)
        features[Feature.F1] = _centroid(amplitude, 200, 1150)
        features[Feature.F2] = _centroid(amplitude * np.sqrt(_HERTZ), 900, 3000)
        features[Feature.VOICING], features[Feature.PITCH] = _voicing(power)
        return features
