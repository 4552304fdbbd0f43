"""Measures of series over a video's frames: loudness, lag, silence, blinks and jitter."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

SILENCE = 0.05
"""Loudness, as a share of speech's 95th percentile, below which a frame counts as silent."""

_HANGOVER_SECONDS = 0.16
"""So near to speech a mouth may still, or already, be moving."""

_SHUT, _OPEN = 0.5, 0.7
"""Shares of an eye's usual opening at which a blink begins and ends."""

_LONGEST_BLINK_SECONDS = 0.6


def loudness(samples: NDArray[np.floating[Any]], frames: int, rate: int, fps: float) -> Array:
    """Root mean square of the samples that each video frame lasts: (frames,).

    Args:
        samples: (n,), mono.
        frames: to measure; those beyond the sound's end are silent.
        rate: samples per second.
        fps: frames per second.
    """
    ends = np.round(np.arange(frames + 1) * rate / fps).astype(int)
    energy = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    totals = np.diff(energy[np.minimum(ends, len(energy) - 1)])
    return np.asarray(np.sqrt(totals / np.diff(ends)))


def silent(level: Array, fps: float) -> Mask:
    """Frames of silence, less those so near to speech that a mouth may still be moving: (n,).

    Args:
        level: (n,), from ``loudness``.
        fps: frames per second.
    """
    loud = level > SILENCE * np.percentile(level, 95)
    reach = round(_HANGOVER_SECONDS * fps)
    near = np.convolve(loud, np.ones(2 * reach + 1), mode="full")[reach : reach + len(loud)]
    return np.asarray(near < 0.5)


def correlation(a: Array, b: Array) -> float:
    """Pearson's; 0 where one of the two does not vary."""
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size > 0 else 0.0


def best_lag(follower: Array, leader: Array, reach: int) -> tuple[int, float]:
    """The shift at which two series of one length agree best.

    Args:
        follower: (n,), n > reach.
        leader: (n,).
        reach: largest shift to try, in frames.

    Returns:
        Frames by which ``follower`` comes after ``leader`` (negative: before it), and the correlation there.
    """
    count = len(follower)
    found = {
        lag: correlation(follower[max(lag, 0) : count + min(lag, 0)], leader[max(-lag, 0) : count - max(lag, 0)])
        for lag in range(-reach, reach + 1)
    }
    lag = max(found, key=lambda key: (found[key], -abs(key)))
    return lag, found[lag]


def blink_spans(opening: Array, fps: float) -> list[tuple[int, int]]:
    """When an eye shuts and opens again: dips to half of its usual opening, no longer than 0.6 s.

    Args:
        opening: (n,), of an eye in any unit.
        fps: frames per second.

    Returns:
        For each blink its first frame and the first one after it.
    """
    share = opening / np.median(opening)
    spans, begin = [], -1
    for frame, value in enumerate(share):
        if begin < 0 and value < _SHUT:
            begin = frame
        elif begin >= 0 and value > _OPEN:
            if (frame - begin) / fps <= _LONGEST_BLINK_SECONDS:
                spans.append((begin, frame))
            begin = -1
    return spans


def blinks(opening: Array, fps: float) -> int:
    """How often an eye blinks; arguments as ``blink_spans``."""
    return len(blink_spans(opening, fps))


def jitter(track: Array, chosen: Mask | None = None) -> float:
    """Standard deviation of the white noise whose second differences would be as large; steady motion counts as none.

    Args:
        track: (n, ...), any unit.
        chosen: (n,) bool, frames to look at; a difference counts where all of its three frames are chosen.

    Returns:
        In the track's unit; not a number where no three frames in a row are chosen.
    """
    bends = track[2:] - 2 * track[1:-1] + track[:-2]
    if chosen is not None:
        bends = bends[chosen[2:] & chosen[1:-1] & chosen[:-2]]
    return float(np.sqrt(np.mean(bends**2) / 6)) if bends.size else float("nan")
