"""Videos as upright RGB frames at a constant rate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from dh.errors import MediaError
from dh.media.images import check_size
from dh.media.inputs import decode, open_container
from dh.media.rgb import RgbConverter
from dh.timing import exact_rate

_FALLBACK_RATE = Fraction(25)
"""Frames per second of streams that do not tell."""


@dataclass(frozen=True)
class SourceFrame:
    """A decoded frame with its place among the decoded frames, and its seconds since the first of them."""

    index: int
    time: Fraction
    picture: av.VideoFrame


class VideoReader:
    """A video file or a video in another file.

    Frames are upright (a phone's rotation is applied) with square pixels. Sound, cover pictures and subtitles are
    passed over. Nothing is kept decoded: each call of ``frames`` or ``bounce`` decodes anew.

    Args:
        file: a path, or a seekable binary file, which ``close`` closes and which one iterator may read at a time.
        name: for messages.

    Attributes:
        name: for messages.
        convert: turns a decoded frame into pixels.
        rate: as ``fps``, exact.
        width: of the frames, in pixels.
        height: of the frames, in pixels.
        fps: average frames per second.
        frame_count: number of frames; an estimate where the file does not tell.
        duration: seconds; an estimate where the file does not tell.

    Raises:
        MediaError: no video, or not one frame of it can be decoded.
    """

    def __init__(self, file: Path | BinaryIO, name: str) -> None:
        self._file = file
        self.name = name
        with self.open() as (container, stream):
            first: av.VideoFrame | None = next(decode(container, stream, name), None)
            if first is None:
                raise MediaError(f"{name}: none of its frames can be decoded; convert it to MP4 with H.264")
            aspect = stream.sample_aspect_ratio
            check_size(first.width, first.height, name)
            self.convert = RgbConverter(first, float(aspect) if aspect else None)
            self.rate: Fraction = _average_rate(stream)
            duration = _stored_duration(container, stream)
            stored_count = stream.frames
        if duration is None:
            stored_count, duration = self._count()
        self.width, self.height = self.convert.width, self.convert.height
        self.fps = float(self.rate)
        self.duration = float(duration)
        self.frame_count: int = stored_count or max(1, round(duration * self.rate))
        check_size(self.width, self.height, name)

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file object that the reader was given; a path needs none."""
        if not isinstance(self._file, Path):
            self._file.close()

    def frames(self, fps: float | Fraction) -> Iterator[NDArray[np.uint8]]:
        """The video at a constant rate: at each k / fps before its end, the frame whose time is nearest.

        Yields:
            uint8 RGB of shape (height, width, 3); each array is the caller's own.
        """
        for source in self.resample(self.sources(), fps):
            yield self.convert(source.picture)

    def bounce(self, fps: float | Fraction, limit: int | None = None) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """The frames that ``frames`` gives, or the first ``limit`` of them, forward, backward, forward, without end.

        The frames at both ends come once per turn: 0, 1, 2, 1, 0, 1, ... (see ``bounce_index``). At most 24 frames
        are held at a time; to go backward, frames are decoded in blocks from the keyframe before.

        Yields:
            The index among the frames that ``frames`` gives, and the same pixels.
        """
        from dh.media.bounce import bounce

        if limit is not None and limit < 1:
            raise ValueError(f"limit must be 1 or more, not {limit}")
        return bounce(self, fps, limit)

    @contextmanager
    def open(self) -> Iterator[tuple[InputContainer, Any]]:
        """Opens the file once more; gives the container and its video stream."""
        with open_container(self._file, self.name) as container:
            attached = av.stream.Disposition.attached_pic
            streams = [stream for stream in container.streams.video if not stream.disposition & attached]
            if not streams:
                raise MediaError(f"{self.name}: has no picture; give a picture or a video")
            stream = streams[0]
            if stream.codec_context is None:
                raise MediaError(f"{self.name}: its video is in a format that cannot be decoded; convert it to MP4")
            stream.thread_type = "AUTO"
            yield container, stream

    def sources(self) -> Iterator[SourceFrame]:
        """Every frame of the file, with strictly increasing times."""
        with self.open() as (container, stream):
            start: int | None = None
            time = -1 / self.rate
            for index, picture in enumerate(decode(container, stream, self.name)):
                following = time + 1 / self.rate
                if start is None:
                    start = picture.pts
                stamped = None if picture.pts is None else (picture.pts - start) * picture.time_base
                time = stamped if stamped is not None and stamped > time else following
                yield SourceFrame(index, time, picture)

    def resample(self, sources: Iterator[SourceFrame], fps: float | Fraction) -> Iterator[SourceFrame]:
        """What ``frames`` shows of ``sources``; a frame that is shown again comes as the same object."""
        rate = exact_rate(float(fps))
        count = 0
        shown: SourceFrame | None = None
        for source in sources:
            if shown is not None:
                middle = (shown.time + source.time) / 2
                while count / rate <= middle:
                    yield shown
                    count += 1
            shown = source
        if shown is None:
            raise MediaError(f"{self.name}: none of its frames can be decoded any more; was it changed?")
        picture = shown.picture
        lasting = picture.duration * picture.time_base if picture.duration and picture.time_base else 1 / self.rate
        end = shown.time + lasting
        # A quarter of a frame of leeway: containers that count in milliseconds round the last frame's end up.
        while count == 0 or count + Fraction(1, 4) < end * rate:
            yield shown
            count += 1

    def _count(self) -> tuple[int, Fraction]:
        """Number of frames and seconds, from the packets."""
        with self.open() as (container, stream):
            count = sum(1 for packet in container.demux(stream) if packet.size)
        return max(1, count), count / self.rate


def _average_rate(stream: Any) -> Fraction:
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and 0 < rate <= 1000:
            return Fraction(rate)
    return _FALLBACK_RATE


def _stored_duration(container: InputContainer, stream: Any) -> Fraction | None:
    if stream.duration and stream.duration > 0:
        return Fraction(stream.duration * stream.time_base)
    if container.duration and container.duration > 0:
        return Fraction(container.duration, av.time_base)
    return None
