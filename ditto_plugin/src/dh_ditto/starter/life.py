"""Eyes that live: seeded blinks and glances, a frame at a time. They steer the starter as a source video's eyes steer
the published model, and are drawn in the same way for its training data.
"""

from __future__ import annotations

import numpy as np

from dh_ditto.motion import Array

FPS = 25.0

_CLOSING, _SHUT, _OPENING = 0.09, 0.05, 0.17
"""Seconds of a blink's parts (Evinger et al. 1991: lids close about twice as fast as they open)."""

_SHORTEST_PAUSE = 0.7
_DOUBLE = 0.08

_FIXATION = (0.5, 2.6)
"""Shortest and mean further seconds between glances."""

_AT_CAMERA = 0.6
_REACH = np.array([7.0, 3.5]) / 30
_DRIFT = np.array([0.5, 0.4]) / 30
_SACCADE = 0.06


class Blinks:
    """How far the eyes are open: a renewal process of blinks with varied length and depth.

    Args:
        seed: equal seeds give equal blinks, however many frames are asked for at a time.
        rate: blinks a minute; 0 never blinks.
    """

    def __init__(self, seed: int, rate: float = 16.0) -> None:
        self._generator = np.random.default_rng([seed, 11])
        self._rate = rate
        self._frame = 0
        self._blinks: list[tuple[float, float, float]] = []  # start in seconds, pace, depth
        self._next = self._pause() * self._generator.random() if rate else np.inf

    def change(self, rate: float) -> None:
        """Blinks at another rate from the next frame on."""
        if rate != self._rate:
            self._rate = rate
            self._next = self._frame / FPS + self._pause() * self._generator.random() if rate else np.inf

    def rows(self, count: int) -> Array:
        """The next frames, [count, 2]: left and right, 1 open to 0 shut."""
        times = (self._frame + np.arange(count)) / FPS
        self._frame += count
        while count and self._next <= times[-1]:
            pace = float(self._generator.uniform(0.85, 1.3))
            depth = float(self._generator.uniform(0.9, 1.0))
            self._blinks.append((self._next, pace, depth))
            double = self._generator.random() < _DOUBLE
            self._next += 0.45 if double else self._pause()
        closed = np.zeros(count)
        for start, pace, depth in self._blinks:
            closed = np.maximum(closed, depth * _lid((times - start) / pace))
        self._blinks = [blink for blink in self._blinks if blink[0] > self._frame / FPS - 1]
        return np.repeat((1 - closed)[:, None], 2, 1).astype(np.float32)

    def _pause(self) -> float:
        mean = max(60 / self._rate - _SHORTEST_PAUSE, 0.05)
        return _SHORTEST_PAUSE + float(self._generator.gamma(2.0, mean / 2))


def _lid(seconds: Array) -> Array:
    """Closure at times since a blink's start: a smooth way down, a short stay, a slower way up."""
    down = np.clip(seconds / _CLOSING, 0, 1)
    up = np.clip((seconds - _CLOSING - _SHUT) / _OPENING, 0, 1)
    return np.asarray(_smooth(down) * (1 - _smooth(up)))


def _smooth(x: Array) -> Array:
    return np.asarray(x * x * (3 - 2 * x))


class Gaze:
    """Where the eyes look: fixations on and around the camera, with quick saccades between them.

    Args:
        seed: as of ``Blinks``.
        strength: of the glances' reach; 0 looks straight on.
    """

    def __init__(self, seed: int, strength: float = 1.0) -> None:
        self._generator = np.random.default_rng([seed, 12])
        self._strength = strength
        self._frame = 0
        self._glances = [(-1.0, np.zeros(2))]  # start in seconds, target
        self._next = self._pause()

    def change(self, strength: float) -> None:
        """Glances reach as far as this from the next frame on."""
        self._strength = strength

    def rows(self, count: int) -> Array:
        """The next frames, [count, 2]: to the image's right, and up, in units of 30 degrees."""
        times = (self._frame + np.arange(count)) / FPS
        self._frame += count
        while count and self._next <= times[-1]:
            away = self._generator.random() >= _AT_CAMERA
            target = self._generator.normal(size=2) * (_REACH if away else _DRIFT)
            self._glances.append((self._next, np.clip(target, -2 * _REACH, 2 * _REACH)))
            self._next += self._pause()
        gaze = np.zeros((count, 2))
        before = self._glances[0][1]
        for start, target in self._glances:
            share = _smooth(np.clip((times - start) / _SACCADE, 0, 1))[:, None]
            gaze = gaze + (target - before) * share if start > 0 else gaze + target
            before = target
        while len(self._glances) > 1 and self._glances[1][0] < self._frame / FPS - 1:
            self._glances = [(-1.0, self._glances[1][1]), *self._glances[2:]]
        return (self._strength * gaze).astype(np.float32)

    def _pause(self) -> float:
        shortest, further = _FIXATION
        return shortest + float(self._generator.exponential(further))
