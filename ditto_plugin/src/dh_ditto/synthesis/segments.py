"""Timed segments: where each sound of an utterance begins and ends, closures and releases included.

eSpeak NG marks a phoneme where its own sound begins. That of a voiceless stop is its burst, and the closure before it
is silence that ends the phoneme before; the mark of a vowel after a nasal or a voiced stop comes after the transition.
Both are put right here, by the sound itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dh_ditto.synthesis.espeak import SAMPLE_RATE, SpokenText
from dh_ditto.synthesis.phonemes import PAUSE, Articulation, Manner, articulations, stress

_LONG_SILENCE = 0.06
"""Seconds of silence from which on it is a pause, where no phoneme asks for it."""

_FADE = 0.006
"""Seconds in which a sound fades out: lips are shut that much earlier than it is silent."""

_SILENT = 0.1
"""Level below which the sound counts as silent, as a share of its loud parts: some voices have an echo."""

_BLUR = 110
"""Samples (5 ms) over which the level is measured."""

_LONGEST_CLOSURE, _FIRST_CLOSURE = 0.14, 0.09
"""Seconds for which lips stay shut before a burst; the latter where a phrase begins with it."""

_ONSET = {Manner.NASAL: 0.04, Manner.STOP: 0.028}
"""Seconds of a vowel that come before its mark, behind a nasal and a voiced stop."""


@dataclass(frozen=True)
class Segment:
    """One sound.

    Args:
        begin, end: seconds from the start of the sound it is part of.
        symbol: of eSpeak NG, without stress; a sound of a diphthong or affricate has the whole symbol.
        articulation: what it asks of the mouth.
        stress: 0 none, 1 secondary, 2 primary.
    """

    begin: float
    end: float
    symbol: str
    articulation: Articulation
    stress: int = 0

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.end - self.begin

    def moved(self, factor: float, offset: float) -> Segment:
        """In a sound stretched by ``factor`` that begins ``offset`` seconds into another."""
        return replace(self, begin=self.begin * factor + offset, end=self.end * factor + offset)


def segments_of(spoken: SpokenText) -> list[Segment]:
    """Segments of a spoken text: in order, without gaps or overlaps, from 0 to the end of the sound."""
    total = len(spoken.samples)
    positions = [min(position, total) for position, _ in spoken.marks] + [total]
    found: list[Segment] = []
    if positions[0]:
        found.append(Segment(0.0, positions[0] / SAMPLE_RATE, "", PAUSE))
    for (_, symbol), begin, end in zip(spoken.marks, positions, positions[1:], strict=False):
        if end > begin:
            found += _sounds(symbol, begin / SAMPLE_RATE, end / SAMPLE_RATE)
    return _with_closures(_joined(found), spoken.samples)


def _sounds(symbol: str, begin: float, end: float) -> list[Segment]:
    """A symbol's sounds: the first of several takes 60 % of its time."""
    sounds = articulations(symbol)
    cuts = [begin]
    for left in range(len(sounds) - 1, 0, -1):
        cuts.append(cuts[-1] + (0.6 if left == len(sounds) - 1 else 1 / (left + 1)) * (end - cuts[-1]))
    cuts.append(end)
    plain = symbol.lstrip("ˈˌ")
    return [Segment(a, b, plain, sound, stress(symbol)) for a, b, sound in zip(cuts, cuts[1:], sounds, strict=False)]


def _joined(segments: Sequence[Segment]) -> list[Segment]:
    """With pauses in one piece; a short silent mark within a word belongs to the sound before it."""
    joined: list[Segment] = []
    for segment in segments:
        if joined and segment.articulation is PAUSE:
            last = joined[-1]
            if last.articulation is PAUSE or segment.duration < _LONG_SILENCE:
                joined[-1] = replace(last, end=segment.end)
                continue
        joined.append(segment)
    return joined


def _with_closures(segments: list[Segment], samples: NDArray[np.int16]) -> list[Segment]:
    """With every stop's closure as its segment: from where the mouth shuts to where it lets go."""
    silent_since = _silence(samples)
    segments = list(segments)
    for number, segment in enumerate(segments):
        before = segments[number - 1] if number else None
        after = segments[number + 1] if number + 1 < len(segments) else None
        manner = segment.articulation.manner
        if manner is Manner.STOP and before is not None and before.symbol != segment.symbol:
            silence = _silence_before(silent_since, segment.begin)
            if before.articulation is PAUSE:
                closed = max(before.begin, segment.begin - _FIRST_CLOSURE) if silence else segment.begin
            else:
                closed = (
                    max(before.begin + 0.3 * before.duration, segment.begin - silence) if silence else segment.begin
                )
            if silence:  # released at its mark, after silence
                segments[number - 1] = replace(before, end=closed)
                segments[number] = replace(segment, begin=closed, end=segment.begin)
                if after is not None:
                    segments[number + 1] = replace(after, begin=segment.begin)
                continue
        onset = _ONSET.get(manner)
        if onset and after is not None and after.articulation.manner in (Manner.VOWEL, Manner.APPROXIMANT):
            released = segment.end - min(onset, 0.4 * segment.duration)
            segments[number] = replace(segment, end=released)
            segments[number + 1] = replace(after, begin=released)
    return [segment for segment in segments if segment.duration > 1e-6]


def _silence(samples: NDArray[np.int16]) -> NDArray[np.int64]:
    """For each sample, how many samples before it, itself included, are silent: (n,)."""
    power = np.cumsum(np.pad(samples.astype(np.float64) ** 2, (_BLUR, 0)))
    level = np.sqrt(np.maximum(power[_BLUR:] - power[:-_BLUR], 0) / _BLUR)
    loud = np.flatnonzero(level > _SILENT * np.percentile(level, 95))
    last = np.full(len(samples) + 1, -1, np.int64)
    last[loud + 1] = loud
    last = np.maximum.accumulate(last)
    return np.arange(len(samples)) - last[1:]


def _silence_before(silent_since: NDArray[np.int64], seconds: float) -> float:
    """Seconds of closure that end at a time: the silence right before it with the fade before that, or 0."""
    at = round(seconds * SAMPLE_RATE)
    near = silent_since[max(0, at - round(0.006 * SAMPLE_RATE)) : at + 1]
    longest = int(near.max()) / SAMPLE_RATE if len(near) else 0.0
    return min(longest + _FADE, _LONGEST_CLOSURE) if longest >= 0.012 else 0.0
