"""Loudness, accents and phrases of speech whose segments are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import dh
from dh_ditto.synthesis.arrays import Array
from dh_ditto.synthesis.phonemes import Manner
from dh_ditto.synthesis.segments import Segment

_BREAK = 0.16
"""Seconds of pause that end a phrase."""

_SPACING = 0.28
"""Seconds between accents: of nearer ones the stronger counts."""

_RANGE = 18.0
"""Decibels between a syllable that counts for nothing and the loudest."""


@dataclass(frozen=True)
class Accent:
    """A stressed syllable: seconds of its vowel's onset, and strength 0 to 1."""

    time: float
    strength: float


@dataclass(frozen=True)
class Prosody:
    """How segments are spoken.

    Args:
        loudness: of each segment, 0 (18 dB or more below the loud ones) to 1.
        accents: in order.
        phrases: begin and end in seconds, in order.
    """

    loudness: tuple[float, ...]
    accents: tuple[Accent, ...]
    phrases: tuple[tuple[float, float], ...]

    @property
    def gains(self) -> list[float]:
        """For each segment, by how much its loudness opens the mouth: 0.8 to 1.1."""
        return [0.8 + 0.3 * value for value in self.loudness]


def prosody_of(segments: Sequence[Segment], samples: Array) -> Prosody:
    """Prosody of segments in their clean sound.

    Args:
        segments: in seconds from the first sample.
        samples: [n] at 16 kHz.
    """
    power = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    bounds = np.array([[s.begin, s.end] for s in segments]).reshape(-1, 2)
    first, last = np.clip(np.rint(bounds * dh.SAMPLE_RATE).astype(int), 0, len(samples)).T
    level = 10 * np.log10((power[last] - power[first]) / np.maximum(last - first, 1) + 1e-10)
    vowels = [n for n, s in enumerate(segments) if s.articulation.is_vowel]
    loud = float(np.percentile(level[vowels], 90)) if vowels else 0.0
    loudness = tuple(np.clip(1 + (level - loud) / _RANGE, 0, 1).tolist())
    return Prosody(loudness, _accents(segments, loudness), phrases_of(segments))


def _accents(segments: Sequence[Segment], loudness: Sequence[float]) -> tuple[Accent, ...]:
    found: list[Accent] = []
    for segment, loud in zip(segments, loudness, strict=True):
        if not segment.articulation.is_vowel or not segment.stress:
            continue
        accent = Accent(segment.begin, loud * (1.0 if segment.stress == 2 else 0.6))
        if found and accent.time - found[-1].time < _SPACING:
            if accent.strength > found[-1].strength:
                found[-1] = accent
        else:
            found.append(accent)
    return tuple(found)


def phrases_of(segments: Sequence[Segment]) -> tuple[tuple[float, float], ...]:
    """Begin and end in seconds of what is said in one go, in order."""
    found: list[tuple[float, float]] = []
    for segment in segments:
        if segment.articulation.manner is Manner.PAUSE:
            continue
        if found and segment.begin - found[-1][1] < _BREAK:
            found[-1] = (found[-1][0], segment.end)
        else:
            found.append((segment.begin, segment.end))
    return tuple(found)
