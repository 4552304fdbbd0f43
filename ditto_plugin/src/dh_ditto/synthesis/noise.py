"""Backgrounds that are no speech: hiss, rumble, mains hum, music-like tones, and rooms' echoes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

import dh
from dh_ditto.synthesis.arrays import Array
from dh_ditto.synthesis.sound import fast_length

_RATE = dh.SAMPLE_RATE


def coloured(rng: np.random.Generator, length: int, slope: float) -> Array:
    """Noise [length] whose level falls by ``slope`` dB per octave: 0 white, 3 pink, 6 brown; rms 1."""
    size = fast_length(length)
    spectrum = np.fft.rfft(rng.standard_normal(size, np.float32))
    hertz = np.maximum(np.fft.rfftfreq(size, 1 / _RATE), 30.0)
    noise = np.fft.irfft(spectrum * hertz ** (-slope / 6.02), size)[:length]
    return (noise / np.sqrt(np.mean(noise**2))).astype(np.float32)


def _hum(rng: np.random.Generator, length: int) -> Array:
    base = rng.choice([50.0, 60.0]) * rng.uniform(0.999, 1.001)
    t = np.arange(length) / _RATE
    waves = [
        rng.uniform(0.2, 1) / n * np.sin(2 * np.pi * n * base * t + rng.uniform(0, 2 * np.pi)) for n in range(1, 9)
    ]
    return _unit(np.sum(waves, 0))


def _tones(rng: np.random.Generator, length: int) -> Array:
    """Chords of a few decaying partials on a pentatonic scale: like music, unlike speech."""
    scale = 110 * 2 ** (np.array([0, 2, 4, 7, 9, 12, 14, 16, 19, 21, 24]) / 12)
    sound = np.zeros(length)
    beat = rng.uniform(0.18, 0.7)
    for start in np.arange(0, length / _RATE, beat):
        begin = int(start * _RATE)
        t = np.arange(min(length - begin, int(rng.uniform(0.3, 1.5) * _RATE))) / _RATE
        decay = np.exp(-t * rng.uniform(1.5, 6)) * np.minimum(t / 0.01, 1)
        for pitch in rng.choice(scale, int(rng.integers(1, 4)), replace=False):
            for partial in range(1, 5):
                sound[begin : begin + len(t)] += decay * np.sin(2 * np.pi * pitch * partial * t) / partial**1.5
    return _unit(sound)


def _gusts(rng: np.random.Generator, length: int) -> Array:
    """Noise that swells and fades, as wind and traffic do."""
    knots = int(length / _RATE * rng.uniform(0.3, 2)) + 2
    swell = np.interp(np.arange(length), np.linspace(0, length, knots), rng.uniform(-18, 0, knots))
    return _unit(coloured(rng, length, rng.uniform(2, 7)) * 10 ** (swell / 20))


def _clicks(rng: np.random.Generator, length: int) -> Array:
    """Keys, cutlery, paper: short bursts at random times over a little hiss."""
    sound = 0.003 * coloured(rng, length, 3)
    for at in rng.integers(0, length, int(length / _RATE * rng.uniform(0.5, 4))):
        burst = coloured(rng, min(int(rng.uniform(0.004, 0.05) * _RATE), length - int(at)) + 16, rng.uniform(-3, 3))
        burst = burst[: length - int(at)] * np.exp(-np.arange(len(burst))[: length - int(at)] / (0.008 * _RATE))
        sound[at : at + len(burst)] += rng.uniform(0.1, 1) * burst
    return _unit(sound)


def _unit(sound: Array) -> Array:
    return (sound / max(float(np.sqrt(np.mean(np.square(sound)))), 1e-9)).astype(np.float32)


_KINDS: Mapping[str, tuple[float, Callable[[np.random.Generator, int], Array]]] = {
    "hiss": (3.0, lambda rng, length: coloured(rng, length, rng.uniform(-1, 2))),
    "pink": (3.0, lambda rng, length: coloured(rng, length, rng.uniform(2, 4))),
    "rumble": (1.5, lambda rng, length: coloured(rng, length, rng.uniform(5, 9))),
    "gusts": (1.5, _gusts),
    "hum": (1.0, _hum),
    "tones": (1.2, _tones),
    "clicks": (1.0, _clicks),
}


def background(rng: np.random.Generator, length: int) -> Array:
    """A background [length] at 16 kHz of one kind, or of two, with an rms of 1."""
    weights = np.array([weight for weight, _ in _KINDS.values()])
    makers = [make for _, make in _KINDS.values()]
    picked = rng.choice(len(makers), 2, p=weights / weights.sum())
    sound = makers[int(picked[0])](rng, length)
    if rng.random() < 0.3:
        sound = sound + float(rng.uniform(0.2, 1)) * makers[int(picked[1])](rng, length)
    return _unit(sound)


def room(rng: np.random.Generator) -> Array:
    """A room's impulse response [m] at 16 kHz: the direct sound at 0, early reflections, an exponential tail.

    Nothing comes before the direct sound and nothing delays it. The reverberation takes 0.1 to 0.8 s to fall by 60 dB.
    """
    decay = float(rng.uniform(0.1, 0.8))
    t = np.arange(int(decay * _RATE)) / _RATE
    tail = coloured(rng, len(t), rng.uniform(0, 5)) * 10 ** (-3 * t / decay)
    tail[: int(rng.uniform(0.004, 0.02) * _RATE)] = 0
    direct_to_tail = rng.uniform(1, 20)
    tail *= 10 ** (-direct_to_tail / 20) / np.sqrt(np.sum(tail**2))
    for at in rng.uniform(0.0015, 0.04, int(rng.integers(2, 8))):
        tail[int(at * _RATE)] += rng.choice([-1, 1]) * rng.uniform(0.05, 0.45) * np.exp(-at / 0.03)
    tail[0] = 1.0
    return tail.astype(np.float32)
