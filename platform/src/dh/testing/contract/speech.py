"""Sound for the contract: speech-like, the same everywhere, of any length, cut in any way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count, cycle
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from dh.audio import SAMPLE_RATE, AudioChunk

Samples = NDArray[np.float32]

_PITCH = 125.0
_HARMONICS = 28
_SYLLABLES = 4.0  # a second
_WORD = 1.5  # seconds, of which the last third is silent
_FORMANTS = ((730.0, 1090.0, 2440.0), (270.0, 2290.0, 3010.0), (300.0, 870.0, 2240.0))
"""Hz of the vowels a, i and u (Peterson and Barney 1952, men)."""
_BANDWIDTH = 110.0


def speech(length: int, start: int = 0) -> Samples:
    """Samples ``start`` to ``start + length`` of an endless voice: float32 of shape (length,), within -0.8..0.8.

    A voice of constant pitch says the vowels a, i and u in turn, four a second, in words with a pause after each. Every
    sample depends on its own number alone, so any stretch can be made by itself.
    """
    time = (start + np.arange(length)) / SAMPLE_RATE
    syllable = np.floor(time * _SYLLABLES).astype(int)
    envelope = np.sin(np.pi * (time * _SYLLABLES % 1)) ** 2 * ((time % _WORD) < 2 / 3 * _WORD)
    voice = np.zeros(length)
    for harmonic in range(1, _HARMONICS + 1):
        gains = np.array([_gain(harmonic * _PITCH, formants) for formants in _FORMANTS])
        voice += gains[syllable % len(_FORMANTS)] * np.sin(2 * np.pi * harmonic * _PITCH * time)
    spoken: Samples = np.clip(0.25 * envelope * voice, -0.8, 0.8).astype(np.float32)
    return spoken


def chunks(samples: Samples, sizes: Iterable[int]) -> Iterator[AudioChunk]:
    """Cuts samples into chunks of the given sizes, over and over; what is left at the end is the last."""
    start = 0
    for size in cycle(list(sizes)):
        if start >= len(samples):
            return
        yield AudioChunk(samples[start : start + size], start)
        start += size


def endless_speech(size: int) -> Iterator[AudioChunk]:
    """The endless voice, in chunks that are made when they are asked for."""
    for number in count():
        yield AudioChunk(speech(size, number * size), number * size)


class _Sized(Protocol):
    def __len__(self) -> int: ...


Item = TypeVar("Item", bound=_Sized)


class Probe(Generic[Item]):
    """Passes on what a component asks for, and counts it.

    Attributes:
        given: items that were handed out.
        length: of these: samples of speech, or frames of motion.
        asked: how often the component asked, the end included.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = iter(items)
        self.given = self.length = self.asked = 0

    def __iter__(self) -> Probe[Item]:
        return self

    def __next__(self) -> Item:
        self.asked += 1
        item = next(self._items)
        self.given += 1
        self.length += len(item)
        return item


def _gain(frequency: float, formants: tuple[float, ...]) -> float:
    """Gain of a harmonic: resonances that fall by 6 dB per octave, as a spoken vowel's."""
    resonance = sum(1 / (1 + ((frequency - formant) / _BANDWIDTH) ** 2) for formant in formants)
    return float(resonance * _PITCH / frequency * 4)
