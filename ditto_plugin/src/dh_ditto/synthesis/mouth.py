"""Mouth motion of timed segments, with coarticulation.

After Cohen and Massaro (1993), "Modeling coarticulation in synthetic visual speech": each segment asks for a target in
each channel with its own dominance, and the mouth at any time is the mean of all targets near it, weighed by dominance
and nearness. Sounds that need the lips (p, f, w, s) dominate; others let their neighbours decide. A closure is a
channel of its own, so that it is always reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dh_ditto.synthesis.arrays import Array
from dh_ditto.synthesis.phonemes import Articulation, Manner, Place
from dh_ditto.synthesis.segments import Segment
from dh_ditto.synthesis.shapes import SHAPE, columns_of
from dh_ditto.synthesis.tracks import blurred, frame_times, gaussian, grid_length, painted, sampled

LEAD = 0.015
"""Seconds by which the mouth is ahead of the sound."""

_WIDEST = 0.50
"""jawOpen of a stressed open vowel in clear speech."""

_WIDTH = {"jaw": 0.042, "lips": 0.032, "round": 0.055, "spread": 0.048, "shut": 0.013, "tuck": 0.018, "hiss": 0.024}
"""Standard deviation in seconds of each channel's nearness: the jaw is heavy, and rounding reaches far."""

_SHORTEST_CLOSURE, _SHORTEST_TUCK = 0.072, 0.09
"""Seconds that closed lips, and a lip under the teeth, take at least, so that some frame shows them whole."""

_HOLD, _ANTICIPATION = 0.10, 0.12
"""Seconds of a pause in which the mouth still lingers, and in which it gets ready."""

_SKEW = 0.04
"""The left side is this much livelier than the right, as faces are."""

_CONSONANTS = {  # place: target of the jaw, its dominance, target of the lips, its dominance
    Place.BILABIAL: (0.16, 0.8, 0.06, 0.8),
    Place.LABIODENTAL: (0.13, 2.0, 0.12, 2.6),
    Place.DENTAL: (0.18, 1.3, 0.20, 1.0),
    Place.ALVEOLAR: (0.17, 1.1, 0.20, 0.7),
    Place.SIBILANT: (0.06, 3.2, 0.14, 2.2),
    Place.HUSHING: (0.09, 2.8, 0.18, 2.2),
    Place.PALATAL: (0.18, 1.0, 0.22, 0.7),
    Place.VELAR: (0.28, 0.5, 0.28, 0.4),
    Place.GLOTTAL: (0.35, 0.12, 0.35, 0.12),
    Place.APPROXIMANT: (0.20, 0.8, 0.20, 0.8),
}
_ROUND_LIPS_DOMINANCE = 1.6


@dataclass(frozen=True, eq=False)
class MouthMotion:
    """What the mouth does, frame by frame.

    Args:
        weights: [n, 52], nothing but jaw and mouth.
        shut: [n], how far a closure is reached, 0 to 1.
        voice: [n], how far somebody speaks, 0 to 1.
    """

    weights: Array
    shut: Array
    voice: Array


def mouth_motion(segments: Sequence[Segment], gains: Sequence[float], frames: int, articulation: float) -> MouthMotion:
    """The mouth for an utterance or clip, at the middle of each frame.

    Args:
        segments: without gaps, in seconds from the start of frame 0.
        gains: for each segment, by how much its loudness opens the mouth further (1: as usual).
        frames: n.
        articulation: 1 natural, 0.5 mumbling, 1.5 over-clear.
    """
    length = grid_length(frames)
    sharpness = articulation**-0.35
    kernels = {name: gaussian(width * sharpness) for name, width in _WIDTH.items()}
    times = frame_times(frames) + LEAD

    jaw_asks, lips_ask, round_asks, spread_asks = _asks(segments, gains)
    jaw, lips, rounded, spread = (
        sampled(_dominated(asks, kernels[name], length), times)
        for name, asks in (("jaw", jaw_asks), ("lips", lips_ask), ("round", round_asks), ("spread", spread_asks))
    )

    def share(name: str, spans: list[tuple[float, float]]) -> Array:
        grid = painted([(begin, end, 1.0) for begin, end in spans], length)
        return np.clip(1.15 * sampled(blurred(grid, kernels[name]), times), 0, 1)

    shut = share("shut", [_at_least(s, _SHORTEST_CLOSURE) for s in segments if s.articulation.closes_lips])
    tuck = share("tuck", [_at_least(s, _SHORTEST_TUCK) for s in segments if s.articulation.place is Place.LABIODENTAL])
    hissing = (Place.SIBILANT, Place.HUSHING)
    hiss = share("hiss", [(s.begin, s.end) for s in segments if s.articulation.place in hissing])
    voice = sampled(
        blurred(painted([(s.begin, s.end, float(not _silent(s))) for s in segments], length), gaussian(0.06)), times
    )
    weights = _weights(jaw, lips, rounded, spread, shut, tuck * (1 - shut), hiss * (1 - shut), articulation)
    return MouthMotion(weights, shut, voice)


_Ask = tuple[float, float, float, float]
"""Begin and end in seconds, target, dominance."""


def _asks(segments: Sequence[Segment], gains: Sequence[float]) -> tuple[list[_Ask], ...]:
    """What the segments ask of jaw, lips, rounding and spreading."""
    jaw: list[_Ask] = []
    lips: list[_Ask] = []
    rounded: list[_Ask] = []
    spread: list[_Ask] = []
    for segment, gain in zip(segments, gains, strict=True):
        begin, end, sound = segment.begin, segment.end, segment.articulation
        if _silent(segment):
            for first, last, dominance in _pause_parts(begin, end):
                for channel in (jaw, lips, rounded, spread):
                    channel.append((first, last, 0.0, dominance))
            continue
        if sound.is_vowel:
            height = (0.26 + 0.74 * sound.openness) * (0.84, 0.94, 1.05)[segment.stress] * gain
            aperture = height * (1 - 0.5 * sound.rounding)
            dominance = 0.7 + 0.2 * segment.stress
            jaw.append((begin, end, height, dominance))
            lips.append((begin, end, aperture, dominance + 0.4 * sound.rounding))
        else:
            jaw_target, jaw_dominance, lip_target, lip_dominance = _CONSONANTS[sound.place]
            if sound.rounding and sound.place is Place.APPROXIMANT:
                lip_target, lip_dominance = 0.2 - 0.12 * sound.rounding, _ROUND_LIPS_DOMINANCE
            jaw.append((begin, end, jaw_target, jaw_dominance))
            lips.append((begin, end, lip_target, lip_dominance))
        rounded.append((begin, end, sound.rounding, _shape_dominance(sound, segment.stress)))
        spread.append((begin, end, _spread(sound), _shape_dominance(sound, segment.stress)))
    return jaw, lips, rounded, spread


def _shape_dominance(sound: Articulation, stressed: int) -> float:
    """How much a sound cares whether the lips are round or spread."""
    if sound.is_vowel:
        return 0.8 + 0.2 * stressed
    if sound.rounding > 0.5:
        return 1.4
    return 0.5 if sound.place in (Place.SIBILANT, Place.HUSHING, Place.LABIODENTAL, Place.BILABIAL) else 0.15


def _spread(sound: Articulation) -> float:
    if sound.is_vowel or sound.place is Place.APPROXIMANT:
        return max(0.0, 2 * sound.frontness - 1) * (1 - 0.6 * sound.openness) * (1 - sound.rounding)
    return 0.35 if sound.place is Place.SIBILANT else 0.15


def _silent(segment: Segment) -> bool:
    return segment.articulation.manner is Manner.PAUSE


def _pause_parts(begin: float, end: float) -> list[tuple[float, float, float]]:
    """A pause's parts with their dominance: weak where the mouth lingers and where it gets ready."""
    hold, ready = (min(part, 0.4 * (end - begin)) for part in (_HOLD, _ANTICIPATION))
    return [(begin, begin + hold, 0.35), (begin + hold, end - ready, 1.0), (end - ready, end, 0.3)]


def _at_least(segment: Segment, seconds: float) -> tuple[float, float]:
    """The segment's time, made longer around its middle where it is shorter than ``seconds``."""
    missing = max(0.0, seconds - segment.duration) / 2
    return segment.begin - missing, segment.end + missing


def _dominated(asks: list[_Ask], kernel: Array, length: int) -> Array:
    """Grid of the mean of all targets, weighed by dominance and nearness."""
    dominance = painted([(begin, end, strength) for begin, end, _, strength in asks], length) + 1e-6
    wanted = painted([(begin, end, strength * target) for begin, end, target, strength in asks], length)
    return np.asarray(blurred(wanted, kernel) / blurred(dominance, kernel))


def _weights(
    jaw: Array, lips: Array, rounded: Array, spread: Array, shut: Array, tuck: Array, hiss: Array, articulation: float
) -> Array:
    """Channels [n] each, relative to the widest mouth, as blendshapes [n, 52].

    Lips part by about jawOpen - mouthClose: the jaw moves smoothly through a closure while the lips shut before it.
    """
    opening, shaping = articulation**0.8, articulation**0.5
    lips = lips * (1 - shut) * (1 - 0.85 * tuck)
    jaw_open = np.clip(opening * _WIDEST * np.maximum(jaw, lips), 0, 1)
    parted = np.minimum(opening * _WIDEST * lips, jaw_open)
    lips = np.minimum(lips, 1.2)
    weights = np.zeros((len(jaw), len(SHAPE)))

    def add(name: str, amount: Array) -> None:
        columns = columns_of(name)
        weights[:, columns] += amount[:, None] * ([1 + _SKEW, 1 - _SKEW] if len(columns) == 2 else 1)

    apart = 1 - shut
    add("jawOpen", jaw_open)
    add("mouthClose", jaw_open - parted)
    add("mouthLowerDown", opening * (0.26 * lips + 0.22 * hiss + 0.04 * tuck) * apart)
    add("mouthUpperUp", opening * (0.12 * lips + 0.12 * hiss + 0.14 * tuck) * apart)
    add("mouthFunnel", shaping * rounded * (0.18 + 0.50 * lips) * apart)
    add("mouthPucker", shaping * rounded * (0.75 - 0.25 * np.minimum(lips, 1)))
    add("mouthStretch", shaping * (0.20 * spread + 0.14 * hiss) * (1 - rounded))
    add("mouthSmile", shaping * 0.15 * spread * (1 - rounded))
    add("mouthRollLower", 0.60 * tuck + 0.12 * shut)
    add("mouthRollUpper", 0.12 * shut)
    add("mouthPress", 0.32 * shut)
    return np.clip(weights, 0, 1)
