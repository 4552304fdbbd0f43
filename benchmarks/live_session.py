"""A live session in real time: a microphone speaks, frames are encoded as they come; what was late, what was dropped.

.venv/bin/python benchmarks/live_session.py [METHOD] [--seconds 60] [-o TARGET] [-s SOURCE] [--set KEY=VALUE]...

TARGET is a file or an rtmp, srt, udp or tcp URL (default: a file that is removed). Prints JSON:

- frames, dropped, paused_seconds, latency_seconds, render_p50_ms, render_p95_ms: as ``dh.LiveStats`` tells them.
- late_ms: how much later than the most punctual frame frames reach the sink, by their places on the timeline.
- sound_drift_ms: sound that the sink got, less the time of its frames.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dh
from dh.bench.figures import milliseconds
from dh.cli.parameters import parse_sets
from dh.media.audio import read_speech

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"

PUSHED = 640
"""Samples that the microphone gives at a time, 40 ms."""


class Watched:
    """Passes frames on to a sink of videos and notes when they came.

    Args:
        target: file or URL.
    """

    def __init__(self, target: str) -> None:
        self._sink = dh.VideoSink(target)
        self._rate = 0
        self.arrivals: list[float] = []
        """Of each frame: when it came by ``time.perf_counter``, less its time on the timeline."""
        self.sound = 0.0
        """Seconds of sound so far."""
        self.shown = 0.0
        """Seconds from the first frame's start to the last one's end."""

    def start(self, width: int, height: int, fps: float, sample_rate: int) -> None:
        """See ``dh.Sink``."""
        self._rate, self._fps = sample_rate, fps
        self._sink.start(width, height, fps, sample_rate)

    def write(self, frame: dh.LiveFrame) -> None:
        """See ``dh.Sink``."""
        self.arrivals.append(time.perf_counter() - frame.time)
        self.sound += len(frame.audio) / self._rate
        self.shown = frame.time + 1 / self._fps
        self._sink.write(frame)

    def close(self) -> None:
        """See ``dh.Sink``."""
        self._sink.close()

    def abort(self) -> None:
        """See ``dh.Sink``."""
        self._sink.abort()


def speak(session: dh.LiveSession, samples: NDArray[np.float32], stop: threading.Event) -> None:
    """Pushes speech, repeated without end, at the pace of a clock of its own."""
    begin = time.perf_counter()
    given = 0
    while not stop.wait(max(0.0, begin + given / dh.SAMPLE_RATE - time.perf_counter())):
        session.push_audio(samples.take(range(given, given + PUSHED), mode="wrap"))
        given += PUSHED


def watch(samples: NDArray[np.float32], seconds: float, target: str, **opened: Any) -> dict[str, Any]:
    """Plays a session and gives its figures.

    Raises:
        DHError: as ``dh.live`` and ``dh.play``.
    """
    sink, stop = Watched(target), threading.Event()
    with dh.live(**opened) as session:
        microphone = threading.Thread(target=speak, args=(session, samples, stop), daemon=True)
        microphone.start()
        try:
            dh.play(session, sink, seconds)
        finally:
            stop.set()
            microphone.join()
        stats = session.stats
    late = np.array(sink.arrivals) - min(sink.arrivals)
    return {
        "frames": stats.frames,
        "dropped": stats.dropped,
        "paused_seconds": round(stats.paused, 3),
        "latency_seconds": round(stats.latency, 3),
        "render_p50_ms": round(stats.render_p50_ms, 1),
        "render_p95_ms": round(stats.render_p95_ms, 1),
        "late_ms": {**milliseconds(list(late)), "most": round(1000 * float(late.max()), 1)},
        "sound_drift_ms": round(1000 * (sink.sound - sink.shown), 3),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("method", nargs="?", default="face-mesh")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("-o", "--output", metavar="TARGET")
    parser.add_argument("-s", "--source", type=Path, default=EXAMPLES / "portrait.jpg")
    parser.add_argument("-a", "--audio", type=Path, default=EXAMPLES / "speech.wav")
    parser.add_argument("--profile")
    parser.add_argument("--driver", help="in place of the method's own")
    parser.add_argument("--set", action="append", metavar="KEY=VALUE", help="an option of the method's components")
    given = parser.parse_args(arguments)
    speech = np.concatenate([chunk.samples for chunk in read_speech(given.audio)])
    opened = {name: getattr(given, name) for name in ("method", "source", "profile", "driver")}
    with tempfile.TemporaryDirectory() as folder:
        target = given.output or str(Path(folder) / "live.mp4")
        figures = watch(speech, given.seconds, target, **opened, options=parse_sets(given.set))
    print(json.dumps({"method": given.method, "seconds": given.seconds, **figures}, indent=2))


if __name__ == "__main__":
    main()
