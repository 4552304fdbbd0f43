"""Motion of any length from windows of 80 frames: each window overlaps the one before and is faded into it.

One class serves clips and live speech. Frames leave it as soon as no later window and no smoothing can change them, so
what comes out does not depend on how the rows were cut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

import dh
from dh_ditto.motion import SLICES, Array

WINDOW_FRAMES = 80
"""Frames that the diffusion model predicts at once."""

SHORTEST_ONLINE_OVERLAP = 40
"""Below it the published online fade does not reach the first spoken frame."""

Diffusion = Callable[[Array, Array, int], Array]
"""The motion before a window [1, m], its condition rows [1, 80, d] and the steps to the motion [1, 80, m]."""

POSE_COLUMNS = SLICES["exp"].start
"""Leading columns of a published motion vector that are smoothed: all but the expression."""


class MotionWindows:
    """Turns condition rows into motion, a window at a time.

    The published code smooths some frames up to three times, continues from frames before they are clipped, and online
    gives more or fewer frames than rows. Here each frame is smoothed once, windows continue from clipped frames, and
    there are as many frames as rows of speech. ``reference_defects`` brings the published ways back.

    Args:
        diffusion: draws one window.
        kp_cond: [1, m], the source's motion: the frame before the first window; m is 265 in the published model.
        overlap_v2: frames that two windows share, 0 to 79; online at least 40.
        lead: [overlap_v2, d], condition rows of silence before the speech: given, this is the online mode. Then the
            fade is no longer than a window's new frames, and one window ends the speech.
        sampling_timesteps: diffusion steps.
        smo_k_d: frames of the moving average over the pose, an even number acting as the next; 1 is off.
        fix_kp_cond: every so many windows the next one starts from the source; 0 is never.
        fix_kp_cond_dim: from and to, dims of the motion that go on even then.
        v_min_max_for_clip: [2, m], smallest and largest values.
        pose_columns: leading columns that are the pose.
        reference_defects: the published numbers, see above.

    Raises:
        dh.OptionError: values out of range.
    """

    def __init__(
        self,
        diffusion: Diffusion,
        kp_cond: Array,
        *,
        overlap_v2: int = 10,
        lead: Array | None = None,
        sampling_timesteps: int = 50,
        smo_k_d: int = 3,
        fix_kp_cond: int = 0,
        fix_kp_cond_dim: Sequence[int] | None = None,
        v_min_max_for_clip: Array | None = None,
        pose_columns: int = POSE_COLUMNS,
        reference_defects: bool = False,
    ) -> None:
        online = lead is not None
        size = np.size(kp_cond)
        _check(overlap_v2, online and not reference_defects, fix_kp_cond, fix_kp_cond_dim, v_min_max_for_clip, size)
        if lead is not None and len(lead) != overlap_v2:
            raise ValueError(f"{len(lead)} lead rows for an overlap of {overlap_v2}")
        self._diffusion, self._steps = diffusion, sampling_timesteps
        self._overlap, self._hop = overlap_v2, WINDOW_FRAMES - overlap_v2
        self._fade = min(overlap_v2, self._hop) if online else overlap_v2
        # The fade's first frame has weight 0; only the published code smooths it once more.
        self._changing = self._fade if reference_defects else max(0, self._fade - 1)
        self._online, self._defects = online, reference_defects
        reach = smo_k_d // 2
        self._window_reach = reach if reference_defects else 0
        self._emit_reach = 0 if reference_defects and online else reach
        self._source = np.asarray(kp_cond, np.float32).reshape(size)
        self._kp_cond = self._source
        self._pose = pose_columns
        self._fix_every, self._fix_dim = fix_kp_cond, slice(*(fix_kp_cond_dim or (0, 0)))
        self._limits = None if v_min_max_for_clip is None else np.asarray(v_min_max_for_clip, np.float32)

        self._pending: Array | None = lead  # rows from the next window's first on
        self._rows = 0  # of speech, so far
        self._windows = 0
        self._motion = self._source[None][:0]  # fused frames from number self._begin on
        self._begin = 0
        first = WINDOW_FRAMES - self._fade if reference_defects else overlap_v2
        self._pointer = first if online else 0  # the next frame to leave
        self.d0: Array | None = None
        """[m]: what the published online mode takes for the first frame, though it shows silence; else None."""

    def push(self, rows: Array) -> Array:
        """Takes condition rows [n, d] and returns the frames that are final, [k, m]."""
        self._rows += len(rows)
        self._pending = rows if self._pending is None else np.concatenate([self._pending, rows])
        parts = []
        while len(self._pending) >= WINDOW_FRAMES:
            self._run_window(self._pending[:WINDOW_FRAMES])
            self._pending = self._pending[self._hop :]
            parts.append(self._emit(self._end - self._changing))
        return self._joined(parts)

    def finish(self) -> Array:
        """The remaining frames [k, m]: the last rows run with the last of them repeated."""
        if self._pending is None or not (self._rows or self._defects):
            return self._joined([])
        rest = self._pending
        if self._online and self._defects:
            return self._finish_as_published(rest)
        while len(rest):
            self._run_window(_filled(rest))
            rest = rest[:0] if self._online else rest[self._hop :]
        end = self._rows + (self._overlap if self._online else 0)
        self._motion = self._motion[: end - self._begin]
        return self._emit(end, last=True)

    @property
    def _end(self) -> int:
        return self._begin + len(self._motion)

    def _finish_as_published(self, rest: Array) -> Array:
        """As many frames as rows wait, the lead's among them; none if there was no window before."""
        if not len(rest):
            return self._joined([])
        starting = not self._windows
        self._run_window(_filled(rest))
        return self._joined([]) if starting else self._emit(min(self._end, self._pointer + len(rest)), last=True)

    def _run_window(self, rows: Array) -> None:
        """Draws a window and fuses it with the motion so far."""
        window = np.asarray(self._diffusion(self._kp_cond[None], rows[None], self._steps), np.float32)[0]
        if self._windows:
            weights = (np.arange(self._fade, dtype=np.float32) / max(self._fade, 1))[:, None]
            kept = len(self._motion) - self._fade
            faded = self._motion[kept:] * (1 - weights) + window[self._overlap - self._fade : self._overlap] * weights
            self._motion = np.concatenate([self._motion[:kept], faded, window[self._overlap :]])
            self._smooth_window(kept, len(self._motion) - self._hop + 1)
        else:
            self._motion = window
            self._smooth_window(0, len(window))
            if self._online and self._defects:
                self.d0 = self._clipped(self._motion[0])
        self._windows += 1
        self._continue_from(self._motion[-self._overlap - 1])

    def _smooth_window(self, start: int, stop: int) -> None:
        if self._window_reach:
            smooth = self._moving_average(start, min(stop, len(self._motion)), self._window_reach)
            self._motion = np.concatenate([self._motion[:start], smooth, self._motion[start + len(smooth) :]])

    def _continue_from(self, frame: Array) -> None:
        """Sets the motion before the next window, whose first frame follows ``frame``."""
        self._kp_cond = frame if self._defects else self._clipped(frame)
        if self._fix_every and self._windows % self._fix_every == 0:
            going_on, self._kp_cond = self._kp_cond, self._source.copy()
            self._kp_cond[self._fix_dim] = going_on[self._fix_dim]

    def _emit(self, final: int, last: bool = False) -> Array:
        """Smoothed frames from the pointer on. Those before ``final`` change no more; at the end nothing follows."""
        stop = max(self._pointer, final if last else final - self._emit_reach)
        frames = self._moving_average(self._pointer - self._begin, stop - self._begin, self._emit_reach)
        self._pointer = stop
        needed = max(self._end - stop, self._overlap + 1) + max(self._emit_reach, self._window_reach)
        drop = max(0, len(self._motion) - needed)
        self._motion, self._begin = self._motion[drop:], self._begin + drop
        return self._clipped(frames)

    def _clipped(self, motion: Array) -> Array:
        return motion if self._limits is None else np.clip(motion, self._limits[0], self._limits[1])

    def _moving_average(self, start: int, stop: int, reach: int) -> Array:
        """Frames ``start`` to ``stop``, their pose as means over ``reach`` frames on each side, fewer at the ends."""
        frames = self._motion[start:stop].copy()
        for i in range(len(frames) if reach else 0):
            around = self._motion[max(0, start + i - reach) : start + i + reach + 1, : self._pose]
            frames[i, : self._pose] = around.mean(0)
        return frames

    def _joined(self, parts: Sequence[Array]) -> Array:
        return np.concatenate(parts) if parts else self._source[None][:0]


def online_frames_held(overlap: int, smoothing: int, reference_defects: bool = False) -> int:
    """Frames at the end of a window that wait for the next one, online, which changes them or what they are averaged
    with.
    """
    fade = min(overlap, WINDOW_FRAMES - overlap)
    return fade if reference_defects else max(0, fade - 1) + smoothing // 2


def _filled(rows: Array) -> Array:
    """Rows of a whole window, the last repeated."""
    return np.pad(rows, ((0, max(0, WINDOW_FRAMES - len(rows))), (0, 0)), mode="edge")


def _check(overlap: int, online: bool, every: int, dims: Sequence[int] | None, limits: Array | None, size: int) -> None:
    if not 0 <= overlap < WINDOW_FRAMES:
        raise dh.OptionError(f"overlap_v2={overlap}: give a number from 0 to {WINDOW_FRAMES - 1}")
    if online and overlap < SHORTEST_ONLINE_OVERLAP:
        raise dh.OptionError(
            f"overlap_v2={overlap}: online mode would lose its first frames; give {SHORTEST_ONLINE_OVERLAP} or more"
        )
    if every < 0:
        raise dh.OptionError(f"fix_kp_cond={every}: give 0 or a number of windows")
    if dims is not None and (len(dims) != 2 or not 0 <= dims[0] <= dims[1] <= size):
        raise dh.OptionError(f"fix_kp_cond_dim={tuple(dims)}: give from and to, within 0 to {size}")
    if limits is not None and np.shape(limits) != (2, size):
        raise dh.OptionError(f"v_min_max_for_clip: shape {np.shape(limits)}; give the smallest and largest of {size}")
