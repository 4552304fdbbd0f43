"""Motion of live speech: every few frames a window is drawn that goes on from the motion which has left already."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dh_ditto.motion import Array
from dh_ditto.windows import WINDOW_FRAMES

Continuation = Callable[[Array, Array, int, "Array | None"], Array]
"""The motion before a window [1, m], its condition rows [1, 80, d], the steps, and the motion of its first frames
[k, m] if that is decided, to its motion [1, 80, m]."""

LONGEST_HOP = 40
LONGEST_REDRAW = 20


class RollingWindows:
    """Turns condition rows into motion, some frames at a time; as many frames as rows, however these were cut.

    ``MotionWindows`` fades windows into one another, and waits for as many frames as a fade has. Here a window is drawn
    so that it goes on from the frames that have left, as EDGE continues a dance (Tseng et al. 2023, arXiv:2211.10658):
    nothing needs a fade, and what is held is a window of rows and one of motion.

    Args:
        diffusion: draws one window.
        start: [1, m], the motion before the first window.
        lead: [80 - hop, d], condition rows of the silence before the speech.
        hop: rows after which a window is drawn, 1 to ``LONGEST_HOP``.
        redraw: newest frames of a window that the next one draws again, when more speech is heard, 0 to
            ``LONGEST_REDRAW``. A frame leaves when ``redraw`` to ``redraw + hop - 1`` rows after its own are heard.
        steps: of the diffusion.
    """

    def __init__(
        self, diffusion: Continuation, start: Array, lead: Array, *, hop: int, redraw: int, steps: int
    ) -> None:
        if not 1 <= hop <= LONGEST_HOP or not 0 <= redraw <= LONGEST_REDRAW:
            raise ValueError(f"hop {hop} and redraw {redraw}: give 1 to {LONGEST_HOP} and 0 to {LONGEST_REDRAW}")
        if len(lead) != WINDOW_FRAMES - hop:
            raise ValueError(f"{len(lead)} lead rows for a hop of {hop}")
        self._diffusion, self._hop, self._steps = diffusion, hop, steps
        self._before = np.asarray(start, np.float32)
        self._pending = lead  # rows from the next window's first on
        self._decided: Array | None = None  # motion from the next window's first frame on
        self._leaving = len(lead) - redraw  # the first frame of a window that has not left
        self._of_lead = redraw  # frames that have yet to leave and show the lead
        self._heard = False

    def push(self, rows: Array) -> Array:
        """Takes condition rows [n, d] and returns the frames that are final, [k, m]."""
        self._heard = self._heard or len(rows) > 0
        self._pending = np.concatenate([self._pending, rows])
        parts = [self._before[:0]]
        while len(self._pending) >= WINDOW_FRAMES:
            window = self._draw(self._pending[:WINDOW_FRAMES])
            self._pending = self._pending[self._hop :]
            stop = self._leaving + self._hop
            parts.append(self._of_speech(window[self._leaving : stop]))
            self._before, self._decided = window[self._hop - 1 : self._hop], window[self._hop : stop]
        return np.concatenate(parts)

    def finish(self) -> Array:
        """The remaining frames [k, m]: the last rows run with the last of them repeated."""
        count = len(self._pending)
        if not self._heard or count == self._leaving:
            return self._before[:0]
        filled = np.pad(self._pending, ((0, WINDOW_FRAMES - count), (0, 0)), mode="edge")
        return self._of_speech(self._draw(filled)[self._leaving : count])

    def _draw(self, rows: Array) -> Array:
        """The window's motion [80, m]."""
        window = self._diffusion(self._before, rows[None], self._steps, self._decided)
        return np.asarray(window, np.float32)[0]

    def _of_speech(self, frames: Array) -> Array:
        """These frames less those of the lead."""
        dropped = min(self._of_lead, len(frames))
        self._of_lead -= dropped
        return frames[dropped:]
