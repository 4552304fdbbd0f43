"""Rows of frames for which something was not found."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

import dh
from dh_ditto.motion import Array
from dh_ditto.preparation.job import FPS


def interpolate(rows: Mapping[int, Array], count: int) -> Array:
    """All rows [count, ...] from some by their frame: on a line between neighbours, repeated at both ends.

    Args:
        rows: one or more, of one shape; they keep their type.
        count: frames.
    """
    frames = sorted(rows)
    known = np.stack([rows[frame] for frame in frames])
    columns = known.reshape(len(frames), -1).T
    filled = np.stack([np.interp(np.arange(count), frames, column) for column in columns], axis=1)
    return np.asarray(filled.reshape(count, *known.shape[1:]), known.dtype)


def check_gaps(found: Sequence[bool], seconds: float, name: str) -> None:
    """Refuses a video that shows no face for too long.

    Raises:
        FaceError: for longer than ``seconds``, or at all.
    """
    edges = [-1, *np.flatnonzero(found).tolist(), len(found)]
    gap, begin = max((after - before - 1, before + 1) for before, after in itertools.pairwise(edges))
    if len(edges) == 2:
        raise dh.FaceError(f"{name}: no face found in its crop; leave the video out, or choose with --set face=INDEX")
    if gap > seconds * FPS:
        raise dh.FaceError(
            f"{name}: no face in its crop from {begin / FPS:.2f} s on for {gap / FPS:.2f} s; cut that out or raise "
            "--set max_gap"
        )
