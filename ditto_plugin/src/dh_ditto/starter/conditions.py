"""What steers the starter: a row of speech, emotion, eyes and style for every frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dh_ditto.audio_features import FRAME_SAMPLES
from dh_ditto.condition import emotion_rows
from dh_ditto.motion import Array
from dh_ditto.starter.life import Blinks, Gaze
from dh_ditto.starter.mel import mel_features
from dh_ditto.starter.options import StarterOptions
from dh_ditto.user_arrays import read_emotion

GLIDE_FRAMES = 12
"""Frames, half a second, in which the face goes over to another emotion or style."""


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
        self._changed = 0  # frame of the last change
        self._former: Array | None = None  # [10], emotion and style before it

    @classmethod
    def of(cls, options: StarterOptions, seed: int) -> StarterConditions:
        """As the options say.

        Raises:
            InputError, OptionError: an emotion that is none, or a file of emotions that is not readable.
        """
        emotion, blinks, gaze = (
            read_emotion(options.emotion),
            Blinks(seed, options.blink_rate),
            Gaze(seed, options.gaze),
        )
        return cls(emotion, options.articulation, options.head_motion, blinks, gaze)

    def condition(self, features: Array) -> Array:
        """The next rows [n, 270]: speech features [n, 256], then emotion 8, eyes open 2, gaze 2 and style 2."""
        count = len(features)
        frames = np.arange(self._next, self._next + count)
        self._next += count
        steering = self._steering(frames)
        columns = (features, steering[:, :8], self._blinks.rows(count), self._gaze.rows(count), steering[:, 8:])
        return np.concatenate(columns, axis=1, dtype=np.float32)

    def silence(self, count: int) -> Array:
        """Rows [count, 270] of the time before the first frame: nobody speaks, and open eyes look straight on."""
        eyes = np.repeat(np.array([[1, 1, 0, 0]], np.float32), count, 0)
        steering = self._steering(np.zeros(count, np.int64))
        features = mel_features(np.zeros(count * FRAME_SAMPLES, np.float32))
        return np.concatenate([features, steering[:, :8], eyes, steering[:, 8:]], axis=1)

    def change(self, options: StarterOptions) -> None:
        """From the next row on the face goes over to other options, within ``GLIDE_FRAMES`` frames.

        Raises:
            InputError, OptionError: as ``of``; nothing is changed then.
        """
        emotions = emotion_rows(read_emotion(options.emotion))
        if self._next:
            self._former = self._steering(np.array([self._next - 1]))[0]
            self._changed = self._next
        self._emotions = emotions
        self._style = np.array([options.articulation, options.head_motion], np.float32)
        self._blinks.change(options.blink_rate)
        self._gaze.change(options.gaze)

    def _steering(self, frames: NDArray[np.int64]) -> Array:
        """Emotion and style [n, 10] of frames [n]."""
        emotions = self._emotions[frames % len(self._emotions)]
        wanted = np.concatenate([emotions, np.broadcast_to(self._style, (len(frames), 2))], axis=1)
        if self._former is None:
            return wanted
        share = np.clip((frames - self._changed + 1) / GLIDE_FRAMES, 0, 1).astype(np.float32)[:, None]
        return self._former * (1 - share) + wanted * share
