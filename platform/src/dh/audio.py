"""Speech as every driver hears it: 16 kHz, mono, float32."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
