"""The host's own stages: counting speech, checking and fitting motion, checking frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count

import numpy as np

from dh.audio import SAMPLE_RATE, AudioChunk
from dh.controls import ControlTrack
from dh.errors import StageError
from dh.frame import Frame
from dh.motion import Motion, MotionSpace
from dh.progress import Listener, Notice
from dh.timing import frames_for


class SpeechClock:
    """Passes speech on, counts it, and tells how many frames it fills.

    Args:
        chunks: of speech.
        fps: frames per second.
        frames: that the whole speech fills, where that is known beforehand.
    """

    def __init__(self, chunks: Iterable[AudioChunk], fps: float, frames: int | None = None) -> None:
        self._chunks = chunks
        self._fps = fps
        self._samples = 0
        self.frames = frames
        """Frames that the whole speech fills; None while a stream goes on."""

    def __iter__(self) -> Iterator[AudioChunk]:
        for chunk in self._chunks:
            if chunk.start != self._samples:
                raise StageError("audio", f"a chunk starts at sample {chunk.start}, expected {self._samples}")
            self._samples += len(chunk)
            yield chunk
        self.frames = frames_for(self._samples, SAMPLE_RATE, self._fps)


class FitMotion:
    """Checks motion, gives it as many frames as the speech fills, and attaches the controls.

    Motion that ends early is held at its last frame, with a notice where more than one frame is missing
    (a frame more or less is rounding). Motion beyond the end is dropped.

    Args:
        maker: the stage that made the motion, for messages.
        space: the motion space it must be in.
        fps: frames per second it must have.
        clock: tells the number of frames once the speech has ended.
        controls: to attach.
        listener: for notices.
    """

    def __init__(
        self, maker: str, space: MotionSpace, fps: float, clock: SpeechClock, controls: ControlTrack, listener: Listener
    ) -> None:
        self._maker = maker
        self._space = space
        self._fps = fps
        self._clock = clock
        self._controls = controls
        self._listener = listener

    def __call__(self, chunks: Iterator[Motion]) -> Iterator[Motion]:
        done = 0
        last: Motion | None = None
        for chunk in chunks:
            self._check(chunk, done)
            last = chunk
            room = len(chunk) if self._clock.frames is None else self._clock.frames - done
            if room <= 0:
                break
            fitting = chunk.slice(0, room) if room < len(chunk) else chunk
            yield self._controlled(fitting)
            done += len(fitting)
        missing = (self._clock.frames or 0) - done
        if missing <= 0:
            return
        if last is None:
            raise StageError(self._maker, "gave no motion at all")
        if missing > 1:
            self._listener(
                Notice(f"{self._maker} ended {missing / self._fps:.2f} s before the speech; its last pose is held")
            )
        values = {name: np.repeat(array[-1:], missing, axis=0) for name, array in last.values.items()}
        yield self._controlled(Motion(last.space, done, last.fps, values))

    def _check(self, chunk: Motion, expected_start: int) -> None:
        if not isinstance(chunk, Motion):
            raise StageError(self._maker, f"gave a {type(chunk).__name__}, not Motion")
        if chunk.space.name != self._space.name:
            raise StageError(self._maker, f"gave motion in space {chunk.space.name!r}, declared {self._space.name!r}")
        if chunk.start != expected_start:
            raise StageError(self._maker, f"gave motion from frame {chunk.start}, expected {expected_start}")
        if abs(chunk.fps - self._fps) > 1e-3:
            raise StageError(self._maker, f"gave motion at {chunk.fps:g} frames per second, expected {self._fps:g}")

    def _controlled(self, chunk: Motion) -> Motion:
        return replace(chunk, controls=self._controls.at(chunk.start, len(chunk), self._fps))


def check_frames(
    frames: Iterator[Frame], maker: str, width: int, height: int, indices: Iterator[int] | None = None
) -> Iterator[Frame]:
    """Passes frames on, and raises a StageError that names ``maker`` at one that is not what it should be.

    ``indices`` gives the number of each frame once that is there; default: 0, 1, ...
    """
    for frame, expected in zip(frames, count() if indices is None else indices):  # noqa: B905  (numbers never end)
        if not isinstance(frame, Frame):
            raise StageError(maker, f"gave a {type(frame).__name__}, not a Frame")
        if frame.index != expected:
            raise StageError(maker, f"gave frame {frame.index}, expected {expected}")
        if frame.image.shape != (height, width, 3):
            raise StageError(maker, f"gave a frame of shape {frame.image.shape}, expected {(height, width, 3)}")
        yield frame
