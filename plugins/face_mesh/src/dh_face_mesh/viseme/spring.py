"""A critically damped spring: the smoothest way to a target that moves."""

from __future__ import annotations

import math


class Spring:
    """Follows a target without overshoot, with continuous velocity, at any step size.

    Args:
        hertz: natural frequency; a step is 90 % done after 0.6 / hertz seconds.
        frame: seconds per step.
    """

    def __init__(self, hertz: float, frame: float) -> None:
        self._omega = 2 * math.pi * hertz
        self._frame = frame
        self._decay = math.exp(-self._omega * frame)
        self._velocity = 0.0
        self.value = 0.0

    def follow(self, target: float) -> float:
        """One step towards ``target`` (exact solution for a target that holds still during the step)."""
        distance = self.value - target
        drive = self._velocity + self._omega * distance
        self._velocity = (self._velocity - self._omega * drive * self._frame) * self._decay
        self.value = target + (distance + drive * self._frame) * self._decay
        return self.value
