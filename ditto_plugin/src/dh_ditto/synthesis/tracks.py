"""Smooth tracks from timed events, and slow aimless motion: what all parts of a performed face move by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dh_ditto.synthesis.arrays import Array

FPS = 25.0
"""Frames per second of all motion."""

GRID_RATE = 200
"""Points per second at which tracks are made before frames are taken from them."""

_WAVES = 6


def frame_times(frames: int) -> Array:
    """Seconds of the middles of frames: [frames]."""
    return (np.arange(frames) + 0.5) / FPS


def grid_length(frames: int) -> int:
    """Points of the grid that covers this many frames."""
    return int(np.ceil(frames / FPS * GRID_RATE)) + 1


def painted(spans: Sequence[tuple[float, float, float]], length: int) -> Array:
    """Grid [length] of 0 with the value of each span (begin, end in seconds, value) where it lies; later ones win."""
    grid = np.zeros(length)
    for begin, end, value in spans:
        first, last = round(begin * GRID_RATE), round(end * GRID_RATE)
        grid[max(first, 0) : max(last, first + 1, 0)] = value
    return grid


def gaussian(seconds: float) -> Array:
    """Kernel of a standard deviation in seconds, with a sum of 1."""
    reach = int(np.ceil(3.5 * seconds * GRID_RATE))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (seconds * GRID_RATE)) ** 2)
    return np.asarray(kernel / kernel.sum())


def blurred(grid: Array, kernel: Array) -> Array:
    """A grid [n] blurred by a kernel of odd length, its ends held."""
    reach = len(kernel) // 2
    return np.convolve(np.pad(grid, reach, mode="edge"), kernel, mode="valid")


def followed(grid: Array, hertz: float) -> Array:
    """A grid [n] as a critically damped spring of a natural frequency follows it, from its first value."""
    omega = 2 * np.pi * hertz
    t = (np.arange(int(np.ceil(9 / omega * GRID_RATE))) + 0.5) / GRID_RATE
    kernel = t * np.exp(-omega * t)
    kernel /= kernel.sum()
    return np.convolve(np.pad(grid, (len(kernel) - 1, 0), mode="edge"), kernel, mode="valid")


def sampled(grid: Array, times: Array) -> Array:
    """Values of a grid [n] at times in seconds, its ends held."""
    return np.interp(times * GRID_RATE, np.arange(len(grid)), grid)


def wander(rng: np.random.Generator, times: Array, slowest: float, fastest: float) -> Array:
    """Slow aimless motion at times: sines of random frequencies within a band of hertz, mean 0, rms 0.7."""
    steps = (np.arange(_WAVES) + rng.uniform(0, 1, _WAVES)) / _WAVES
    omegas = 2 * np.pi * slowest * (fastest / slowest) ** steps
    phases = rng.uniform(0, 2 * np.pi, _WAVES)
    return np.sin(np.outer(times, omegas) + phases).sum(1) / np.sqrt(_WAVES)
