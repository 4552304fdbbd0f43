"""Speech as every driver hears it: 16 kHz, mono, float32."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dh.timing import exact_rate

SAMPLE_RATE = 16_000
"""Samples per second of every AudioChunk."""


@dataclass(frozen=True, eq=False)
class AudioChunk:
    """Consecutive samples of speech.

    Args:
        samples: float32 of shape (n,), nominally -1..1, at ``SAMPLE_RATE``; n >= 1.
        start: index of the first sample since the start of the run.

    Raises:
        ValueError: another shape or type, no samples, or samples that are not finite.
    """

    samples: NDArray[np.float32]
    start: int

    def __post_init__(self) -> None:
        if self.samples.dtype != np.float32 or self.samples.ndim != 1 or not self.samples.size:
            raise ValueError(f"an audio chunk is float32 of shape (n,), not {self.samples.dtype} {self.samples.shape}")
        if not np.isfinite(self.samples).all():
            raise ValueError(f"audio from sample {self.start} holds values that are not finite")

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def time(self) -> float:
        """Seconds from the start of the run to the first sample."""
        return self.start / SAMPLE_RATE

    @property
    def duration(self) -> float:
        """Seconds that the samples last."""
        return len(self.samples) / SAMPLE_RATE


def split_frames(speech: Iterable[AudioChunk], fps: float) -> Iterator[NDArray[np.float32]]:
    """Cuts speech into the samples of each video frame, however it was chunked.

    Yields:
        float32 of shape (n,) for frames 0, 1, ...: the samples from floor(k x 16000 / fps) to the next frame's. The
        last may be shorter. There are ceil(seconds of speech x fps) of them.
    """
    rate = exact_rate(fps)
    pending: NDArray[np.float32] = np.zeros(0, np.float32)
    frame = begin = 0
    for chunk in speech:
        pending = np.concatenate([pending, chunk.samples])
        while begin + len(pending) >= (end := (frame + 1) * SAMPLE_RATE * rate.denominator // rate.numerator):
            yield pending[: end - begin]
            pending, begin, frame = pending[end - begin :], end, frame + 1
    if len(pending):
        yield pending
