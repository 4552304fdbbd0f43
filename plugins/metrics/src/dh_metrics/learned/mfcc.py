"""Mel-frequency cepstra as SyncNet heard them in training.

Davis and Mermelstein 1980. Twenty-five milliseconds every ten, no window function, 26 filters, 13 cepstra with a
sinusoidal lifter, the first one replaced by the logarithm of the energy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

Array = NDArray[np.float64]

RATE = 16_000
STEP = 160
"""Samples from one row of cepstra to the next."""
_WINDOW = 400
_FFT = 512
_FILTERS = 26
CEPSTRA = 13
_LIFTER = 22
_EMPHASIS = 0.97
_FULL_SCALE = 32768.0
_ROWS = 4096
"""Rows that are computed at a time."""


def mfcc(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cepstra of speech, (rows, 13), a hundred rows a second; the last one may reach into zeros beyond the end.

    Args:
        samples: mono at 16 kHz, full scale 1, (n,); n at least 1.
    """
    signal = samples.astype(np.float64) * _FULL_SCALE
    signal = np.append(signal[:1], signal[1:] - _EMPHASIS * signal[:-1])
    rows = 1 + max(0, -(-(len(signal) - _WINDOW) // STEP))
    signal = np.pad(signal, (0, (rows - 1) * STEP + _WINDOW - len(signal)))
    windows = np.lib.stride_tricks.sliding_window_view(signal, _WINDOW)[::STEP]
    return np.concatenate([_cepstra(windows[at : at + _ROWS]) for at in range(0, rows, _ROWS)]).astype(np.float32)


def _cepstra(windows: Array) -> Array:
    power = np.abs(np.fft.rfft(windows, _FFT)) ** 2 / _FFT
    tiny = np.finfo(np.float64).eps
    energy = np.maximum(power.sum(1), tiny)
    logarithms = np.log(np.maximum(power @ _FILTERBANK.T, tiny))
    cepstra = np.asarray(dct(logarithms, type=2, axis=1, norm="ortho"), np.float64)[:, :CEPSTRA]
    cepstra *= 1 + _LIFTER / 2 * np.sin(np.pi * np.arange(CEPSTRA) / _LIFTER)
    cepstra[:, 0] = np.log(energy)
    return cepstra


def _filterbank() -> Array:
    """Triangles of equal width on the mel scale from 0 to 8 kHz, (26, 257)."""
    highest = 2595 * np.log10(1 + RATE / 2 / 700)
    hertz = 700 * (10 ** (np.linspace(0, highest, _FILTERS + 2) / 2595) - 1)
    edges = np.floor((_FFT + 1) * hertz / RATE)
    bins = np.arange(_FFT // 2 + 1)
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (bins - left) / np.maximum(centre - left, 1)
    falling = (right - bins) / np.maximum(right - centre, 1)
    return np.where((bins >= left) & (bins < centre), rising, np.where((bins >= centre) & (bins < right), falling, 0.0))


_FILTERBANK = _filterbank()
