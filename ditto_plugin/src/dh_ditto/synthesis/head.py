"""Head motion that follows the prosody: nods on accents, a posture for each phrase, wander, and breath in pauses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dh_ditto.synthesis.arrays import Array
from dh_ditto.synthesis.prosody import Prosody
from dh_ditto.synthesis.tracks import GRID_RATE, followed, frame_times, grid_length, painted, sampled, wander

_RANGE = np.array([6.0, 8.0, 4.0])
"""Degrees of pitch, yaw and roll that a naturally moving head stays within."""

_POSTURE = np.array([0.9, 1.8, 1.1])
_WANDER = np.array([0.6, 1.1, 0.6])
"""Degrees, standard deviation."""

_NOD = (1.6, 4.6)
"""Degrees that a full accent lowers the chin."""

_NOD_CHANCE = 0.6
_NOD_AHEAD, _NOD_SECONDS = 0.05, 0.20
_PHRASE_END_NOD = 1.2
_SWAY = np.array([0.006, 0.004, 0.006])
_BREATH = 0.004
"""Face heights."""

_LONG_PAUSE = 0.9
"""Seconds of pause after which a head goes back to rest."""

_EASE_IN = 1.0


@dataclass(frozen=True)
class Habit:
    """How a mood holds the head.

    Args:
        pose: degrees of pitch, yaw and roll.
        lean: face heights towards the camera.
        liveliness: factor of all motion.
    """

    pose: tuple[float, float, float] = (0.0, 0.0, 0.0)
    lean: float = 0.0
    liveliness: float = 1.0


def head_motion(
    prosody: Prosody, frames: int, amount: float, habit: Habit, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Rotation in degrees and translation in face heights of the ``arkit`` space: [n, 3] each; 0 at the first moment.

    Args:
        prosody: what the head follows.
        frames: n.
        amount: 0 still, 1 natural, 2 lively.
        habit: of the mood.
        rng: of every chance.
    """
    length, times = grid_length(frames), frame_times(frames)
    posture, speaking = _posture(prosody, length, rng)
    activity = 0.35 + 0.65 * sampled(followed(speaking, 0.8), times)
    rotation = np.stack([sampled(followed(row, 0.75), times) for row in posture], 1)
    rotation += activity[:, None] * _WANDER * np.stack([wander(rng, times, 0.08, 0.6) for _ in range(3)], 1)
    rotation[:, 0] += sampled(followed(_nods(prosody, length, rng), 2.4), times)
    rotation = habit.liveliness * rotation + np.array(habit.pose)

    translation = activity[:, None] * _SWAY * np.stack([wander(rng, times, 0.06, 0.4) for _ in range(3)], 1)
    pauses = 1 - sampled(followed(speaking, 0.8), times)
    translation[:, 1] += _BREATH * (0.4 + 0.6 * pauses) * wander(rng, times, 0.2, 0.3)
    translation[:, 2] += habit.lean

    ease = np.clip(times / _EASE_IN, 0, 1)
    ease = (ease * ease * (3 - 2 * ease))[:, None]
    # A lively head moves further, but no neck turns at will.
    reach = _RANGE * max(1.0, amount) ** 0.5
    return reach * np.tanh(amount * rotation / reach) * ease, amount * translation * ease


def _posture(prosody: Prosody, length: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Targets of pitch, yaw and roll, (3, length), and where somebody speaks, (length,).

    A head keeps a phrase's posture through a short pause and goes back to rest in a long one.
    """
    posture = np.zeros((3, length))
    speaking = painted([(begin, end, 1.0) for begin, end in prosody.phrases], length)
    following = [begin for begin, _ in prosody.phrases[1:]] + [length / GRID_RATE]
    for (begin, end), limit in zip(prosody.phrases, following, strict=False):
        target = np.clip(rng.normal(0, 1, 3), -2, 2) * _POSTURE
        until = min(limit, end + _LONG_PAUSE)
        early = max(0.0, begin - 0.15)  # turns begin before the words do
        posture[:, round(early * GRID_RATE) : round(until * GRID_RATE)] = target[:, None]
    return posture, speaking


def _nods(prosody: Prosody, length: int, rng: np.random.Generator) -> Array:
    """Degrees asked for by accents and by the ends of phrases: (length,)."""
    spans = []
    for accent in prosody.accents:
        size, draw = rng.uniform(*_NOD), rng.random()
        if draw < _NOD_CHANCE:
            begin = accent.time - _NOD_AHEAD
            spans.append((begin, begin + _NOD_SECONDS, -size * accent.strength))
    for _, end in prosody.phrases:
        spans.append((end - 0.25, end + 0.1, -_PHRASE_END_NOD * rng.uniform(-0.4, 1.0)))
    return painted(spans, length)
