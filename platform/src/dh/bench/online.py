"""How late frames come while speech arrives as from a microphone."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dh.audio import SAMPLE_RATE, AudioChunk
from dh.bench.figures import milliseconds
from dh.bench.session import WarmSession

CHUNK_SECONDS = 0.04
"""Length of the chunks that speech arrives in."""

STREAM_SECONDS = 4.0
"""How long a warm stream goes on, where the speech is as long."""


class PacedSpeech:
    """Endless speech at the pace of real time: the first chunk at once, then one whenever it has been spoken.

    Chunks that nobody was ready to take in time are there at once, as a sound card's buffer has them.

    Args:
        samples: 16 kHz mono, repeated without end.
    """

    def __init__(self, samples: NDArray[np.float32]) -> None:
        self._samples = samples
        self._size = round(CHUNK_SECONDS * SAMPLE_RATE)
        self.began: float | None = None
        """When the first chunk was given, by ``time.perf_counter``; set it beforehand to fix that moment."""

    def __iter__(self) -> Iterator[AudioChunk]:
        if self.began is None:
            self.began = time.perf_counter()
        for number in itertools.count():
            wait = self.began + number * CHUNK_SECONDS - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            start = number * self._size
            yield AudioChunk(self._samples.take(range(start, start + self._size), mode="wrap"), start)

    def heard(self, frame: int, fps: float) -> float:
        """When the chunk with a frame's last sample was given, by ``time.perf_counter``."""
        assert self.began is not None
        last_sample = int((frame + 1) / fps * SAMPLE_RATE) - 1
        return self.began + last_sample // self._size * CHUNK_SECONDS


def measure_online(session: WarmSession, samples: NDArray[np.float32], repeats: int) -> dict[str, Any]:
    """Measures the delay of frames: from the arrival of all of a frame's own sound to the frame.

    Args:
        session: in mode online.
        samples: 16 kHz mono speech, at least 40 ms; a warm stream goes on as long, at most ``STREAM_SECONDS``.
        repeats: of each measurement.

    Returns:
        Milliseconds: "look_ahead", what the driver waits for by design; "first_frame", "cold" where driver and renderer
        are built while speech arrives already, "warm" where they were used before; "delay" of all frames of the warm
        streams.
    """
    cold: list[float] = []
    warm: list[float] = []
    every: list[float] = []
    for _ in range(repeats):
        session.forget()
        cold += _delays(session, samples, 0.0, began=time.perf_counter())
        delays = _delays(session, samples, min(STREAM_SECONDS, len(samples) / SAMPLE_RATE))
        warm.append(delays[0])
        every += delays
    return {
        "look_ahead_ms": None if session.look_ahead is None else round(1000 * session.look_ahead, 3),
        "first_frame_ms": {"cold": milliseconds(cold), "warm": milliseconds(warm)},
        "delay_ms": milliseconds(every),
        "chunk_ms": 1000 * CHUNK_SECONDS,
    }


def _delays(
    session: WarmSession, samples: NDArray[np.float32], seconds: float, began: float | None = None
) -> list[float]:
    """Delays of the first frame and those of ``seconds`` after the first chunk; seconds."""
    speech = PacedSpeech(samples)
    speech.began = began
    delays = []
    with session.frames(speech) as frames:
        for frame in frames:
            now = time.perf_counter()
            delays.append(now - speech.heard(frame.index, session.fps))
            if speech.began is not None and now - speech.began >= seconds:
                break
    return delays
