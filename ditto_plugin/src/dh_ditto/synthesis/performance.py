"""A whole performance: the motion rows of speech whose segments are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dh_ditto.starter.layout import rows_from
from dh_ditto.starter.life import Blinks, Gaze
from dh_ditto.synthesis.arrays import Array
from dh_ditto.synthesis.emotions import expressed, habit_of
from dh_ditto.synthesis.head import head_motion
from dh_ditto.synthesis.mouth import mouth_motion
from dh_ditto.synthesis.prosody import prosody_of
from dh_ditto.synthesis.segments import Segment
from dh_ditto.synthesis.shapes import SHAPE, columns_of

_LID_FOLLOWS = 0.08
"""How much a gaze of 30 degrees downwards closes the lid, in weight of eyeBlink."""


@dataclass(frozen=True)
class Direction:
    """What decides a performance beside its speech.

    Args:
        emotion: (8,) weights of the emotions.
        articulation: 1 natural, 0.5 mumbling, 1.5 over-clear.
        head_motion: 0 still, 1 natural, 2 lively.
        blink_rate: blinks a minute.
        gaze: strength of the glances; 0 looks straight on.
        seed: of head, brows, blinks and gaze.
    """

    emotion: tuple[float, ...]
    articulation: float = 1.0
    head_motion: float = 1.0
    blink_rate: float = 16.0
    gaze: float = 1.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Performance:
    """Motion with its conditions.

    Args:
        motion: [n, 58], rows of ``starter.layout``.
        eye_open: [n, 2], left and right, 1 open to 0 shut.
        eye_ball: [n, 2], to the image's right and up, in units of 30 degrees.
    """

    motion: Array
    eye_open: Array
    eye_ball: Array


def perform(segments: Sequence[Segment], samples: Array, direction: Direction) -> Performance:
    """The face of clean speech.

    Args:
        segments: without gaps, in seconds from the first sample.
        samples: [m] at 16 kHz; there are n = ceil(m / 640) frames.
        direction: everything else.
    """
    frames = -(-len(samples) // 640)
    emotion = np.array(direction.emotion)
    head, brows = (np.random.default_rng([direction.seed, part]) for part in range(2))
    prosody = prosody_of(segments, samples)
    mouth = mouth_motion(segments, prosody.gains, frames, direction.articulation)
    face = expressed(mouth, emotion, prosody, brows)
    rotation, translation = head_motion(prosody, frames, direction.head_motion, habit_of(emotion), head)
    eye_open = Blinks(direction.seed, direction.blink_rate).rows(frames)
    eye_ball = Gaze(direction.seed, direction.gaze).rows(frames)
    weights = face.weights
    _look(weights, eye_open, eye_ball, face.droop)
    return Performance(rows_from(weights, rotation, translation), eye_open, eye_ball)


def _look(weights: Array, eye_open: Array, eye_ball: Array, droop: Array) -> None:
    """Writes lids and eyeballs into blendshapes [n, 52]; what an emotion does to the lids yields to a blink."""
    for name in ("eyeSquint", "eyeWide"):
        weights[:, columns_of(name)] *= eye_open
    x, y = eye_ball.T
    lowered = np.clip(droop + _LID_FOLLOWS * np.maximum(-y, 0), 0, 1)
    weights[:, columns_of("eyeBlink")] = 1 - eye_open * (1 - lowered[:, None])
    # The image's right is the person's left: away from the nose for the left eye, towards it for the right.
    for name, amount in (
        ("eyeLookOutLeft", x), ("eyeLookInRight", x), ("eyeLookInLeft", -x), ("eyeLookOutRight", -x),
        ("eyeLookUpLeft", y), ("eyeLookUpRight", y), ("eyeLookDownLeft", -y), ("eyeLookDownRight", -y),
    ):  # fmt: skip
        weights[:, SHAPE[name]] = np.clip(amount, 0, 1)
