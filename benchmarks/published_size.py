"""The published system from motion diffusion to frames, end to end, with networks of its size and untrained weights.

.venv/bin/python benchmarks/published_size.py [--frames 100] [--repeats 1] [--weights FOLDER] [--set KEY=VALUE]...

One still source of 1280x720 with made-up motion and appearance, noise as speech, 50 steps of diffusion, stitching;
frames are dropped, not encoded. Left out: registration, loading what components load when they are built, encoding.
Prints JSON; each repeat has:

- frames_per_second: of all frames, from the start of the stages to the last frame.
- steady_frames_per_second: from the first frame to the last.
- first_frame_seconds: from the start of the stages.
- cpu_seconds_per_frame: of all threads.

The first repeat loads and arranges networks on the way; later ones find them warm.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dh
from dh.bench.session import WarmSession
from dh.cli.parameters import parse_sets
from dh.machine import machine, peak_memory
from dh.request import make_request
from dh_ditto.avatar import KIND
from dh_ditto.compute_thread import COMPUTE
from dh_ditto.weights.initialise import initialise
from dh_ditto.weights.layout import find

FPS = 25
HEIGHT, WIDTH = 720, 1280
COVERED, TURN = 600, 0.1
"""Pixels of the frame's side that the render covers, and by how much it is turned, in radians."""

ANGLE_BINS = 66


def synthetic_avatar(identity: str, seed: int = 0) -> dh.Avatar:
    """A still avatar that no picture was needed for: plausible motion near a frontal pose, noise as appearance."""
    random = np.random.default_rng(seed)

    def normal(*shape: int) -> NDArray[np.float32]:
        return random.standard_normal(shape).astype(np.float32)

    def angle() -> NDArray[np.float32]:
        # Logits with one maximum near the middle bin, which stands for no turn.
        bins = np.arange(ANGLE_BINS) - (ANGLE_BINS / 2 + 4 * float(normal()))
        return np.asarray(6 * np.exp(-(bins**2) / 8) - 2, np.float32)[None]

    keypoints = np.clip(0.3 * normal(1, 63), -0.95, 0.95)
    scale, cosine, sine = COVERED / 512, np.cos(TURN), np.sin(TURN)
    to_frame = np.array([[scale * cosine, -scale * sine, 340], [scale * sine, scale * cosine, 60], [0, 0, 1]])
    arrays = {
        "scale": 1.2 + 0.1 * normal(1, 1),
        "pitch": angle(),
        "yaw": angle(),
        "roll": angle(),
        "t": 0.02 * normal(1, 3),
        "exp": 0.03 * normal(1, 63),
        "kp": keypoints,
        "canonical": keypoints[0],
        "eye_open": np.full((1, 2), 0.35, np.float32),
        "eye_ball": np.zeros((1, 6), np.float32),
        "c2o": to_frame[None],
        "o2c": np.linalg.inv(to_frame)[None],
        "frame": random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8),
        "volume": normal(1, 32, 16, 64, 64),
    }
    return dh.Avatar(KIND, WIDTH, HEIGHT, arrays, {"weights": identity, "crop_scale": 2.3, "still": True})


def measure(session: WarmSession, frames: int) -> dict[str, float]:
    """The figures of one run of ``frames`` frames."""
    samples = 0.1 * np.random.default_rng(0).standard_normal(frames * dh.SAMPLE_RATE // FPS).astype(np.float32)
    with session.frames([dh.AudioChunk(samples, 0)]) as stream:
        begin, cpu = time.perf_counter(), time.process_time()
        arrivals = [time.perf_counter() - begin for _ in stream]
        cpu = time.process_time() - cpu
    first, last, count = arrivals[0], arrivals[-1], len(arrivals)
    return {
        "frames": count,
        "seconds": round(last, 3),
        "frames_per_second": round(count / last, 4),
        "steady_frames_per_second": round((count - 1) / max(last - first, 1e-9), 4),
        "first_frame_seconds": round(first, 4),
        "cpu_seconds_per_frame": round(cpu / count, 4),
    }


@contextlib.contextmanager
def folder_of_weights(named: Path | None) -> Iterator[Path]:
    """The folder that was named, else one of untrained weights that is gone afterwards."""
    if named is not None:
        yield named
        return
    with tempfile.TemporaryDirectory() as folder:
        # In the thread that computes: a team of OpenMP threads in this one would slow down what is measured.
        yield COMPUTE.call(initialise, Path(folder) / "untrained").folder


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--weights", type=Path, help="folder; default: untrained ones, made and removed")
    parser.add_argument("--mode", choices=("offline", "online"), default="offline")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--set", action="append", metavar="KEY=VALUE", help="an option of Ditto's components")
    given = parser.parse_args(arguments)
    options: dict[str, Any] = parse_sets(given.set)
    with folder_of_weights(given.weights) as weights, tempfile.TemporaryDirectory() as folder:
        avatar = Path(folder) / "synthetic.dhavatar"
        synthetic_avatar(find(weights).identity).save(avatar)
        request = make_request(
            method="ditto",
            profile="published",
            avatar=avatar,
            options={**options, "weights": str(weights)},
            device=given.device,
            mode=given.mode,
        )
        session = WarmSession(request)
        runs = [measure(session, given.frames) for _ in range(given.repeats)]
    figures = {"mode": given.mode, "options": options, "runs": runs, **peak_memory(), "machine": machine()}
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
