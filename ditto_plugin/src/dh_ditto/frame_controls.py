"""Controls of single frames: what a user changes about a motion after it was mixed, and how that is done."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

import dh
from dh_ditto.expression import LIPS, group_mask
from dh_ditto.keypoints import ANGLES, to_degrees
from dh_ditto.motion import SLICES, Array, MotionInfo

SOURCE_PARTS = (*SLICES, "kp")
"""Every part that the motion of a source has."""

_SCALARS = (
    *(f"delta_{angle}" for angle in ANGLES), *(f"alpha_{angle}" for angle in ANGLES), "vad_alpha", "fade_alpha"
)  # fmt: skip
_KEYS = (*_SCALARS, "delta_exp", "fade_out_keys")
_LIP_MASK = group_mask(LIPS)

Value = TypeVar("Value")


@dataclass(frozen=True, eq=False)
class FrameControls:
    """Controls of one frame. The defaults change nothing.

    Args:
        turn: degrees added to pitch, yaw and roll (published as delta_pitch, delta_yaw, delta_roll).
        gain: factors of pitch, yaw and roll (alpha_pitch, alpha_yaw, alpha_roll).
        expression: [1,63], added to the expression (delta_exp).
        voice: share of the driven lips against the source's (vad_alpha); 1 or more is none of the source's.
        fade: share of the motion against what the run fades to (fade_alpha); None follows the run's own fades.
        fade_parts: parts that fade (fade_out_keys); None takes the run's.
        strength: share of the driver's motion against the source's own, 0 to 1.
        move: [1,3], added to t.
        zoom: factor of scale.
    """

    turn: Mapping[str, float] = field(default_factory=dict)
    gain: Mapping[str, float] = field(default_factory=dict)
    expression: Array | None = None
    voice: float = 1.0
    fade: float | None = None
    fade_parts: tuple[str, ...] | None = None
    strength: float = 1.0
    move: Array | None = None
    zoom: float = 1.0

    @classmethod
    def parse(cls, controls: Mapping[str, Any], where: str) -> FrameControls:
        """From the published keys.

        Args:
            controls: by key; numbers may be Python's or NumPy's, arrays of any float type.
            where: names the controls in messages.

        Raises:
            dh.OptionError: an unknown key, or a value of a wrong shape or that is not finite.
        """
        for key in controls:
            if key not in _KEYS:
                raise dh.OptionError(f"{where}: unknown control {key!r}; known: {', '.join(_KEYS)}")
        values = {key: _number(value, f"{where}: {key}") for key, value in controls.items() if key in _SCALARS}
        expression = controls.get("delta_exp")
        return cls(
            turn={angle: values[f"delta_{angle}"] for angle in ANGLES if f"delta_{angle}" in values},
            gain={angle: values[f"alpha_{angle}"] for angle in ANGLES if f"alpha_{angle}" in values},
            expression=None if expression is None else _offsets(expression, f"{where}: delta_exp"),
            voice=values.get("vad_alpha", 1.0),
            fade=values.get("fade_alpha"),
            fade_parts=fading_parts(controls["fade_out_keys"], where) if "fade_out_keys" in controls else None,
        )

    def apply(self, info: MotionInfo, source: Mapping[str, Array], *, reference_defects: bool) -> MotionInfo:
        """``info`` with all but the fade applied, as a new mapping; its arrays stay as they are.

        Args:
            info: motion of the frame.
            source: of the frame's source.
            reference_defects: ``gain`` multiplies the logits of an angle unless it has a ``turn``, and ``voice`` acts
                on the whole face; else on degrees and on the lips.
        """
        changed = dict(info)
        if self.strength != 1:
            for part in SLICES:
                value, own = info[part], source[part]
                if part in ANGLES:
                    value, own = to_degrees(value), to_degrees(own)
                changed[part] = own + (value - own) * self.strength
        if self.voice < 1:
            acted = np.ones_like(_LIP_MASK) if reference_defects else _LIP_MASK
            quiet = acted * np.float32(1 - self.voice)
            changed["exp"] = changed["exp"] + (source["exp"] - changed["exp"]) * quiet
        for angle, degrees in self.turn.items():
            changed[angle] = to_degrees(changed[angle]) + degrees
        for angle, factor in self.gain.items():
            value = changed[angle] if reference_defects else to_degrees(changed[angle])
            changed[angle] = value * factor
        if self.expression is not None:
            changed["exp"] = changed["exp"] + self.expression
        if self.move is not None:
            changed["t"] = changed["t"] + self.move
        if self.zoom != 1:
            changed["scale"] = changed["scale"] * self.zoom
        return changed


NEUTRAL = FrameControls()


class ControlTable:
    """Controls by frame, checked as a whole before the first frame.

    Args:
        frames: published keys by frame number, or one mapping per frame from the first on (ctrl_info).
        overall: published keys for every frame, where the frame has none of its own (overall_ctrl_info).

    Raises:
        dh.OptionError: as ``FrameControls.parse``, or a frame number that is not one.
    """

    def __init__(
        self,
        frames: Mapping[int, Mapping[str, Any]] | Sequence[Mapping[str, Any]] = (),
        overall: Mapping[str, Any] | None = None,
    ) -> None:
        overall = overall or {}
        self._overall = FrameControls.parse(overall, "overall_ctrl_info")
        rows = frames.items() if isinstance(frames, Mapping) else enumerate(frames)
        self._frames = {
            _frame_number(frame): FrameControls.parse({**overall, **(controls or {})}, f"ctrl_info: frame {frame}")
            for frame, controls in rows
        }

    def __getitem__(self, frame: int) -> FrameControls:
        return self._frames.get(frame, self._overall)


def fading_parts(parts: Iterable[str] | None, where: str) -> tuple[str, ...]:
    """Names of parts that fade; None is all but kp.

    Raises:
        dh.OptionError: a part that a motion does not have.
    """
    if parts is None:
        return tuple(SLICES)
    names = (parts,) if isinstance(parts, str) else tuple(parts)
    for name in names:
        if name not in SOURCE_PARTS:
            raise dh.OptionError(f"{where}: fade_out_keys: unknown part {name!r}; known: {', '.join(SOURCE_PARTS)}")
    return names


def _frame_number(frame: Any) -> int:
    try:
        number = operator.index(frame)
    except TypeError:
        number = -1
    if number < 0:
        raise dh.OptionError(f"ctrl_info: {frame!r} is not a frame; give numbers from 0")
    return number


def _number(value: Any, where: str) -> float:
    array = _floats(value, where)
    if array.size != 1 or not np.isfinite(array).all():
        raise dh.OptionError(f"{where}: give one finite number, not {value!r}")
    return float(array.reshape(-1)[0])


def _offsets(value: Any, where: str) -> Array:
    array = _floats(value, where)
    if array.size != SLICES["exp"].stop - SLICES["exp"].start or not np.isfinite(array).all():
        raise dh.OptionError(f"{where}: shape {array.shape}; give finite offsets of 21 keypoints, [1,63]")
    return array.reshape(1, -1).astype(np.float32)


def _floats(value: Any, where: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        return np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise dh.OptionError(f"{where}: {value!r} is not a number") from None
