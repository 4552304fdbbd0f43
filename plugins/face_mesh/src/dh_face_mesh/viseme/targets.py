"""Speech features to mouth shapes: what each hop asks of jaw and lips.

After the acoustics of speech: F1 rises with the opening of the jaw, F2 falls with rounding and rises with spreading
(Fant 1960); closed lips leave the voice bar but take 15 to 30 dB from everything above 500 Hz; labial closures and
bursts lean to low frequencies, others to high ones (Stevens and Blumstein 1978).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from dh_face_mesh.viseme.features import SILENCE, Feature, Hops
from dh_face_mesh.viseme.speaker import Normal

PAST, FUTURE = 10, 8
"""Hops before and after its own that a target looks at."""

_ALL_OPEN = 27.0
"""Decibels of ORAL level between lips that just part and the speaker's open vowels."""


class Target(IntEnum):
    """Rows of mouth targets, each 0..1."""

    OPEN = 0
    """How far the lips would open for the vowel, closures left out."""
    JAW = 1
    """The same for the jaw, which has inertia and moves more slowly."""
    SHUT = 2
    """Closure of the lips: m, b, p, and in part other dips."""
    HISS = 3
    """Sibilants: teeth together, lips a little apart."""
    ROLL = 4
    """Lower lip under the upper teeth: f, v."""
    ROUND = 5
    """Rounded lips: o, u, w."""
    WIDE = 6
    """Spread lips: e, i."""
    VOICE = 7
    """Somebody speaks."""
    LOUD = 8
    """Loudness of the syllable, for emphasis."""
    PITCH = 9
    """Pitch: 0.5 is the speaker's mean, 1 six semitones above it, 0 six below."""


def oral_ahead(features: Hops) -> Hops:
    """Highest ORAL level of each hop and the ``FUTURE`` after it; ``features`` is (8, PAST + n + FUTURE)."""
    highest: Hops = _near(features[Feature.ORAL], 0, FUTURE).max(axis=1)
    return highest


def mouth_targets(features: Hops, normal: Hops) -> Hops:
    """What each hop asks of the mouth, before smoothing.

    Args:
        features: (8, PAST + n + FUTURE), rows of Feature.
        normal: (7, n), rows of Normal.

    Returns:
        (10, n), rows of Target, 0..1.
    """
    now = features[:, PAST:-FUTURE]
    loud = normal[Normal.LOUD]
    voiced = _ramp(now[Feature.VOICING], 0.45, 0.75)
    speaking = _ramp(now[Feature.LEVEL] - np.maximum(loud - 38, normal[Normal.FLOOR] + 8), 0, 8)
    hiss = _hiss(now, normal)
    heard = speaking * voiced
    shut, roll = _closure(features, normal, heard)

    quietest = np.maximum(loud - _ALL_OPEN, normal[Normal.ORAL_FLOOR] + 7)
    height = (now[Feature.F1] - normal[Normal.F1]) / 130
    front = (now[Feature.F2] - normal[Normal.F2]) / 280
    # The power of an i lies below ORAL, as that of a murmur does; its high second formant tells them apart.
    front_vowel = now[Feature.LEVEL] - 19 + 10 * _ramp(front, 0, 0.8)
    voice = np.maximum(now[Feature.ORAL], heard * front_vowel + (1 - heard) * SILENCE)
    loudness = _limit((voice - quietest) / np.maximum(loud - quietest, 6), 0, 1)
    opening = loudness * _limit(0.85 + 0.22 * height, 0.5, 1.15) * (1 - 0.8 * hiss)
    vowel = loudness * voiced
    clear_vowel = _ramp(vowel, 0.1, 0.5)
    semitones = 12 * np.log2(now[Feature.PITCH] / normal[Normal.PITCH])
    octave_error = np.abs(semitones) > 9

    targets = np.empty((len(Target), now.shape[1]))
    targets[Target.OPEN] = targets[Target.JAW] = opening
    targets[Target.SHUT] = shut * (1 - hiss)
    targets[Target.HISS] = hiss
    targets[Target.ROLL] = roll
    targets[Target.ROUND] = clear_vowel * _limit((-0.2 - front) / 1.3, 0, 1) * _limit(1.1 - height, 0, 1)
    targets[Target.WIDE] = clear_vowel * _limit((front - 0.3) / 1.5, 0, 1)
    targets[Target.VOICE] = speaking
    targets[Target.LOUD] = vowel
    targets[Target.PITCH] = 0.5 + np.where(octave_error, 0, _limit(semitones / 12, -0.5, 0.5)) * clear_vowel
    return targets


def _hiss(now: Hops, normal: Hops) -> Hops:
    """How much of a sibilant each hop is: more HIGH than ORAL, and loud enough to matter."""
    high = now[Feature.HIGH]
    heard = high - np.maximum(normal[Normal.LOUD] - 34, normal[Normal.HIGH_FLOOR] + 8)
    return _ramp(high - now[Feature.ORAL], -3, 6) * _ramp(heard, 0, 8)


def _closure(features: Hops, normal: Hops, murmur: Hops) -> tuple[Hops, Hops]:
    """How much of a labial closure, and of a labiodental, each hop is.

    A closure is a dip of the ORAL level before a louder sound: of a voice that goes on (m, b, v), or to a silence
    between two sounds (p). A labial one has a low second formant, and no bright burst or hiss at its release.

    Args:
        features: as for ``mouth_targets``.
        normal: as for ``mouth_targets``.
        murmur: (n,), whether a voice is heard in the hop.
    """
    now = features[:, PAST:-FUTURE]
    loud = normal[Normal.LOUD]
    oral, high = now[Feature.ORAL], now[Feature.HIGH]

    before = _near(features[Feature.ORAL], -PAST, 0).max(axis=1)
    after = _near(features[Feature.ORAL], 0, FUTURE).max(axis=1)
    around = murmur * after + (1 - murmur) * np.minimum(before, after)
    dip = _ramp(np.minimum(around, loud) - oral, 7, 16) * (around > loud - 26)

    high_ahead = _near(features[Feature.HIGH], 0, FUTURE)
    excess = high_ahead - _near(features[Feature.ORAL], 0, FUTURE)
    brightest = np.where(high_ahead > loud[:, None] - 42, excess, -40).max(axis=1)
    dull_release = (1 - 0.7 * murmur) * np.minimum((-2 - brightest) / 3, 2)
    low_formant = (110 - 60 * murmur - (now[Feature.F2] - normal[Normal.F2])) / 60
    evidence = dull_release + np.where(now[Feature.LEVEL] > loud - 40, low_formant, 0)
    labial = 1 / (1 + np.exp(-_limit(evidence, -20, 20)))

    frication = _ramp(high - now[Feature.LOW], -12, 0) * _ramp(high - loud, -44, -34)
    return dip * (0.2 + 0.8 * labial), dip * labial * frication


def _near(row: Hops, first: int, last: int) -> NDArray[np.float64]:
    """Each hop's neighbours from ``first`` to ``last``, (n, last - first + 1), of a row (PAST + n + FUTURE,)."""
    hops = len(row) - PAST - FUTURE
    return row[np.arange(PAST, PAST + hops)[:, None] + np.arange(first, last + 1)]


def _limit(x: Hops, low: float, high: float) -> Hops:
    """As np.clip, at a third of its cost on the few hops of a live chunk."""
    limited: Hops = np.minimum(np.maximum(x, low), high)
    return limited


def _ramp(x: Hops, low: float, high: float) -> Hops:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = _limit((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)
