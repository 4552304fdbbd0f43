"""Random numbers that depend on nothing but a key: any item of a training can be drawn again alone, in any order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

_INCREMENT, _FIRST, _SECOND = (
    np.uint64(value) for value in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)


def below(counts: Integers, *key: Integers | int) -> Integers:
    """Uniform integers from 0 up to, and without, ``counts``.

    Args:
        counts: [n], at least 1.
        key: integers of at least 0, each [n] or one for all: equal keys give equal numbers.
    """
    bits = np.zeros(counts.shape, np.uint64)
    for part in key:
        bits = _mixed(bits + np.asarray(part).astype(np.uint64) * _INCREMENT + _INCREMENT)
    uniform = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return (uniform * counts).astype(np.int64)


def step_seed(*key: int) -> int:
    """A seed for a generator, 0 to 2^63 - 1."""
    return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    bits = (bits ^ (bits >> np.uint64(30))) * _FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * _SECOND
    return bits ^ (bits >> np.uint64(31))
