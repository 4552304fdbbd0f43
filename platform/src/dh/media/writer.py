"""The one way that videos leave the host: encoded and muxed with their sound in one pass."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, TextIO

import av
import numpy as np
from av.codec.context import Flags as CodecFlags
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from numpy.typing import NDArray

from dh.errors import MediaError, OptionError
from dh.files import check_writable, reason, remove_stale, temporary_for
from dh.media.codecs import STANDARD_OUTPUT, Container, VideoCodec, check_codec, default_codec_for, target_kind
from dh.media.network import Link, Pacer, check_srt, describe, open_network
from dh.media.priority import ordinary_priority
from dh.media.soundtrack import PushedSound, Soundtrack
from dh.timing import exact_rate

__all__ = ["VideoWriter", "check_target", "default_codec_for", "is_stream"]

_BT709 = 1
_LIMITED_RANGE = 1
_LIVE_KEYFRAME_SECONDS = 2
_PIPE_KEYFRAME_SECONDS = 1


def is_stream(target: str) -> bool:
    """Whether a target is standard output or a URL, rather than a file."""
    return target_kind(target) is not None


def check_target(target: str, codec: str | None = None, crf: int | None = None) -> None:
    """Refuses, before any work is done, what could not be written in the end.

    Args:
        target: file name, "-" for standard output, or an rtmp, srt, udp or tcp URL.
        codec: "h264", "hevc", "vp9", "av1", "ffv1" or "prores"; None for the target's default.
        crf: quality of the codec; None for its default.

    Raises:
        OptionError: names the option, and what would work.
    """
    _checked(target, codec, crf)


class VideoWriter:
    """Writes frames, with sound, to a file or a stream.

    Frame n is shown from n / fps, until the next that is written. The sound starts with frame 0 and is neither cut nor
    stretched; it is read in step with the frames. A file appears under its name when all is written, and not at all
    otherwise: leaving the ``with`` block normally closes the writer, leaving it by an exception aborts. Colours are
    BT.709 in the limited range.

    A URL is sent in real time, at most as fast as the frames are to be seen. Standard output gets fragmented MP4,
    which plays while it grows; where its reader goes away, writing raises a MediaError.

    Args:
        target: file name, "-" for standard output, or an rtmp, srt, udp or tcp URL.
        width: of the frames; an odd last column is cut off where the codec halves the chroma.
        height: of the frames; likewise.
        fps: frames per second.
        audio: sound file, or a video with sound; or sound that is pushed before each frame; None for a silent video.
        codec: as ``check_target`` takes it.
        crf: quality of the codec.

    Attributes:
        width: of the video as it is encoded.
        height: of the video as it is encoded.
        frames: number of frames written.

    Raises:
        OptionError: as ``check_target``.
        MediaError: the sound cannot be read, or the target's encoder or muxer refuses it.
        InputError: the target's folder is missing, read-only or full.
    """

    def __init__(
        self,
        target: str,
        *,
        width: int,
        height: int,
        fps: Fraction | float,
        audio: Path | PushedSound | None,
        codec: str | None = None,
        crf: int | None = None,
    ) -> None:
        container, video = _checked(target, codec, crf)
        self._target = target
        self._kind = target_kind(target)
        self._shape = (height, width, 3)
        self._is_yuv = video.pixel_format.startswith("yuv")
        self.width, self.height = (width - width % 2, height - height % 2) if self._is_yuv else (width, height)
        self.frames = 0
        self._next = 0
        self._fps = fps if isinstance(fps, Fraction) else exact_rate(fps)
        self._pixel_format = video.pixel_format
        self._reformatter = VideoReformatter()
        on_network = self._kind not in (None, STANDARD_OUTPUT)
        self._pacer = Pacer(self._fps) if on_network else None
        self._link = Link() if on_network else None
        self._pipe = _Pipe() if self._kind == STANDARD_OUTPUT else None
        self._temporary = temporary_for(Path(target)) if self._kind is None else None
        self._container: OutputContainer | None = None
        try:
            with self._failures_named():
                self._container = self._open(container)
                self._video = self._add_video(self._container, container, video, crf)
                self._sound = Soundtrack(audio, self._container, video.sound or container.sound) if audio else None
                if container.muxer in ("mp4", "mov"):  # else the edit lists that align both are rounded to 1 ms
                    ticks = self._sound.rate if self._sound else self._fps.numerator
                    self._container.container_options["movie_timescale"] = str(ticks)
                self._container.start_encoding()
        except BaseException:
            self.abort()
            raise

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def write(self, image: NDArray[np.uint8], index: int | None = None) -> None:
        """Encodes the next frame, and the sound up to its end.

        Args:
            image: uint8 RGB of shape (height, width, 3), as the writer was told.
            index: of the frame; default: the one after the last. One that is left out is shown as the one before.

        Raises:
            ValueError: the image has another type or shape, or the index is not above the last.
            MediaError: the target can no longer be written, or the sound no longer be read.
        """
        if image.shape != self._shape or image.dtype != np.uint8:
            raise ValueError(f"expected a uint8 image of shape {self._shape}, not {image.dtype} {image.shape}")
        index = self._next if index is None else index
        if index < self._next:
            raise ValueError(f"expected frame {self._next} or a later one, not {index}")
        if self._pacer is not None:
            self._pacer.wait(index)
        pixels = np.ascontiguousarray(image[: self.height, : self.width])
        frame = av.VideoFrame.from_numpy_buffer(pixels, format="rgb24")
        frame = self._reformatter.reformat(
            frame,
            format=self._pixel_format,
            dst_colorspace=Colorspace.ITU709 if self._is_yuv else None,
            dst_color_range=ColorRange.MPEG if self._is_yuv else None,
        )
        frame.pts = index
        frame.time_base = 1 / self._fps
        with self._failures_named():
            self._mux(self._video.encode(frame))
            self.frames += 1
            self._next = index + 1
            if self._sound is not None:
                self._mux(self._sound.until(self._next / self._fps))

    def close(self) -> None:
        """Writes what is left of frames and sound; a file then gets its name.

        Raises:
            ValueError: no frame was written.
            MediaError: as ``write``. Nothing is left of a file then.
        """
        container = self._container
        if container is None:
            return
        try:
            if not self.frames:
                raise ValueError("a video needs at least one frame")
            with self._failures_named():
                self._mux(self._video.encode(None))
                if self._sound is not None:
                    self._mux(self._sound.rest())
                self._call(container.close)
                if self._temporary is not None:
                    self._temporary.replace(self._target)
            self._container = None
        finally:
            self.abort()

    def abort(self) -> None:
        """Gives up what was written; does nothing after ``close``."""
        container, self._container = self._container, None
        if self._temporary is not None and container is not None:
            with contextlib.suppress(OSError):
                self._temporary.unlink()
        if container is not None and not (self._link and self._link.stuck):
            with contextlib.suppress(av.FFmpegError, OSError):
                container.close()

    def _open(self, container: Container) -> OutputContainer:
        options = dict(container.options)
        if self._temporary is not None:
            check_writable(Path(self._target), "--output")
            remove_stale(Path(self._target))
            return av.open(f"file:{self._temporary}", "w", format=container.muxer, container_options=options)
        if self._pipe is not None:
            return av.open(self._pipe, "w", format=container.muxer, container_options=options)
        return open_network(self._target, str(self._kind), container.muxer, options)

    def _add_video(self, output: OutputContainer, container: Container, video: VideoCodec, crf: int | None) -> Any:
        options = dict(video.options)
        if video.crf is not None:
            options["crf"] = str(video.crf if crf is None else crf)
        if self._link is not None and video.encoder in ("libx264", "libx265"):
            options["tune"] = "zerolatency"
        if video.encoder == "libsvtav1":  # its only switch for what it prints to standard error
            os.environ.setdefault("SVT_LOG", "1")
        stream: Any = output.add_stream(video.encoder, rate=self._fps, options=options)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = self.width, self.height, video.pixel_format
        context.time_base = 1 / self._fps
        if self._is_yuv:
            context.colorspace = context.color_primaries = context.color_trc = _BT709
            context.color_range = _LIMITED_RANGE
        if video.encoder == "libx265" and container.muxer in ("mp4", "mov"):
            context.codec_tag = "hvc1"  # the one that Apple's players know
        if self._kind is not None:
            seconds = _PIPE_KEYFRAME_SECONDS if self._pipe is not None else _LIVE_KEYFRAME_SECONDS
            context.gop_size = max(1, round(self._fps * seconds))
        if container.muxer == "flv":  # behind the queue for the network, FFmpeg does not see that FLV wants this
            context.flags |= CodecFlags.global_header
        if video.encoder == "libsvtav1":
            with ordinary_priority():
                context.open()
        return stream

    def _mux(self, packets: Iterable[Any]) -> None:
        assert self._container is not None
        for packet in packets:
            self._call(self._container.mux, packet)

    def _call(self, action: Callable[..., Any], *args: Any) -> None:
        if self._link is not None:
            self._link.call(action, *args)
        else:
            action(*args)

    @contextlib.contextmanager
    def _failures_named(self) -> Iterator[None]:
        """Turns what FFmpeg and the system raise into one line for the user."""
        try:
            yield
        except (av.FFmpegError, OSError) as error:
            if self._pipe is not None and self._pipe.interrupted:
                raise KeyboardInterrupt from None
            if not isinstance(error, OSError):
                why = f"the encoder failed ({error.strerror}); try another --codec or size"
                raise MediaError(f"--output {self._target}: {why}") from error
            if self._link is not None:
                raise describe(error, self._target) from error
            if isinstance(error, BrokenPipeError):
                raise MediaError("--output -: its reader went away before the video was complete") from error
            raise MediaError(f"--output {self._target}: {reason(error)}") from error


class _Pipe:
    """Standard output for FFmpeg: unbuffered, so that nothing is left to be written at exit, and never rewound."""

    name = "standard output"

    def __init__(self) -> None:
        buffer: Any = _standard_output().buffer
        self._raw = getattr(buffer, "raw", buffer)
        self.interrupted = False

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        try:
            while view:
                view = view[self._raw.write(view) or 0 :]
        except KeyboardInterrupt:  # FFmpeg passes on no other exceptions than errors
            self.interrupted = True
            raise InterruptedError(errno.EINTR, "interrupted") from None
        return len(data)


def _checked(target: str, codec: str | None, crf: int | None) -> tuple[Container, VideoCodec]:
    chosen = check_codec(target, codec, crf)
    kind = target_kind(target)
    if kind == STANDARD_OUTPUT:
        _standard_output()
    if kind == "srt":
        check_srt(target)
    return chosen


def _standard_output() -> TextIO:
    """The process's own, even where ``sys.stdout`` is redirected to keep what is printed out of the video."""
    if sys.__stdout__ is None or sys.__stdout__.isatty():
        raise OptionError("--output -: standard output is a terminal or closed; pipe it into a player or a file")
    return sys.__stdout__
