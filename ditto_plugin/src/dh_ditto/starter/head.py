"""Smooth head motion without waiting for later frames."""

from __future__ import annotations

import numpy as np

from dh_ditto.motion import Array


class TrailingMean:
    """Means of the leading columns over each frame and those before it, by Hann's weights.

    Nobody sees a head that follows its speech by a tenth of a second, while lips must not wait: so live, the head is
    smoothed with what has been, and the lips not at all.

    Args:
        frames: that a mean is over, which moves by ``(frames - 1) / 2`` frames; 0 or 1 is off.
        columns: leading columns of a row that are smoothed.
    """

    def __init__(self, frames: int, columns: int) -> None:
        weights = np.hanning(max(frames, 1) + 2)[1:-1]
        self._weights = (weights / weights.sum()).astype(np.float32)
        self._columns = columns
        self._before: Array | None = None  # [frames - 1, columns]

    def push(self, rows: Array) -> Array:
        """Takes the next rows [n, m] and returns them smoothed; before the first, rows were like it."""
        reach = len(self._weights) - 1
        if not len(rows) or not reach:
            return rows
        head = rows[:, : self._columns]
        if self._before is None:
            self._before = np.repeat(head[:1], reach, axis=0)
        seen = np.concatenate([self._before, head])
        self._before = seen[len(head) :]
        smooth = rows.copy()
        # One frame at a time: products of other shapes would round differently, and rows would depend on the cuts.
        for number in range(len(rows)):
            smooth[number, : self._columns] = self._weights @ seen[number : number + reach + 1]
        return smooth
