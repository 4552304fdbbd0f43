"""Clauses on motion and frames: their form, ranges, units and times."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dh.audio import SAMPLE_RATE, AudioChunk
from dh.frame import Frame
from dh.motion import Motion, MotionSpace
from dh.testing.contract.case import Case
from dh.testing.contract.clause import ContractBroken, require
from dh.testing.contract.running import (
    WHOLE,
    cut_motion,
    standard_items,
    standard_speech,
    streams,
)
from dh.testing.contract.speech import Samples, chunks
from dh.testing.contract.stand_in import MOTION_FRAMES
from dh.timing import frames_for

NTSC = 30000 / 1001
_ROUNDING = 1e-5
"""By how much of its range a float32 value may lie outside."""


def motion(case: Case) -> None:
    """Motion is in its declared space and range, without a gap, and of ceil(seconds x fps) frames."""
    if case.kind == "adapter":
        given = list(standard_items(case, [3]))
        made = checked(streams(case, given)[-1], case.space_out, case.fps)
        require(made == MOTION_FRAMES, f"{made} frames of {MOTION_FRAMES}")
        return
    for fps in [case.fps] if case.is_bound else [case.fps, NTSC]:
        for online in case.modes:
            drive_and_check(case, standard_speech(), fps=fps, online=online)


def drive_and_check(case: Case, samples: Samples, *, fps: float | None = None, online: bool = False) -> None:
    """Drives with speech, and checks form and number of what comes."""
    rate = fps or case.fps
    wanted = frames_for(len(samples), SAMPLE_RATE, rate)
    items: Iterable[AudioChunk] = chunks(samples, WHOLE)
    made = checked(
        streams(case, items, online=online, fps=rate, frames=None if online else wanted)[-1], case.space_out, rate
    )
    mode = " in mode online" if online else ""
    said = f"{len(samples)} samples of speech at {rate:g} frames per second{mode}"
    require(made == wanted, f"{made} frames for {said}, which are {wanted}")


def checked(chunks_made: Iterable[Motion], space: MotionSpace, fps: float) -> int:
    """The number of frames of motion that is what it should be."""
    done = 0
    for chunk in chunks_made:
        require(isinstance(chunk, Motion), f"it gave a {type(chunk).__name__}, not Motion")
        require(chunk.space.name == space.name, f"motion in space {chunk.space.name!r}, declared {space.name!r}")
        require(chunk.start == done, f"a chunk starts at frame {chunk.start}, expected {done}")
        require(abs(chunk.fps - fps) < 1e-3, f"motion at {chunk.fps:g} frames per second, expected {fps:g}")
        _check_ranges(chunk, space)
        done += len(chunk)
    return done


def _check_ranges(chunk: Motion, space: MotionSpace) -> None:
    for name, field in space.fields.items():
        low = -np.inf if field.low is None else field.low
        high = np.inf if field.high is None else field.high
        slack = _ROUNDING * (high - low) if np.isfinite(high - low) else _ROUNDING
        least, most = float(chunk[name].min()), float(chunk[name].max())
        if least < low - slack or most > high + slack:
            raise ContractBroken(
                f"{space.name}.{name} from {least:g} to {most:g} in the chunk at frame {chunk.start}, "
                f"declared {low:g} to {high:g} {field.unit}"
            )


def frames(case: Case) -> None:
    """Each frame of motion gives one picture of the avatar's size, with its number and its time."""
    first = 4
    moved = case.bench.motion(case.space_in, case.fps)
    given = Motion(moved.space, first, moved.fps, moved.values, controls=moved.controls)
    size = (case.avatar.height, case.avatar.width, 3)
    made = 0
    for frame in streams(case, cut_motion(given, [3]))[-1]:
        require(isinstance(frame, Frame), f"it gave a {type(frame).__name__}, not a Frame")
        require(frame.image.shape == size, f"a frame of shape {frame.image.shape}, the avatar's is {size}")
        require(frame.index == first + made, f"frame {frame.index}, expected {first + made}")
        due = frame.index / case.fps
        require(abs(frame.time - due) < 1e-6, f"frame {frame.index} at {frame.time:g} s, due at {due:g} s")
        made += 1
    require(made == MOTION_FRAMES, f"{made} frames of {MOTION_FRAMES} frames of motion")
