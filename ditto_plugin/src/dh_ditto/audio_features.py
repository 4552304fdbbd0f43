"""Speech to feature rows, 25 a second, however the samples were cut.

A streaming encoder hears chunks of (past, new, future) frames, and the rows of the new ones are kept. Segments are for
an encoder that hears as much as 20 s at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

import dh
from dh_ditto.motion import Array

FEATURE_SIZE = 1024
"""Width of a row."""

FRAME_SAMPLES = 640
"""Samples of one row: 40 ms at 16 kHz."""

CHUNK_FRAMES = (3, 5, 2)
"""Past, new and future frames of the published chunks."""

SEGMENT_FRAMES = 500
"""Frames of the longest segment, 20 s."""

SEGMENT_MARGIN = 25
"""Frames at each joint between segments that are dropped, because they hear only one side of it."""

REACH = 80
"""Samples by which the encoder's last row reaches past its 20 ms."""

_SHORTEST_SEGMENT = 2

Encoder = Callable[[Array], Array]
"""Samples [1, n] to rows at 50 a second, [m, 1024] or [1, m, 1024], m = (n - 400) // 320 + 1."""


def _frame_rows(encoder: Encoder, samples: Array) -> Array:
    """[frames, 1024]: the means of the encoder's pairs of rows for 640 * frames + 80 samples."""
    rows = np.asarray(encoder(samples[None]), np.float32)
    frames = (len(samples) - REACH) // FRAME_SAMPLES
    if rows.size != 2 * frames * FEATURE_SIZE:
        raise dh.InputError(
            f"the speech encoder gave rows of shape {rows.shape} for {len(samples)} samples, not "
            f"({2 * frames}, {FEATURE_SIZE}); use the one that comes with the weights"
        )
    return np.asarray(rows.reshape(frames, 2, FEATURE_SIZE).mean(1))


def _joined(parts: Sequence[Array]) -> Array:
    return np.concatenate(parts) if parts else np.zeros((0, FEATURE_SIZE), np.float32)


class StreamingFeatures:
    """Rows from a streaming encoder, each group of new frames as soon as its future frames are heard.

    There are ceil(samples / 640) rows.

    Args:
        encoder: takes (past + new + future) * 640 + 80 samples.
        chunk_frames: past, new and future frames.
        online: starts 80 samples earlier, as the published online mode does.
        reference_defects: online, the 3 to 7 rows past the end of speech that the published loop gives.

    Raises:
        dh.OptionError: ``chunk_frames`` that make no chunk.
    """

    def __init__(
        self,
        encoder: Encoder,
        chunk_frames: Sequence[int] = CHUNK_FRAMES,
        online: bool = False,
        reference_defects: bool = False,
    ) -> None:
        if len(chunk_frames) != 3 or min(chunk_frames) < 0 or chunk_frames[1] < 1:
            raise dh.OptionError(f"chunksize={tuple(chunk_frames)}: give past, new and future frames, such as 3, 5, 2")
        self._encoder = encoder
        self._past, self._new, future = chunk_frames
        self._chunk = sum(chunk_frames) * FRAME_SAMPLES + REACH
        self._keep = slice(self._past, sum(chunk_frames) - future)
        self._lead = self._past * FRAME_SAMPLES + (0 if online else REACH)
        self._extra_rows = online and reference_defects
        self._pending: Array = np.zeros(self._lead, np.float32)
        self._samples = self._rows = 0

    def push(self, samples: Array) -> Array:
        """Takes the next samples, float32 [n], and returns the rows that they complete, [k, 1024]."""
        self._samples += len(samples)
        self._pending = np.concatenate([self._pending, np.asarray(samples, np.float32)])
        parts = []
        while len(self._pending) >= self._chunk:
            parts.append(self._next_rows())
        return _joined(parts)

    def finish(self) -> Array:
        """The rows [k, 1024] that speech still owes at its end, computed as if silence followed."""
        wanted = -(-self._samples // FRAME_SAMPLES)
        if self._extra_rows:
            wanted = self._new * -(-(self._lead + self._samples) // (self._new * FRAME_SAMPLES))
        parts = []
        while self._rows < wanted:
            self._pending = np.pad(self._pending, (0, max(0, self._chunk - len(self._pending))))
            owed = wanted - self._rows
            parts.append(self._next_rows()[:owed])
        return _joined(parts)

    def _next_rows(self) -> Array:
        rows = _frame_rows(self._encoder, self._pending[: self._chunk])[self._keep]
        self._pending = self._pending[self._new * FRAME_SAMPLES :]
        self._rows += self._new
        return rows


def silent_features(encoder: Encoder, rows: int, chunk_frames: Sequence[int] = CHUNK_FRAMES) -> Array:
    """[rows, 1024]: what ``StreamingFeatures`` gives for silence, whose chunks are all alike."""
    features = StreamingFeatures(encoder, chunk_frames)
    features.push(np.zeros(min(rows, chunk_frames[1]) * FRAME_SAMPLES, np.float32))
    repeats = -(-rows // chunk_frames[1])
    return np.tile(features.finish(), (repeats, 1))[:rows]


class SegmentFeatures:
    """Rows from an encoder that hears up to 20 s at once, such as WavLM. There are ceil(samples / 640) rows.

    The published system names such an encoder and cannot run it, so this is the project's own choice: samples lie in a
    segment as in the published chunks, 80 zeros before the first; segments overlap by twice ``SEGMENT_MARGIN`` and are
    joined in the middle of the overlap. The first rows come after 20 s.

    Args:
        encoder: takes 1360 to 320080 samples.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._pending: Array = np.zeros(REACH, np.float32)
        self._skip = 0

    def push(self, samples: Array) -> Array:
        """Takes the next samples, float32 [n], and returns the rows that they complete, [k, 1024]."""
        self._pending = np.concatenate([self._pending, np.asarray(samples, np.float32)])
        longest = SEGMENT_FRAMES * FRAME_SAMPLES + REACH
        parts = []
        while len(self._pending) > longest:
            rows = _frame_rows(self._encoder, self._pending[:longest])
            parts.append(rows[self._skip : SEGMENT_FRAMES - SEGMENT_MARGIN])
            self._pending = self._pending[(SEGMENT_FRAMES - 2 * SEGMENT_MARGIN) * FRAME_SAMPLES :]
            self._skip = SEGMENT_MARGIN
        return _joined(parts)

    def finish(self) -> Array:
        """The rows [k, 1024] of the last segment."""
        frames = -(-(len(self._pending) - REACH) // FRAME_SAMPLES)
        if not frames:
            return _joined([])
        length = max(frames, _SHORTEST_SEGMENT) * FRAME_SAMPLES + REACH
        padded = np.pad(self._pending, (0, length - len(self._pending)))
        return _frame_rows(self._encoder, padded)[self._skip : frames]
