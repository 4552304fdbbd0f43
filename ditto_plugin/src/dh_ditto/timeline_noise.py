"""Noise that belongs to frames of the timeline, so that windows which overlap draw nearly the same motion."""

from __future__ import annotations

import numpy as np

from dh_ditto.motion import Array


class TimelineNoise:
    """Noise of windows that begin ``hop`` frames apart: a frame has the same noise in each window that it lies in.

    With noise of its own for each window, two windows are two different performances of the same words: where they are
    joined every few frames, the head and the resting mouth tremble. It holds one window's noise.

    Args:
        seed: equal seeds give equal noise.
        hop: frames by which each window begins after the one before.
    """

    def __init__(self, seed: int, hop: int) -> None:
        self._generator = np.random.default_rng([seed, 1])
        self._hop = hop
        self._drawn: Array | None = None  # [frames, steps, width] of the window before

    def window(self, steps: int, frames: int, width: int) -> Array:
        """The next window's noise, [steps, 1, frames, width]: the start, then one for each step but the last.

        All windows have the same numbers of steps, frames and columns.
        """
        kept = np.zeros((0, steps, width), np.float32) if self._drawn is None else self._drawn[self._hop :]
        # Frame after frame, so that a frame's noise does not depend on how long the windows are.
        fresh = self._generator.standard_normal((frames - len(kept), steps, width), np.float32)
        self._drawn = np.concatenate([kept, fresh])
        return np.ascontiguousarray(self._drawn.transpose(1, 0, 2))[:, None]
