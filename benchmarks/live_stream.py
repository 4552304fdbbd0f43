"""A long stream, as a call of half an hour makes it: memory, delay and the number of frames must stay as they are.

.venv/bin/python benchmarks/live_stream.py [METHOD] [--minutes 30] [-s SOURCE] [--set KEY=VALUE]... [--driver NAME]

Speech comes in pieces of random length, faster than real time where the machine is fast enough. Prints JSON:

- frames, expected_frames: those that were made, and those that the samples given fill; drift_seconds: the difference.
- memory_mib: resident size after a tenth of the stream and at its end, and their ratio.
- ahead_seconds: how much speech was taken beyond a frame when it came, at most; in the first tenth and in the last.
- real_time_factor: seconds of stream made per second.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dh
from dh.cli.parameters import parse_sets
from dh.media.audio import read_speech
from dh.timing import frames_for

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"

LONGEST_PIECE = 4000
"""Samples, a quarter of a second."""


@dataclass
class Microphone:
    """Speech without a pause, in pieces of random length.

    Args:
        samples: 16 kHz mono, repeated.
        total: samples to give.
    """

    samples: NDArray[np.float32]
    total: int
    given: int = field(default=0, init=False)

    def __iter__(self) -> Iterator[dh.AudioChunk]:
        random = np.random.default_rng(0)
        while self.given < self.total:
            size = min(int(random.integers(1, LONGEST_PIECE + 1)), self.total - self.given)
            piece = self.samples.take(range(self.given, self.given + size), mode="wrap")
            start, self.given = self.given, self.given + size
            yield dh.AudioChunk(piece, start)


def resident_mib() -> float:
    """Of this process now; where the system does not tell it, its peak so far."""
    status = Path("/proc/self/statm")
    if status.is_file():
        return int(status.read_text().split()[1]) * resource.getpagesize() / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def watch(microphone: Microphone, **run: Any) -> dict[str, Any]:
    """Runs the stream and gives its figures.

    Raises:
        DHError: as ``dh.stream``.
    """
    ahead: list[float] = []
    early_memory = 0.0
    begin = time.perf_counter()
    with dh.stream(audio=microphone, mode="online", **run) as frames:
        expected = frames_for(microphone.total, dh.SAMPLE_RATE, frames.fps)
        tenth = max(1, expected // 10)
        for frame in frames:
            ahead.append(microphone.given / dh.SAMPLE_RATE - frame.time)
            if frame.index == tenth:
                early_memory = resident_mib()
    seconds = time.perf_counter() - begin
    memory = resident_mib()
    return {
        "minutes": round(microphone.total / dh.SAMPLE_RATE / 60, 2),
        "frames": len(ahead),
        "expected_frames": expected,
        "drift_seconds": round((len(ahead) - expected) / frames.fps, 3),
        "memory_mib": {
            "early": round(early_memory, 1),
            "end": round(memory, 1),
            "ratio": round(memory / early_memory, 3),
        },
        "ahead_seconds": {"first_tenth": round(max(ahead[:tenth]), 3), "last_tenth": round(max(ahead[-tenth:]), 3)},
        "real_time_factor": round(microphone.total / dh.SAMPLE_RATE / seconds, 2),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("method", nargs="?", default="face-mesh")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("-s", "--source", type=Path, default=EXAMPLES / "portrait.jpg")
    parser.add_argument("-a", "--audio", type=Path, default=EXAMPLES / "speech.wav")
    parser.add_argument("--profile")
    parser.add_argument("--driver", help="in place of the method's own")
    parser.add_argument("--set", action="append", metavar="KEY=VALUE", help="an option of the method's components")
    given = parser.parse_args(arguments)
    speech = np.concatenate([chunk.samples for chunk in read_speech(given.audio)])
    microphone = Microphone(speech, round(given.minutes * 60 * dh.SAMPLE_RATE))
    names = ("method", "source", "profile", "driver")
    figures = watch(microphone, **{name: getattr(given, name) for name in names}, options=parse_sets(given.set))
    print(json.dumps({"method": given.method, "options": parse_sets(given.set), **figures}, indent=2))


if __name__ == "__main__":
    main()
