"""How the head moves while it speaks: nods on accents, a posture per phrase, a slow wander, and breath."""

from __future__ import annotations

import numpy as np

from dh_face_mesh.viseme.prosody import Prosody
from dh_face_mesh.viseme.spring import Spring
from dh_face_mesh.viseme.wander import Wander

_EASE_IN = 1.2  # seconds from exactly neutral to full motion
_NOD = 3.0  # degrees down at a full accent
_PITCH_LIFT = 0.15  # degrees up per semitone
_POSTURE = (0.8, 2.0, 1.2)  # degrees, standard deviation of a phrase's pitch, yaw, roll
_WANDER = (0.6, 1.1, 0.6)  # degrees
_SWAY = (0.006, 0.004, 0.006)  # face heights
_BREATH = 0.003  # face heights
_AT_REST = 0.4  # share of wander and posture that is left in a pause


class HeadMotion:
    """Head pose frame by frame, in the sign conventions of the ``arkit`` motion space.

    Args:
        rng: source of chance.
        frame: seconds per frame.
        amount: scales the motion.
    """

    def __init__(self, rng: np.random.Generator, frame: float, amount: float) -> None:
        self._rng = rng
        self._amount = amount
        self._wander = [Wander(rng, 0.1, 0.7) for _ in range(3)]
        self._sway = [Wander(rng, 0.08, 0.4) for _ in range(3)]
        self._breath = Wander(rng, 0.22, 0.30)
        self._nod = Spring(1.6, frame)
        self._posture = [Spring(0.5, frame) for _ in range(3)]
        self._posture_target = [0.0, 0.0, 0.0]
        self._nod_size = 1.0

    def pose(self, seconds: float, prosody: Prosody) -> tuple[list[float], list[float]]:
        """Rotation (pitch, yaw, roll in degrees) and translation (x, y, z in face heights) at a time."""
        if prosody.phrase_began:
            self._posture_target = [float(np.clip(self._rng.normal(0, s), -2 * s, 2 * s)) for s in _POSTURE]
            self._nod_size = self._rng.uniform(0.7, 1.3)
        share = _AT_REST + (1 - _AT_REST) * prosody.energy
        scale = self._amount * _ease_in(seconds)
        nod = self._nod.follow(-_NOD * self._nod_size * prosody.accent + _PITCH_LIFT * prosody.pitch * prosody.energy)
        rotation = [
            share * (spring.follow(target) + size * wander.at(seconds))
            for spring, target, size, wander in zip(
                self._posture, self._posture_target, _WANDER, self._wander, strict=True
            )
        ]
        rotation[0] += nod
        translation = [share * size * sway.at(seconds) for size, sway in zip(_SWAY, self._sway, strict=True)]
        translation[1] += _BREATH * self._breath.at(seconds)
        return [scale * value for value in rotation], [scale * value for value in translation]


def _ease_in(seconds: float) -> float:
    t = min(seconds / _EASE_IN, 1.0)
    return t * t * (3 - 2 * t)
