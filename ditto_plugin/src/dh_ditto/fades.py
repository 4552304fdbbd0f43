"""Fading a clip in from, and out to, a motion at rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import dh
from dh_ditto.keypoints import ANGLES, same_form
from dh_ditto.motion import Array, MotionInfo


def fade_table(frames: int | None, fade_in: int, fade_out: int, *, reference_defects: bool = False) -> dict[int, float]:
    """Share of the moving face (1) against the resting one (0) by frame; frames that it leaves out do not fade.

    Args:
        frames: n, of the clip; None if it is not known yet.
        fade_in: frames from the start; 0 or less is none.
        fade_out: frames until the last one, which is at rest; 0 or less is none. Where both overlap, this one counts.
        reference_defects: a fade-out longer than the clip begins before it, with negative frame numbers; else it is
            shortened to the clip.

    Raises:
        dh.OptionError: a fade-out without a known length.
    """
    table = {frame: frame / fade_in for frame in range(fade_in)}
    if fade_out > 0:
        if frames is None:
            raise dh.OptionError(f"fade_out {fade_out} needs a clip of known length; leave it out when streaming")
        if not reference_defects:
            fade_out = min(fade_out, max(frames - 1, 1))
        table |= {frames - 1 - left: left / fade_out for left in range(fade_out, -1, -1)}
    if frames is None or reference_defects:
        return table
    return {frame: share for frame, share in table.items() if 0 <= frame < frames}


def faded(
    info: Mapping[str, Array], rest: Mapping[str, Array], share: float, parts: Iterable[str], *, reference_defects: bool
) -> MotionInfo:
    """``info`` with ``parts`` mixed with those of ``rest``: value * share + rest * (1 - share).

    Angles are mixed as logits if both are logits, else in degrees; with ``reference_defects`` degrees are mixed with
    logits as if both were the same.
    """
    mixed = dict(info)
    for part in parts:
        value, other = info[part], rest[part]
        if part in ANGLES and not reference_defects:
            value, other = same_form(value, other)
        mixed[part] = value * share + other * (1 - share)
    return mixed
