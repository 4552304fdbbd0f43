"""Where the eyes look: mostly at the camera, with small saccades, and now and then away for a moment.

The eyes also counter the head's turns (vestibulo-ocular reflex), so that a moving head keeps eye contact.
"""

from __future__ import annotations

import math

import numpy as np

from dh_face_mesh.viseme.prosody import Prosody

_SMALL = 0.7  # degrees, standard deviation of a fixation about the camera
_AWAY = (4.0, 8.0)  # degrees
_REFLEX = 0.9
_SACCADE_SECONDS = 0.018


class Gaze:
    """Direction of the eyes in the head, frame by frame.

    Args:
        rng: source of chance.
        frame: seconds per frame.
        amount: scales every excursion; 0 looks into the camera.
    """

    def __init__(self, rng: np.random.Generator, frame: float, amount: float) -> None:
        self._rng = rng
        self._amount = amount
        self._share = 1 - math.exp(-frame / _SACCADE_SECONDS)
        self._target = (0.0, 0.0)
        self._now = (0.0, 0.0)
        self._next = 1.0
        self._is_away = False

    def direction(self, seconds: float, prosody: Prosody, yaw: float, pitch: float) -> tuple[float, float]:
        """Degrees to the image's right and up at a time, in a head turned by ``yaw`` and ``pitch`` degrees."""
        if seconds >= self._next:
            self._move(seconds, prosody)
        now, target, share = self._now, self._target, self._share
        self._now = (now[0] + share * (target[0] - now[0]), now[1] + share * (target[1] - now[1]))
        return (
            self._amount * self._now[0] - _REFLEX * yaw,
            self._amount * self._now[1] - _REFLEX * pitch,
        )

    def _move(self, seconds: float, prosody: Prosody) -> None:
        rng = self._rng
        away_chance = 0.10 if prosody.speaking else 0.16
        self._is_away = not self._is_away and rng.random() < away_chance
        if self._is_away:
            angle, reach = rng.uniform(0, 2 * math.pi), rng.uniform(*_AWAY)
            self._target = (reach * math.cos(angle), 0.6 * reach * math.sin(angle))
            self._next = seconds + rng.uniform(0.4, 0.9)
        else:
            self._target = (rng.normal(0, _SMALL), rng.normal(0, _SMALL))
            self._next = seconds + rng.lognormal(math.log(1.1), 0.5)
