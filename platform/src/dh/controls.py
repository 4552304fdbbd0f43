"""Per-frame controls: what a user may change about any method's motion, frame by frame.

One type for every renderer, whichever driver made the motion.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dh.errors import InputError, OptionError
from dh.text import nearest


@dataclass(frozen=True)
class ControlField:
    """One control: its neutral value, its range, its unit and what it does."""

    neutral: float
    low: float
    high: float
    unit: str
    doc: str


CONTROL_FIELDS: Mapping[str, ControlField] = {
    "pitch": ControlField(0, -45, 45, "degrees", "added to the head's pitch; positive raises the chin"),
    "yaw": ControlField(0, -45, 45, "degrees", "added to the head's yaw; positive turns to the image's right"),
    "roll": ControlField(0, -45, 45, "degrees", "added to the head's roll; positive tips to the image's right"),
    "x": ControlField(0, -1, 1, "face heights", "added to the head's position; positive is the image's right"),
    "y": ControlField(0, -1, 1, "face heights", "added to the head's position; positive is up"),
    "scale": ControlField(1, 0.5, 2, "factor", "size of the head"),
    "gaze_x": ControlField(0, -30, 30, "degrees", "added to the gaze; positive looks to the image's right"),
    "gaze_y": ControlField(0, -30, 30, "degrees", "added to the gaze; positive looks up"),
    "eye_open": ControlField(1, 0, 1.5, "factor", "opening of the eyes; 0 is closed"),
    "fade": ControlField(1, 0, 1, "share", "of the driver's motion that is shown; 0 is the source's own face at rest"),
    "voice": ControlField(1, 0, 1, "share", "voice activity: 0 keeps the mouth closed whatever the driver says"),
}
"""Every control by name."""


@dataclass(frozen=True, eq=False)
class Controls:
    """Values of every control for n consecutive frames: each attribute is float32 of shape (n,)."""

    pitch: NDArray[np.float32]
    yaw: NDArray[np.float32]
    roll: NDArray[np.float32]
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    scale: NDArray[np.float32]
    gaze_x: NDArray[np.float32]
    gaze_y: NDArray[np.float32]
    eye_open: NDArray[np.float32]
    fade: NDArray[np.float32]
    voice: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.pitch)

    def slice(self, begin: int, end: int) -> Controls:
        """Frames ``begin`` to ``end`` (exclusive)."""
        return Controls(**{name: getattr(self, name)[begin:end] for name in CONTROL_FIELDS})

    @classmethod
    def neutral(cls, frames: int) -> Controls:
        """Controls that change nothing, for ``frames`` frames."""
        return cls(**{name: np.full(frames, spec.neutral, np.float32) for name, spec in CONTROL_FIELDS.items()})


class ControlTrack:
    """Controls over time: keyframes in seconds, interpolated linearly and held beyond the first and last.

    Args:
        keyframes: mappings with ``time`` (seconds, >= 0) and any of ``CONTROL_FIELDS``. A control that a
            keyframe leaves out is interpolated between the keyframes that have it.

    Raises:
        OptionError: an unknown control, a value out of range, or a keyframe without a valid time.
    """

    def __init__(self, keyframes: Iterable[Mapping[str, Any]] = (), *, origin: str = "controls") -> None:
        points: dict[str, list[tuple[float, float]]] = {}
        for number, keyframe in enumerate(keyframes, start=1):
            where = f"{origin}: keyframe {number}"
            if "time" not in keyframe:
                raise OptionError(f"{where} has no 'time'; give seconds since the start")
            time = _number(keyframe["time"], f"{where}: time")
            if time < 0:
                raise OptionError(f"{where}: time {time:g} is before the start; give seconds >= 0")
            for name, value in keyframe.items():
                if name == "time" or value is None or value == "":
                    continue
                points.setdefault(name, []).append((time, check_control(name, value, where)))
        self._curves = {
            name: (np.array([t for t, _ in curve]), np.array([v for _, v in curve]))
            for name, curve in ((name, sorted(curve)) for name, curve in points.items())
        }

    def at(self, start: int, frames: int, fps: float) -> Controls:
        """Controls of ``frames`` frames from frame index ``start`` at ``fps`` frames per second."""
        times = (start + np.arange(frames)) / fps
        neutral = Controls.neutral(frames)
        return Controls(
            **{
                name: np.interp(times, *self._curves[name]).astype(np.float32)
                if name in self._curves
                else getattr(neutral, name)
                for name in CONTROL_FIELDS
            }
        )

    @classmethod
    def read(cls, path: str | Path) -> ControlTrack:
        """Reads keyframes from CSV (a header row with ``time`` and controls), JSON or YAML (a list of mappings).

        Raises:
            InputError: the file cannot be read or is not of that form.
            OptionError: as the constructor.
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"--controls {path}: cannot be read ({error}); give a CSV, JSON or YAML file") from error
        rows: Any
        try:
            if path.suffix.lower() == ".csv":
                rows = list(csv.DictReader(io.StringIO(text)))
            elif path.suffix.lower() == ".json":
                rows = json.loads(text)
            else:
                import yaml

                rows = yaml.safe_load(text)
        except Exception as error:  # each parser has its own error type
            raise InputError(
                f"--controls {path}: not valid {path.suffix.lstrip('.') or 'YAML'}: {_first_line(error)}"
            ) from error
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise InputError(f"--controls {path}: expected a list of keyframes such as {{time: 0, yaw: 10}}")
        return cls(rows, origin=f"--controls {path}")


def check_control(name: str, value: Any, where: str) -> float:
    """A control's value.

    Raises:
        OptionError: there is no such control, or the value is no number in its range; it begins with ``where``.
    """
    spec = CONTROL_FIELDS.get(name)
    if spec is None:
        raise OptionError(f"{where}: unknown control {name!r}{nearest(name, CONTROL_FIELDS)}")
    number = _number(value, f"{where}: {name}")
    if not spec.low <= number <= spec.high:
        raise OptionError(f"{where}: {name} = {number:g} is outside {spec.low:g} to {spec.high:g} {spec.unit}")
    return number


def _number(value: Any, where: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise OptionError(f"{where}: {value!r} is not a number") from None
    if not np.isfinite(number):
        raise OptionError(f"{where}: {value!r} is not finite")
    return number


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
