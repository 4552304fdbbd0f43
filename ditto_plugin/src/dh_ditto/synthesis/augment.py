"""Clean synthetic speech made as varied as recordings are, without moving anything in time.

Formant synthesis is buzzy, dry and always alike. So its excitation is roughened (breath, flutter), its spectral
envelope is bent at random, and microphones, telephones, rooms, backgrounds, compression and levels are put over it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import dh
from dh_ditto.synthesis.arrays import Array
from dh_ditto.synthesis.noise import background, coloured, room
from dh_ditto.synthesis.sound import at_level, convolved, loud_level, shaped

_RATE = dh.SAMPLE_RATE
_FFT, _HOP = 512, 128
_ENVELOPE_BINS = 9
"""Lines (280 Hz) over which a spectrum is blurred to its envelope."""

_PEAK = (-35.0, -3.0)
"""Peak levels of recordings in dB of full scale, quietest and loudest."""

_SILENT_LEVEL = (-75.0, -28.0)
"""Levels of recordings in which nobody speaks."""


def augmented(samples: Array, rng: np.random.Generator, babble: Array | None = None) -> Array:
    """A recording [n] of clean speech [n] at 16 kHz, float32 within -1..1.

    Args:
        samples: clean.
        rng: of every choice.
        babble: other voices [n] for the background.
    """
    sound = samples.astype(np.float32)
    if rng.random() < 0.55:
        sound = _breathy(sound, rng)
    if rng.random() < 0.5:
        sound = _fluttering(sound, rng)
    sound = _filtered(sound, rng)
    if rng.random() < 0.5:
        sound = convolved(sound, room(rng))
    if rng.random() < 0.25:
        sound = _compressed(sound, rng)
    sound = _with_background(sound, rng, babble)
    return _at_peak(sound, rng.uniform(*_PEAK), clip=rng.random() < 0.08)


def with_breaths(samples: Array, phrases: Sequence[tuple[float, float]], rng: np.random.Generator) -> Array:
    """Speech [n] with some of the breaths that people draw before their phrases, and no mouth moves for.

    Args:
        samples: clean.
        phrases: their begins and ends in seconds.
        rng: of every choice.
    """
    sound = samples.astype(np.float32)
    loud = loud_level(sound, _RATE)
    share, quieter = rng.uniform(0, 0.9), rng.uniform(22, 45)
    before = 0.0
    for begin, end in phrases:
        length = float(min(rng.uniform(0.15, 0.5), begin - before - 0.1))
        first, before = begin - length - rng.uniform(0.01, 0.06), end
        if length > 0.1 and rng.random() < share:
            air = coloured(rng, int(length * _RATE), rng.uniform(0, 4))
            air = at_level(air * np.hanning(len(air)), loud - quieter + rng.uniform(-4, 4))
            at = int(first * _RATE)
            sound[at : at + len(air)] += air
    return sound


def idle_sound(length: int, rng: np.random.Generator) -> Array:
    """A recording [length] in which nobody speaks: exact silence, or a background."""
    if rng.random() < 0.15:
        return np.zeros(length, np.float32)
    sound = _filtered(background(rng, length), rng) if rng.random() < 0.5 else background(rng, length)
    return np.clip(at_level(sound, rng.uniform(*_SILENT_LEVEL)), -1, 1)


def as_it_is(samples: Array, rng: np.random.Generator) -> Array:
    """Clean speech [n] at a random level."""
    return _at_peak(samples.astype(np.float32), rng.uniform(-20, -3), clip=False)


def _breathy(sound: Array, rng: np.random.Generator) -> Array:
    """With a share of noise of the same spectral envelope, as breath makes it, more at high frequencies."""
    share = 10 ** (rng.uniform(-22, -3) / 20)
    padded = np.pad(sound, _FFT)
    window = np.sqrt(np.hanning(_FFT + 1)[:-1])
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP] * window
    power = np.square(np.abs(np.fft.rfft(frames, axis=1)))
    half = _ENVELOPE_BINS // 2
    cumulative = np.cumsum(np.pad(power, ((0, 0), (half + 1, half)), mode="edge"), 1)
    envelope = np.sqrt(np.maximum(cumulative[:, _ENVELOPE_BINS:] - cumulative[:, :-_ENVELOPE_BINS], 0) / _ENVELOPE_BINS)
    noise = np.fft.rfft(rng.standard_normal(frames.shape, np.float32) * window, axis=1)
    noise *= envelope / np.sqrt(np.sum(window**2))
    noise *= np.interp(np.arange(_FFT // 2 + 1), [0, 20, 90, _FFT // 2], [0.15, 0.4, 1.0, 1.0])
    made = np.fft.irfft(noise, axis=1) * window
    breath = np.zeros(len(padded))
    for offset in range(0, _FFT, _HOP):  # frames a window apart do not overlap
        rows = made[offset // _HOP :: _FFT // _HOP]
        breath[offset : offset + rows.size] += rows.ravel()
    breath *= _HOP / np.sum(window**2)
    return ((1 - 0.5 * share) * sound + 1.4 * share * breath[_FFT : _FFT + len(sound)]).astype(np.float32)


def _fluttering(sound: Array, rng: np.random.Generator) -> Array:
    """With a pitch that is never still: time wobbles by less than half a millisecond."""
    t = np.arange(len(sound)) / _RATE
    wobble = np.zeros(len(sound))
    for _ in range(3):
        hertz = rng.uniform(2.5, 11)
        depth = rng.uniform(0.001, 0.006)  # of the pitch
        wobble += depth / (2 * np.pi * hertz) * np.sin(2 * np.pi * hertz * t + rng.uniform(0, 2 * np.pi))
    wobble = np.clip(wobble, -0.0005, 0.0005)
    return np.interp(t + wobble, t, sound).astype(np.float32)


def _filtered(sound: Array, rng: np.random.Generator) -> Array:
    """Through a random microphone: a smooth curve of up to 12 dB, a tilt, and perhaps a narrow band."""
    hertz = np.geomspace(60, _RATE / 2, 48)
    octaves = np.log2(hertz / 1000)
    knots = np.sort(rng.uniform(octaves[0], octaves[-1], 7))
    strength = rng.choice([0.0, 3.0, 6.0, 9.0], p=[0.15, 0.3, 0.35, 0.2])
    curve = np.interp(octaves, knots, np.clip(rng.normal(0, 1, 7) * strength * 0.7, -12, 12))
    curve = np.convolve(np.pad(curve, 3, mode="edge"), np.hanning(9)[1:-1] / np.hanning(9).sum(), mode="valid")
    curve += np.clip(rng.normal(0, 1.5), -4, 4) * octaves
    kind = rng.random()
    if kind < 0.08:  # telephone
        curve -= 24 * np.maximum(np.log2(300 / hertz), 0) + 40 * np.maximum(np.log2(hertz / 3400), 0)
    elif kind < 0.22:
        curve -= 30 * np.maximum(np.log2(hertz / rng.uniform(2500, 7000)), 0)
    elif kind < 0.45:
        curve -= 18 * np.maximum(np.log2(rng.uniform(80, 250) / hertz), 0)
    return shaped(sound, np.maximum(curve, -60), _RATE, hertz)


def _compressed(sound: Array, rng: np.random.Generator) -> Array:
    """Overdriven a little, as cheap microphones and loudness processing do."""
    peak = float(np.percentile(np.abs(sound), 99.8)) + 1e-9
    drive = rng.uniform(1.0, 4.0)
    return (np.tanh(drive * sound / peak) * peak / np.tanh(drive)).astype(np.float32)


def _with_background(sound: Array, rng: np.random.Generator, babble: Array | None) -> Array:
    """With a background 2 to 60 dB below the speech's loud parts, mostly far below."""
    loud = loud_level(sound, _RATE)
    if loud < -120:
        return sound
    below = rng.uniform(5, 25) if rng.random() < 0.35 else rng.uniform(25, 60)
    noise = at_level(background(rng, len(sound)), loud - below)
    if babble is not None:
        noise = noise + at_level(babble, loud - rng.uniform(8, 25))
    return (sound + noise).astype(np.float32)


def _at_peak(sound: Array, decibels: float, *, clip: bool) -> Array:
    """Scaled to a peak level; clipped sound is 3 to 6 dB louder than full scale allows."""
    peak = float(np.abs(sound).max()) if len(sound) else 0.0
    if peak == 0:
        return sound
    wanted = 10 ** ((4.0 if clip else decibels) / 20)
    scaled = np.clip(sound * (wanted / peak), -1, 1)
    return (scaled * (10 ** (decibels / 20) if clip else 1.0)).astype(np.float32)
