"""Tracks to whole faces: mouth, smile, brows, eyes and head of consecutive frames."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from dh import ARKIT, Motion
from dh_face_mesh.viseme.blink import Blinks
from dh_face_mesh.viseme.features import Hops
from dh_face_mesh.viseme.gaze import Gaze
from dh_face_mesh.viseme.head_motion import HeadMotion
from dh_face_mesh.viseme.options import VisemeOptions
from dh_face_mesh.viseme.prosody import Prosody, ProsodyFollower
from dh_face_mesh.viseme.spring import Spring
from dh_face_mesh.viseme.targets import Target
from dh_face_mesh.viseme.wander import Wander
from dh_face_mesh.viseme.weights import SHAPE, mouth_weights

_DEGREES_AT_WEIGHT_1 = 30.0  # of the eyeLook shapes
_BROW_THRESHOLD = 0.22  # accents below it leave the brows alone
_BROW_RAISE = 0.55
_SMILE = 0.10


class TalkingFace:
    """Makes the motion of one run, frame after frame.

    Args:
        options: how lively.
        rate: exact frames per second.
        fps: the same as the run states it.
        seed: of every random choice.
    """

    def __init__(self, options: VisemeOptions, rate: Fraction, fps: float, seed: int) -> None:
        self._options = options
        self._rate = rate
        self._fps = fps
        self._frames = 0
        frame = float(1 / rate)
        # One generator for each part: more blinks never change how the head moves.
        blinks, gaze, head, moods = (np.random.default_rng([seed, part]) for part in range(4))
        self._prosody = ProsodyFollower(frame)
        self._blinks = Blinks(blinks, options.blink_rate)
        self._gaze = Gaze(gaze, frame, options.gaze)
        self._head = HeadMotion(head, frame, options.head_motion)
        self._brows = Spring(2.2, frame)
        self._mood = Wander(moods, 0.03, 0.2)

    def motion(self, tracks: Hops) -> Motion:
        """Motion of the next n >= 1 frames from their tracks (10, n)."""
        weights = mouth_weights(tracks, self._options.mouth)
        rotation, translation = np.empty((len(weights), 3)), np.empty((len(weights), 3))
        rows = zip(
            *(tracks[row].tolist() for row in (Target.VOICE, Target.LOUD, Target.PITCH)),
            strict=True,
        )
        for number, (voice, loudness, pitch) in enumerate(rows):
            seconds = float((self._frames + number) / self._rate)
            prosody = self._prosody.follow(voice, loudness, pitch)
            rotation[number], translation[number] = self._head.pose(seconds, prosody)
            self._add_eyes(weights[number], seconds, prosody, rotation[number])
            self._add_expression(weights[number], seconds, prosody)
        start, self._frames = self._frames, self._frames + len(weights)
        values = {"blendshapes": np.clip(weights, 0, 1), "rotation": rotation, "translation": translation}
        return Motion(ARKIT, start, self._fps, {name: array.astype(np.float32) for name, array in values.items()})

    def _add_eyes(
        self, weights: NDArray[np.float64], seconds: float, prosody: Prosody, rotation: NDArray[np.float64]
    ) -> None:
        closure = self._blinks.closure(seconds, prosody)
        weights[SHAPE["eyeBlinkLeft"]] = weights[SHAPE["eyeBlinkRight"]] = closure
        x, y = self._gaze.direction(seconds, prosody, yaw=float(rotation[1]), pitch=float(rotation[0]))
        # The image's right is the person's left: away from the nose for the left eye, towards it for the right.
        leftwards, up = x / _DEGREES_AT_WEIGHT_1, y / _DEGREES_AT_WEIGHT_1
        weights[SHAPE["eyeLookOutLeft"]] = weights[SHAPE["eyeLookInRight"]] = max(leftwards, 0.0)
        weights[SHAPE["eyeLookInLeft"]] = weights[SHAPE["eyeLookOutRight"]] = max(-leftwards, 0.0)
        weights[SHAPE["eyeLookUpLeft"]] = weights[SHAPE["eyeLookUpRight"]] = max(up, 0.0)
        weights[SHAPE["eyeLookDownLeft"]] = weights[SHAPE["eyeLookDownRight"]] = max(-up, 0.0)

    def _add_expression(self, weights: NDArray[np.float64], seconds: float, prosody: Prosody) -> None:
        emphasis = max(prosody.accent - _BROW_THRESHOLD, 0.0) / (1 - _BROW_THRESHOLD)
        raised = self._options.brows * max(self._brows.follow(_BROW_RAISE * emphasis), 0.0)
        weights[SHAPE["browInnerUp"]] = raised
        weights[SHAPE["browOuterUpLeft"]] = weights[SHAPE["browOuterUpRight"]] = 0.7 * raised
        smile = self._options.smile * _SMILE * prosody.energy * (1 + 0.35 * self._mood.at(seconds))
        for side, share in (("Left", 1.04), ("Right", 0.96)):
            weights[SHAPE["mouthSmile" + side]] += smile * share
            weights[SHAPE["cheekSquint" + side]] += 0.6 * smile * share
            weights[SHAPE["eyeSquint" + side]] += 0.4 * smile * share
