"""Controls of a live session: what the user set gliding there, breathing, and a mouth that clear() closes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dh.controls import CONTROL_FIELDS, Controls, check_control
from dh.errors import OptionError
from dh.realtime.breath import HEIGHT, PITCH, Breath

CLOSING_FRAMES = 2
"""In which ``hush`` closes the mouth: half way, then closed."""

RELEASE_SECONDS = 0.2
"""In which a hushed mouth follows the driver again."""

LONGEST_GLIDE = 60.0
"""Seconds."""


class LiveControls:
    """The controls of one frame after another.

    Args:
        fps: frames per second.
        breath: added to ``y`` and ``pitch``.
    """

    def __init__(self, fps: float, breath: Breath) -> None:
        self._fps = fps
        self._breath = breath
        self._glides = {name: _Glide(field.neutral) for name, field in CONTROL_FIELDS.items()}
        self._gate = _Glide(1.0)
        self._release: int | None = None

    def set(self, values: Mapping[str, float], over: float) -> None:
        """Sets out for new values, which are there after ``over`` seconds, with the next frame at the soonest.

        Raises:
            OptionError: an unknown control, a value out of range, or an ``over`` outside 0 to ``LONGEST_GLIDE``. No
                control is changed then.
        """
        if not 0 <= over <= LONGEST_GLIDE:
            raise OptionError(f"set_controls: over={over!r} is outside 0 to {LONGEST_GLIDE:g} seconds")
        checked = {name: check_control(name, value, "set_controls") for name, value in values.items()}
        for name, value in checked.items():
            self._glides[name].to(value, round(over * self._fps))

    def hush(self, until: int) -> None:
        """Closes the mouth in ``CLOSING_FRAMES`` and keeps it closed before frame ``until``."""
        self._gate.to(0.0, CLOSING_FRAMES)
        self._release = until

    def step(self, index: int) -> Controls:
        """Controls of frame ``index``, of shape (1,) each; to be called for every frame of the timeline in order."""
        if self._release is not None and index >= self._release:
            self._gate.to(1.0, round(RELEASE_SECONDS * self._fps))
            self._release = None
        values = {name: glide.step() for name, glide in self._glides.items()}
        breath = self._breath.at(index / self._fps)
        values["y"] += HEIGHT * breath
        values["pitch"] += PITCH * breath
        values["voice"] *= self._gate.step()
        return Controls(
            **{
                name: np.clip(np.array([value], np.float32), CONTROL_FIELDS[name].low, CONTROL_FIELDS[name].high)
                for name, value in values.items()
            }
        )


class _Glide:
    """A value on its straight way to another."""

    def __init__(self, value: float) -> None:
        self._value = self._target = value
        self._frames = 0

    def to(self, target: float, frames: int) -> None:
        """Sets out; the target is reached with the last of ``frames`` steps, of which there is at least one."""
        self._target, self._frames = target, max(1, frames)

    def step(self) -> float:
        if self._frames:
            self._value += (self._target - self._value) / self._frames
            self._frames -= 1
        return self._value
