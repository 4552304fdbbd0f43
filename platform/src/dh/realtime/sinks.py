"""Where the frames of a live session go."""

from __future__ import annotations

from typing import Protocol

from dh.media.soundtrack import PushedSound
from dh.media.writer import VideoWriter, check_target
from dh.realtime.frame import LiveFrame


class Sink(Protocol):
    """Takes a live session's frames, from one thread: ``start``, any number of ``write``, ``close`` or ``abort``."""

    def start(self, width: int, height: int, fps: float, sample_rate: int) -> None:
        """Frames will come: of that size, at most ``fps`` per second, with mono sound of that rate."""
        ...

    def write(self, frame: LiveFrame) -> None:
        """Takes the next frame with its sound. May wait: the session then drops pictures by its own policy."""
        ...

    def close(self) -> None:
        """No more frames come; keep what there is."""
        ...

    def abort(self) -> None:
        """Something failed; nothing half-made may be left. Also called where ``start`` or ``close`` raised."""
        ...


class VideoSink:
    """Encodes frames with their sound into a file or a stream. A picture that was dropped is shown as the one before.

    Args:
        target: file name, "-" for standard output (fragmented MP4), or an rtmp, srt, udp or tcp URL.
        codec: video codec; default: the target's, h264 for most.
        crf: quality of the codec, smaller is better; default: the codec's own.

    Raises:
        OptionError: names what cannot be written, and what would work.
    """

    def __init__(self, target: str, codec: str | None = None, crf: int | None = None) -> None:
        check_target(target, codec, crf)
        self._target, self._codec, self._crf = target, codec, crf
        self._writer: VideoWriter | None = None

    def start(self, width: int, height: int, fps: float, sample_rate: int) -> None:
        """Opens the target.

        Raises:
            MediaError: it cannot be opened.
            InputError: its folder is missing, read-only or full.
        """
        self._sound = PushedSound(sample_rate)
        self._first: int | None = None
        self._writer = VideoWriter(
            self._target, width=width, height=height, fps=fps, audio=self._sound, codec=self._codec, crf=self._crf
        )

    def write(self, frame: LiveFrame) -> None:
        """Encodes a frame and its sound. The first that comes is the video's first.

        Raises:
            MediaError: the target can no longer be written.
        """
        assert self._writer is not None
        if self._first is None:
            self._first = frame.index
        self._sound.push(frame.audio)
        self._writer.write(frame.image, frame.index - self._first)

    def close(self) -> None:
        """Writes what is left; a file then gets its name. Without a frame there is no video.

        Raises:
            MediaError: as ``write``.
        """
        if self._writer is not None and self._writer.frames:
            self._writer.close()
        else:
            self.abort()

    def abort(self) -> None:
        """Gives up what was written."""
        if self._writer is not None:
            self._writer.abort()
