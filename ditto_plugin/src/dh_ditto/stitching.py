"""Driving motion brought onto a source: from two motions to the keypoints that the warp network takes.

The order of the steps is the published one: mix, expression, controls, fade, gaze, keypoints, stitching network.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

import dh
from dh_ditto.blinks import blink_table
from dh_ditto.expression import ExpressionMix
from dh_ditto.fades import fade_table, faded
from dh_ditto.frame_controls import NEUTRAL, ControlTable, FrameControls, fading_parts
from dh_ditto.gaze import gaze_correction
from dh_ditto.keypoints import ANGLES, keypoints, same_form
from dh_ditto.motion import SLICES, Array, MotionInfo

StitchCall = Callable[[Array, Array], Array]
"""Takes kp_source and kp_driving [n,21,3]; returns the driving keypoints fitted to the source, [n,21,3]."""

_STILL_PARTS = ("exp", "pitch", "yaw", "roll", "t")
_VIDEO_PARTS = ("exp",)
_SCALED_PARTS = ("exp", "pitch", "yaw", "roll")
_UNKNOWN_LENGTH = 3000
"""Frames after which the blinks of a clip of unknown length repeat."""


@dataclass(frozen=True, eq=False)
class StitchOptions:
    """What a user decides about stitching; published names in brackets.

    Args:
        driven: parts that the driver moves, with a factor each if given as a mapping; None is exp, pitch, yaw, roll and
            t for a still source, exp for a video (use_d_keys).
        relative: add the change since ``rest`` to the source, in place of the driver's values (relative_d).
        rest: driving motion that counts as rest; None takes the run's first frame (d0).
        drive_eyes: move the eyes; None is yes for a still source and no for a video (drive_eye).
        blink_shape: [n,63], expression offsets of one blink that move the eyes in place of the driver; any float type
            (delta_eye_arr).
        blink_interval: as ``blinks.blink_table`` takes it (delta_eye_open_n).
        fade_to: what fades lead to: "d0" the run's first frame, "s" the source, "" no fades (fade_type).
        fade_parts: parts that fade; None is all but kp (fade_out_keys).
        stitch: use the stitching network (flag_stitching).
        frame_controls: controls by frame, or a list with one mapping per frame (ctrl_info).
        overall_controls: controls of every frame (overall_ctrl_info).
        character_scale: scale of another character, whose motion's size the driver has (of ch_info).

    Raises:
        dh.OptionError: an unknown part, or a blink shape that is not [n,63].
    """

    driven: Mapping[str, float] | Sequence[str] | None = None
    relative: bool = True
    rest: MotionInfo | None = None
    drive_eyes: bool | None = None
    blink_shape: Array | None = None
    blink_interval: int | Sequence[int] = 0
    fade_to: Literal["", "d0", "s"] = ""
    fade_parts: Sequence[str] | None = ("exp",)
    stitch: bool = True
    frame_controls: Mapping[int, Mapping[str, Any]] | Sequence[Mapping[str, Any]] = ()
    overall_controls: Mapping[str, Any] = field(default_factory=dict)
    character_scale: float | None = None

    def __post_init__(self) -> None:
        for part in self.driven or ():
            if part not in SLICES:
                raise dh.OptionError(f"use_d_keys: unknown part {part!r}; known: {', '.join(SLICES)}")
        if self.fade_to not in ("", "d0", "s"):
            raise dh.OptionError(f"fade_type: {self.fade_to!r}; give 'd0', 's' or ''")
        if self.blink_shape is not None:
            shape = np.array(self.blink_shape, np.float32)
            if shape.ndim != 2 or not len(shape) or shape.shape[1] != 63:
                raise dh.OptionError(f"delta_eye_arr: shape {shape.shape}; give [n,63], one row per frame of a blink")
            object.__setattr__(self, "blink_shape", shape)

    def factors(self, *, still: bool, source_scale: float) -> dict[str, float]:
        """The driven parts of a source and their factors."""
        driven = self.driven if self.driven is not None else _STILL_PARTS if still else _VIDEO_PARTS
        factors = {part: float(driven[part]) if isinstance(driven, Mapping) else 1.0 for part in driven}
        ratio = 1.0 if self.character_scale is None else self.character_scale / source_scale
        return {part: factor * (ratio if part in _SCALED_PARTS else 1) for part, factor in factors.items()}


class MotionStitcher:
    """One run of a source: keypoints frame by frame, in the order of the frames.

    It keeps the run's first driving frame, which relative motion and fades refer to; every run takes its own object.
    Arrays of the caller are never changed.

    Args:
        source: motion of the source's first frame.
        still: whether the source is a picture.
        options: of the user.
        network: the stitching network; None leaves the keypoints as they are.
        frames: of the clip; None if that is not known yet.
        fade_in: frames over which the motion fades in; 0 or less is none.
        fade_out: frames over which it fades out; 0 or less is none.
        controls: controls by frame for this run alone, in place of the options'; empty keeps those (run's ctrl_info).
        rng: source of chance for random blinks; by default one with seed 0.
        reference_defects: gives the published code's numbers where they are defects: pose factors act on logits, voice
            activity on the whole face, fades mix logits with degrees, a long fade-out begins before the clip, and
            ``rest`` makes motion relative whatever the options say.

    Raises:
        dh.OptionError: controls, fades or blinks that cannot be used.
    """

    def __init__(
        self,
        source: Mapping[str, Array],
        still: bool,
        options: StitchOptions | None = None,
        *,
        network: StitchCall | None = None,
        frames: int | None = None,
        fade_in: int = -1,
        fade_out: int = -1,
        controls: Mapping[int, Mapping[str, Any]] | Sequence[Mapping[str, Any]] = (),
        rng: random.Random | None = None,
        reference_defects: bool = False,
    ) -> None:
        self._options = options = options or StitchOptions()
        self._network = network if options.stitch else None
        self._defects = reference_defects
        self._first_source = _own(source)
        self._source_keypoints = keypoints(self._first_source) if still else None
        self._factors = options.factors(still=still, source_scale=float(self._first_source["scale"].item()))
        self._takes_first = options.relative and options.rest is None
        uses_rest = options.rest is not None and (options.relative or reference_defects)
        self._rest = _own(options.rest) if uses_rest and options.rest is not None else None
        self._drive_eyes = still if options.drive_eyes is None else options.drive_eyes
        self._blink_shape = options.blink_shape if self._drive_eyes else None
        self._mix = ExpressionMix.of(drive_eyes=self._drive_eyes, blinks=self._blink_shape is not None)
        if self._blink_shape is not None:
            length = _UNKNOWN_LENGTH if frames is None else frames
            self._blinks = blink_table(length, len(self._blink_shape), options.blink_interval, rng)
        self._controls = ControlTable(controls or options.frame_controls, options.overall_controls)
        self._fades = fade_table(frames, fade_in, fade_out, reference_defects=reference_defects)
        self._fade_parts = fading_parts(options.fade_parts, "options")
        self._fade_rest: MotionInfo | None = None

    def frame(
        self, source: Mapping[str, Array], driving: Mapping[str, Array], index: int, controls: FrameControls = NEUTRAL
    ) -> tuple[Array, Array]:
        """Source and driving keypoints of a frame, both [1,21,3], the latter stitched; arguments as ``compose``."""
        x_s, x_d = self.compose(source, driving, index, controls)
        return x_s, self.stitch(x_s, x_d)

    def stitch(self, x_s: Array, x_d: Array) -> Array:
        """Driving keypoints [n,21,3] of one or several frames through the stitching network, in one call."""
        return x_d if self._network is None else self._network(x_s, x_d)

    def compose(
        self, source: Mapping[str, Array], driving: Mapping[str, Array], index: int, controls: FrameControls = NEUTRAL
    ) -> tuple[Array, Array]:
        """Keypoints of a frame before the stitching network.

        Args:
            source: motion of the source frame that the output frame shows.
            driving: motion of the driver; parts that it lacks, and kp, are the source's.
            index: number of the output frame, from 0; it chooses controls, fades and blinks.
            controls: of this frame, beside those of options and run.

        Returns:
            x_s, x_d: [1,21,3] each; x_s of a still source is the same array every time.
        """
        own = {part: np.asarray(value, np.float32) for part, value in source.items()}
        motion = self._mixed(own, {part: np.asarray(value, np.float32) for part, value in driving.items()})
        blink = None if self._blink_shape is None else self._blink_shape[self._blinks[index % len(self._blinks)]][None]
        motion["exp"] = self._mix(motion["exp"], own["exp"], blink)
        published = self._controls[index]
        for control in (published, controls):
            motion = control.apply(motion, own, reference_defects=self._defects)
        motion = self._faded(motion, own, index, (published, controls))
        if self._drive_eyes:
            motion["exp"] = motion["exp"] + gaze_correction(motion, self._first_source)
        x_s = keypoints(own) if self._source_keypoints is None else self._source_keypoints
        return x_s, keypoints(motion)

    def _mixed(self, source: MotionInfo, driving: MotionInfo) -> MotionInfo:
        if self._rest is None and self._takes_first:
            self._rest = _own(driving)
        mixed = dict(source)
        for part, factor in self._factors.items():
            if part not in driving:
                continue
            value, own = driving[part], source[part]
            if self._rest is None:
                mixed[part] = value * factor
                continue
            rest = self._rest[part]
            if part in ANGLES:
                value, own, rest = same_form(value, own, rest)
            mixed[part] = own + (value - rest) * factor
        return mixed

    def _faded(
        self, motion: MotionInfo, source: MotionInfo, index: int, controls: Sequence[FrameControls]
    ) -> MotionInfo:
        if not self._options.fade_to:
            return motion
        if self._options.fade_to == "d0" and self._fade_rest is None:
            self._fade_rest = _own(motion)
        shares = (self._fades.get(index), *(control.fade for control in controls))
        share = next((share for share in shares if share is not None), None)
        if share is None:
            return motion
        choices = (*(control.fade_parts for control in controls), self._fade_parts)
        parts = next(choice for choice in choices if choice is not None)
        return faded(motion, self._fade_rest or source, share, parts, reference_defects=self._defects)


def _own(info: Mapping[str, Array]) -> MotionInfo:
    """A float32 copy that no caller can change."""
    return {part: np.array(value, np.float32) for part, value in info.items()}
