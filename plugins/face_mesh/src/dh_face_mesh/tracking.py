"""Landmarks over time: gaps filled, jitter removed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

import dh

Array = NDArray[np.float64]


def fill_gaps(track: Sequence[Array | None], *, fps: float, max_gap: float, name: str) -> Array:
    """Landmarks of every frame, those of frames without a face interpolated between their neighbours.

    Args:
        track: per frame (478, 3), or None.
        fps: frames per second.
        max_gap: longest gap to fill, in seconds; a gap at either end is filled with the nearest face.
        name: of the video, for messages.

    Returns:
        (n, 478, 3).

    Raises:
        FaceError: no frame shows a face, or a gap is longer.
    """
    seen = np.array([number for number, face in enumerate(track) if face is not None])
    if not len(seen):
        raise dh.FaceError(f"{name}: no face found in any frame; give a video that shows one from the front")
    bounds = np.concatenate([[-1], seen, [len(track)]])
    longest = int(np.argmax(np.diff(bounds)))
    missing = int(bounds[longest + 1] - bounds[longest] - 1)
    if missing / fps > max_gap:
        start = (bounds[longest] + 1) / fps
        raise dh.FaceError(
            f"{name}: no face from {start:.2f} s to {start + missing / fps:.2f} s; cut it out or raise --set max_gap"
        )
    known = np.stack([face for face in track if face is not None])
    at = np.interp(np.arange(len(track)), seen, np.arange(len(seen)))
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, len(seen) - 1)
    share = (at - low)[:, None, None]
    return np.asarray(known[low] * (1 - share) + known[high] * share)


def smooth(track: Array, *, fps: float, time_constant: float) -> Array:
    """A Gaussian over time, without delay; the first and last frame are held beyond the ends.

    Args:
        track: (n, ...).
        fps: frames per second.
        time_constant: the Gaussian's standard deviation in seconds; 0 changes nothing.
    """
    sigma = time_constant * fps
    if sigma < 0.1 or len(track) < 2:
        return track
    reach = int(np.ceil(3 * sigma))
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    taps /= taps.sum()
    padded = np.concatenate([np.repeat(track[:1], reach, 0), track, np.repeat(track[-1:], reach, 0)])
    return np.asarray(sum(tap * padded[shift : shift + len(track)] for shift, tap in enumerate(taps)))
