"""How well a method talks, measured on its rendered frames: landmarks are found again on each.

.venv/bin/python benchmarks/talking.py METHOD -s SOURCE... -a AUDIO... [--set KEY=VALUE]... [--driver NAME] [--seed N]

One row of a Markdown table for each source and audio:

- corr, dB: correlation of the mouth's opening with the speech's loudness (root mean square), and with its level in
  decibels; best, lag: the former at the best shift, and that shift, in frames by which the mouth comes after the sound.
- silence: median opening of the mouth in silence, as a share of the 95th percentile of its opening in speech.
- blinks: per minute.
- head, mouth: jitter in silence of the head's position and of the mouth's opening, in thousandths of the face's height.
- frames/s: of the method alone; landmarks are found in a run of their own.

What cannot be told, for want of silence, is shown as nan.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dh
from dh.cli.parameters import parse_sets
from dh.media.audio import read_speech
from dh_face_mesh.crop import head_of
from dh_face_mesh.landmarks import FaceLandmarker
from dh_face_mesh.measures import face, series

Array = NDArray[np.float64]

LAG_REACH = 10
"""Largest shift to try, in frames."""

QUIETEST_DB = -60.0
"""Level that all that is quieter counts as, relative to full scale."""

COLUMNS = ("source", "audio", "frames", "corr", "dB", "best", "lag", "silence", "blinks", "head", "mouth", "frames/s")


@dataclass(frozen=True, eq=False)
class Clip:
    """What a run showed.

    Args:
        landmarks: (n, 478, 3), found again on each frame.
        loudness: (n,).
        fps: frames per second of video.
        speed: frames per second that the method made.
    """

    landmarks: Array
    loudness: Array
    fps: float
    speed: float


def watch(landmarker: FaceLandmarker, **run: Any) -> Clip:
    """Runs a method twice, for its speed and for the face on every frame.

    Raises:
        DHError: as ``dh.stream``; a FaceError where a frame shows no face.
    """
    with dh.stream(**run) as frames:
        begin = time.perf_counter()
        count = sum(1 for _ in frames)
        speed = count / (time.perf_counter() - begin)
    with dh.stream(**run) as frames:
        fps = frames.fps
        landmarks = np.stack(list(follow(landmarker, (frame.image for frame in frames), run["source"])))
    samples = np.concatenate([chunk.samples for chunk in read_speech(run["audio"])])
    return Clip(landmarks, series.loudness(samples, count, dh.SAMPLE_RATE, fps), fps, speed)


def follow(landmarker: FaceLandmarker, images: Iterator[NDArray[np.uint8]], name: Path) -> Iterator[Array]:
    """Landmarks of the face on each picture of a video.

    Raises:
        FaceError: a picture shows none.
    """
    last: Array | None = None
    for number, image in enumerate(images):
        last = next(iter(landmarker.faces(image)), None) if last is None else landmarker.follow(image, last)
        if last is None:
            raise dh.FaceError(f"{name}: frame {number} of the video shows no face; its landmarks cannot be measured")
        yield last


def measure(clip: Clip) -> dict[str, str]:
    """The table's figures of one clip."""
    opening = np.array([face.mouth_opening(landmarks) for landmarks in clip.landmarks])
    eyes = np.array([np.mean(face.eye_openings(landmarks)) for landmarks in clip.landmarks])
    heads = clip.landmarks[:, list(face.RIGID), :2].mean(1) / head_of(clip.landmarks[0]).height
    decibels = 20 * np.log10(np.maximum(clip.loudness, 10 ** (QUIETEST_DB / 20)))
    lag, best = series.best_lag(opening, clip.loudness, LAG_REACH)
    silent = series.silent(clip.loudness, clip.fps)
    wide = np.percentile(opening[~silent], 95)
    minutes = len(opening) / clip.fps / 60
    return {
        "frames": str(len(opening)),
        "corr": f"{series.correlation(opening, clip.loudness):.2f}",
        "dB": f"{series.correlation(opening, decibels):.2f}",
        "best": f"{best:.2f}",
        "lag": f"{lag:+d}",
        "silence": f"{np.median(opening[silent]) / wide:.2f}" if silent.any() else "nan",
        "blinks": f"{series.blinks(eyes, clip.fps) / minutes:.0f}",
        "head": f"{1000 * series.jitter(heads, silent):.2f}",
        "mouth": f"{1000 * series.jitter(opening, silent):.2f}",
        "frames/s": f"{clip.speed:.1f}",
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("method")
    parser.add_argument("-s", "--source", type=Path, nargs="+", required=True)
    parser.add_argument("-a", "--audio", type=Path, nargs="+", required=True)
    parser.add_argument("--set", action="append", metavar="KEY=VALUE", help="an option of the method's components")
    parser.add_argument("--driver", help="in place of the method's own")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    run = {"method": given.method, "driver": given.driver, "seed": given.seed, "options": parse_sets(given.set)}
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    with FaceLandmarker() as landmarker:
        for source in given.source:
            for audio in given.audio:
                row = measure(watch(landmarker, source=source, audio=audio, **run))
                row |= {"source": source.name, "audio": audio.name}
                print(f"| {' | '.join(row[column] for column in COLUMNS)} |", flush=True)


if __name__ == "__main__":
    main()
