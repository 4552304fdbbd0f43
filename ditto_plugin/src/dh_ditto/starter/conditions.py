"""What steers the starter: a row of speech, emotion, eyes and style for every frame."""

from __future__ import annotations

import numpy as np

from dh_ditto.condition import emotion_rows
from dh_ditto.motion import Array
from dh_ditto.starter.life import Blinks, Gaze


class StarterConditions:
    """Joins speech features with what the user asks for and with the eyes' own life, frame after frame.

    Args:
        emotion: see ``emotion_rows``; frame i takes row i, from the first again after the last.
        articulation, head_motion: the speaking style, 1 is natural.
        blinks, gaze: the eyes.

    Raises:
        dh.OptionError: an emotion that is none.
    """

    def __init__(self, emotion: object, articulation: float, head_motion: float, blinks: Blinks, gaze: Gaze) -> None:
        self._emotions = emotion_rows(emotion)
        self._style = np.array([articulation, head_motion], np.float32)
        self._blinks, self._gaze = blinks, gaze
        self._next = 0

    def condition(self, features: Array) -> Array:
        """The next rows [n, 270]: speech features [n, 256], then emotion 8, eyes open 2, gaze 2 and style 2."""
        count = len(features)
        frames = np.arange(self._next, self._next + count)
        self._next += count
        columns = (
            features,
            self._emotions[frames % len(self._emotions)],
            self._blinks.rows(count),
            self._gaze.rows(count),
            np.broadcast_to(self._style, (count, 2)),
        )
        return np.concatenate(columns, axis=1, dtype=np.float32)
