"""The eight emotions as expression styles on blendshapes, mixed with speech so that closed lips stay closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from dh_ditto.condition import EMOTIONS
from dh_ditto.synthesis.arrays import Array
from dh_ditto.synthesis.head import Habit
from dh_ditto.synthesis.mouth import MouthMotion
from dh_ditto.synthesis.prosody import Prosody
from dh_ditto.synthesis.shapes import SHAPE, columns_of
from dh_ditto.synthesis.tracks import followed, frame_times, grid_length, painted, sampled, wander


@dataclass(frozen=True)
class Style:
    """How an emotion looks at its full strength.

    Args:
        face: blendshapes that last; a sided one without its side is for both.
        speaking: blendshapes that come with speech only.
        mouth: factor of the jaw's opening in speech.
        smiling: factor of the smile that spread vowels bring.
        rounding: factor of rounded lips.
        accent: blendshapes that accents add.
        droop: share of its opening that the eye loses.
        head: how it is held.
    """

    face: Mapping[str, float] = field(default_factory=dict)
    speaking: Mapping[str, float] = field(default_factory=dict)
    mouth: float = 1.0
    smiling: float = 1.0
    rounding: float = 1.0
    accent: Mapping[str, float] = field(default_factory=dict)
    droop: float = 0.0
    head: Habit = field(default_factory=Habit)


_RAISED = {"browInnerUp": 0.32, "browOuterUp": 0.24}

STYLES: Mapping[str, Style] = {
    "angry": Style(
        face={"browDown": 1.0, "eyeSquint": 0.42, "noseSneer": 0.22, "mouthFrown": 0.80, "mouthPress": 0.30,
              "jawForward": 0.30, "mouthShrugLower": 0.25, "mouthPucker": 0.14},
        speaking={"mouthUpperUp": 0.16, "mouthLowerDown": 0.20, "mouthStretch": 0.12},
        smiling=0.0, mouth=1.08, rounding=0.9, accent={"browDown": 0.15}, head=Habit((-2.6, 0.0, 0.0), 0.015, 1.25),
    ),
    "disgust": Style(
        face={"noseSneer": 0.85, "browDown": 0.65, "cheekSquint": 0.45, "eyeSquint": 0.55, "mouthFrown": 0.75,
              "mouthShrugLower": 0.60, "mouthPucker": 0.10},
        speaking={"mouthUpperUp": 0.26},
        smiling=0.0, mouth=0.92, accent={"noseSneer": 0.12}, head=Habit((1.6, -2.2, 0.9), -0.015, 0.9),
    ),
    "fear": Style(
        face={"browInnerUp": 1.0, "browOuterUp": 0.20, "eyeWide": 0.80, "mouthStretch": 0.60, "mouthFrown": 0.45,
              "mouthShrugLower": 0.15},
        speaking={"mouthLowerDown": 0.14},
        smiling=0.0, mouth=0.95, rounding=0.8, accent={"browInnerUp": 0.10}, head=Habit((0.6, 0.0, -0.8), -0.02, 0.8),
    ),
    "happy": Style(
        face={"mouthSmile": 0.60, "mouthDimple": 0.10, "cheekSquint": 0.60, "eyeSquint": 0.28, "browOuterUp": 0.22,
              "browInnerUp": 0.12},
        speaking={"mouthSmile": 0.06, "mouthUpperUp": 0.10},
        mouth=1.04, rounding=0.75, accent=_RAISED, head=Habit((0.8, 0.0, 1.2), 0.005, 1.2),
    ),
    "neutral": Style(
        face={"mouthSmile": 0.05, "cheekSquint": 0.03}, speaking={"mouthSmile": 0.03}, accent=_RAISED,
    ),
    "sad": Style(
        face={"browInnerUp": 1.0, "browDown": 0.20, "mouthFrown": 1.0, "mouthShrugLower": 0.45, "eyeSquint": 0.08,
              "mouthPucker": 0.18},
        smiling=0.0, mouth=0.84, accent={"browInnerUp": 0.12}, droop=0.24, head=Habit((-3.6, 0.0, 1.4), 0.0, 0.7),
    ),
    "surprise": Style(
        face={"browInnerUp": 1.0, "browOuterUp": 1.0, "eyeWide": 1.0, "mouthFrown": 0.18},
        speaking={"mouthFunnel": 0.12},
        mouth=1.15, rounding=1.1, accent={"eyeWide": 0.10}, head=Habit((1.8, 0.0, 0.0), -0.008, 1.1),
    ),
    "contempt": Style(
        face={"mouthSmileLeft": 0.62, "mouthDimpleLeft": 0.55, "cheekSquintLeft": 0.35, "mouthFrownRight": 0.55,
              "mouthPress": 0.22, "eyeSquint": 0.30, "browOuterUpRight": 0.55, "browDownLeft": 0.45},
        mouth=0.94, accent={"browOuterUpRight": 0.18}, droop=0.18, head=Habit((2.8, 1.2, -1.8), -0.01, 0.8),
    ),
}  # fmt: skip
"""By name of ``dh_ditto.condition.EMOTIONS``."""

_PARTING = [c for name in ("mouthFunnel", "mouthUpperUp", "mouthLowerDown") for c in columns_of(name)]
_MOUTH = ("mouthSmile", "mouthDimple", "mouthStretch")
_ACCENT_CHANCE = 0.45


def _matrix(part: str) -> Array:
    rows = np.zeros((len(EMOTIONS), len(SHAPE)))
    for row, emotion in zip(rows, EMOTIONS, strict=True):
        for name, weight in getattr(STYLES[emotion], part).items():
            row[columns_of(name)] = weight
    return rows


_FACE, _SPEAKING, _ACCENT = (_matrix(part) for part in ("face", "speaking", "accent"))
_FACTORS: Mapping[str, tuple[str, ...]] = {
    "mouth": ("jawOpen", "mouthClose"),
    "rounding": ("mouthFunnel", "mouthPucker"),
    "smiling": ("mouthSmile",),
}
"""Which of speech's own blendshapes each factor of a style scales."""


def _values(part: str) -> Array:
    return np.array([getattr(STYLES[emotion], part) for emotion in EMOTIONS])


def habit_of(emotion: Array) -> Habit:
    """How weights [8] of the emotions hold the head."""
    habits = [STYLES[name].head for name in EMOTIONS]
    pitch, yaw, roll = (emotion @ np.array([habit.pose for habit in habits])).tolist()
    lean, liveliness = (float(emotion @ [getattr(habit, name) for habit in habits]) for name in ("lean", "liveliness"))
    return Habit((pitch, yaw, roll), lean, liveliness)


@dataclass(frozen=True, eq=False)
class Expression:
    """A face with its emotion: blendshapes [n, 52] without eyeballs and lids' blinks, and the lids' droop [n]."""

    weights: Array
    droop: Array


def expressed(mouth: MouthMotion, emotion: Array, prosody: Prosody, rng: np.random.Generator) -> Expression:
    """A speaking mouth dressed in an emotion.

    Its strength varies smoothly between 0.6 and 1. What would part the lips yields to closures and to silence.

    Args:
        mouth: what speech asks for.
        emotion: [8] weights of ``EMOTIONS``, with a sum of 1.
        prosody: whose accents the brows follow.
        rng: of every chance.
    """
    frames = len(mouth.weights)
    times = frame_times(frames)
    strength = np.clip(0.8 + 0.2 * wander(rng, times, 0.05, 0.25), 0.6, 1.0)[:, None]
    voice, free = mouth.voice[:, None], (1 - mouth.shut)[:, None]

    style = strength * (emotion @ _FACE + voice * (emotion @ _SPEAKING))
    style += _accents(prosody, frames, rng)[:, None] * (emotion @ _ACCENT)
    rounded = np.clip(mouth.weights[:, SHAPE["mouthPucker"]] * 2.2, 0, 0.7)
    for name in _MOUTH:  # lips cannot be wide and round
        style[:, columns_of(name)] *= (1 - rounded)[:, None]
    style[:, _PARTING] *= voice * free

    speech = mouth.weights.copy()
    for part, names in _FACTORS.items():
        for name in names:
            speech[:, columns_of(name)] *= float(emotion @ _values(part))
    life = 0.03 * np.clip(wander(rng, times, 0.05, 0.3), 0, None)
    for name in ("browInnerUp", "browOuterUp"):
        style[:, columns_of(name)] += life[:, None]
    return Expression(np.clip(speech + style, 0, 1), strength[:, 0] * float(emotion @ _values("droop")))


def _accents(prosody: Prosody, frames: int, rng: np.random.Generator) -> Array:
    """How far accents move the brows, [n], about 0 to 1."""
    spans = []
    for accent in prosody.accents:
        size, draw = rng.uniform(0.5, 1.5), rng.random()
        if draw < _ACCENT_CHANCE:
            spans.append((accent.time - 0.08, accent.time + 0.22, size * accent.strength))
    return sampled(followed(painted(spans, grid_length(frames)), 2.2), frame_times(frames))
