"""Operations on whole sounds in the frequency domain: exact in time, without delay."""

from __future__ import annotations

import numpy as np

from dh_ditto.synthesis.arrays import Array

_PRIMES = (2, 3, 5)


def fast_length(length: int) -> int:
    """The next length whose prime factors are 2, 3 and 5, for which the FFT is quick."""
    while not _is_smooth(length):
        length += 1
    return length


def _is_smooth(number: int) -> bool:
    for prime in _PRIMES:
        while number % prime == 0:
            number //= prime
    return number == 1


def resampled(samples: Array, source_rate: float, target_rate: float) -> Array:
    """A sound at another rate, band-limited; sample k lies at k / rate seconds before and after.

    Args:
        samples: [n].
        source_rate: samples per second; it need not be whole.
        target_rate: the same of what is wanted.

    Returns:
        [ceil(n target_rate / source_rate)] float32. Times are exact to half a sample.
    """
    wanted = int(np.ceil(len(samples) * target_rate / source_rate))
    # Silence at the end keeps it from the beginning: a spectrum's sound is a ring.
    before = fast_length(len(samples) + round(0.02 * source_rate))
    after = round(before * target_rate / source_rate)
    spectrum = np.fft.rfft(samples, before)
    kept = np.zeros(after // 2 + 1, complex)
    shared = min(len(kept), len(spectrum))
    kept[:shared] = spectrum[:shared]
    if shared < len(spectrum):  # the last hertz fade out, so that nothing rings
        fade = min(shared, max(1, shared // 40))
        kept[shared - fade : shared] *= np.cos(np.linspace(0, np.pi / 2, fade)) ** 2
    return (np.fft.irfft(kept, after)[:wanted] * (after / before)).astype(np.float32)


def shaped(samples: Array, decibels: Array, rate: float, hertz: Array) -> Array:
    """A sound [n] with each frequency raised by decibels given at rising ``hertz``; phases stay, so nothing is delayed.

    Args:
        samples: [n].
        decibels: [k] at the frequencies ``hertz`` [k]; straight lines in between, held beyond.
        rate: samples per second.
        hertz: [k].
    """
    length = fast_length(len(samples) + int(0.05 * rate))
    gain = 10 ** (np.interp(np.fft.rfftfreq(length, 1 / rate), hertz, decibels) / 20)
    return np.fft.irfft(np.fft.rfft(samples, length) * gain, length)[: len(samples)].astype(np.float32)


def convolved(samples: Array, response: Array) -> Array:
    """A sound [n] heard through an impulse response [m], cut to [n]."""
    length = fast_length(len(samples) + len(response))
    product = np.fft.rfft(samples, length) * np.fft.rfft(response, length)
    return np.fft.irfft(product, length)[: len(samples)].astype(np.float32)


def level(samples: Array) -> float:
    """Root mean square of a sound [n] in dB of full scale, -200 for silence."""
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20))


def at_level(samples: Array, decibels: float) -> Array:
    """A sound [n] scaled to a root mean square in dB of full scale; silence stays silence."""
    now = level(samples)
    return samples if now <= -190 else (samples * 10 ** ((decibels - now) / 20)).astype(np.float32)


def loud_level(samples: Array, rate: float) -> float:
    """Level of a sound's loud parts, the 90th percentile of its 50 ms blocks, in dB of full scale."""
    block = int(0.05 * rate)
    blocks = samples[: len(samples) // block * block].reshape(-1, block)
    if not len(blocks):
        return level(samples)
    return float(10 * np.log10(np.percentile(np.mean(np.square(blocks, dtype=np.float64), 1), 90) + 1e-20))
