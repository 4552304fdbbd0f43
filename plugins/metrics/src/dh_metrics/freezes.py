"""Stretches in which the picture stands still."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import dh
from dh_metrics.faces import faces

_SHORTEST_SECONDS = 0.4
"""Shorter stretches are those of another frame rate, or of a face between two movements."""


def freezes(still: NDArray[np.bool_], fps: float) -> list[tuple[int, int]]:
    """Stretches of repeated frames.

    Args:
        still: (n,) whether each frame repeats the ones before.
        fps: frames per second.

    Returns:
        For each its first repeated frame and the first frame after it; they last 0.4 s or more.
    """
    padded = np.concatenate([[False], still, [False]])
    bounds = np.flatnonzero(padded[1:] != padded[:-1]).reshape(-1, 2)
    shortest = _SHORTEST_SECONDS * fps - 1e-6
    return [(int(begin), int(end)) for begin, end in bounds if end - begin >= shortest]


class Freezes:
    """Seconds in which the picture stands still."""

    def __init__(self, options: Any, context: dh.Context) -> None:
        pass

    def measure(self, material: dh.Material) -> dh.Measure:
        """Seconds of repeated frames, over all frames."""
        track = faces(material)
        found = freezes(track.still, material.fps)
        note = ""
        if found:
            begin, end = max(found, key=lambda span: span[1] - span[0])
            times = "once" if len(found) == 1 else f"{len(found)} times"
            note = f"{times}; the longest {(end - begin) / material.fps:.2f} s from {begin / material.fps:.2f} s on"
        crop = "the face with its surroundings" if track.seen.any() else "whole frame"
        return dh.Measure(sum(end - begin for begin, end in found) / material.fps, len(track.still), crop, note=note)
