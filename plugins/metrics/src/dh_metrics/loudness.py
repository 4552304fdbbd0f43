"""How loud the speech is, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import dh
from dh_face_mesh.measures import series

Array = NDArray[np.float64]

_BAND = (150.0, 4000.0)
"""Hz: most of the voice's energy; hum, wind and hiss lie outside."""

_ORDER = 2
"""Of the Butterworth gains at both ends of the band; they are applied to the spectrum and so shift nothing."""

_EXPONENT = 0.6
"""Of loudness over sound pressure, after Stevens 1955; energy to the power 0.3."""


@dataclass(frozen=True, eq=False)
class Loudness:
    """The speech over the frames that it fills.

    Args:
        level: (n,) root mean square of the sound within the voice's band, full scale at 1.
        loudness: (n,) 0 to 1: the level to the power 0.6, as a share of its 95th percentile.
    """

    level: Array
    loudness: Array


def speech_loudness(material: dh.Material) -> Loudness:
    """The loudness of the material's speech, for as many frames as the sound lasts; made once.

    Raises:
        NotMeasurable: there is no sound.
    """
    return material.shared("dh_metrics.loudness", lambda given: loudness_of(given.samples, given.fps))


def loudness_of(samples: NDArray[np.float32], fps: float) -> Loudness:
    """The loudness of sound.

    Args:
        samples: (n,), 16 kHz mono.
        fps: frames per second.
    """
    level = series.loudness(_voice_of(samples), dh.frames_for(len(samples), dh.SAMPLE_RATE, fps), dh.SAMPLE_RATE, fps)
    compressed = level**_EXPONENT
    loud = float(np.percentile(compressed, 95))
    return Loudness(level, np.clip(compressed / loud, 0, 1) if loud > 0 else np.zeros_like(level))


def _voice_of(samples: NDArray[np.float32]) -> Array:
    """What of the sound lies in the voice's band, (n,); the power at the band's ends is a quarter."""
    # Silence at the end keeps the filter from reaching round to the beginning.
    spectrum = np.fft.rfft(samples, len(samples) + dh.SAMPLE_RATE // 10)
    low, high = _BAND
    frequency = np.linspace(0, dh.SAMPLE_RATE / 2, len(spectrum))
    below, above = (frequency / low) ** (2 * _ORDER), (frequency / high) ** (2 * _ORDER)
    return np.asarray(np.fft.irfft(spectrum * below / (1 + below) / (1 + above))[: len(samples)])
