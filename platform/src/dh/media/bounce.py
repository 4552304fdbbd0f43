"""Endless forward and backward playback of a video in little memory."""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice

import av
import numpy as np
from numpy.typing import NDArray

from dh.errors import MediaError
from dh.media.inputs import decode
from dh.media.video import SourceFrame, VideoReader

BLOCK_FRAMES = 24
"""Decoded frames held at most while playing backward."""


def bounce_index(position: int, count: int) -> int:
    """Which of ``count`` frames is shown at ``position``: 0, 1, 2, 1, 0, 1, ... for three."""
    if count == 1:
        return 0
    phase = position % (2 * count - 2)
    return min(phase, 2 * count - 2 - phase)


def bounce(
    reader: VideoReader, fps: float | Fraction, limit: int | None = None
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """See ``VideoReader.bounce``."""
    track = _Track(reader)
    count = 0
    for source in islice(reader.resample(track.watch(reader.sources()), fps), limit):
        image = reader.convert(source.picture)
        track.remember(source, image)
        yield count, image
        count += 1
    while count == 1:
        yield 0, image.copy()
    while True:
        yield from track.backward(count - 2, 1)
        yield from enumerate(islice(reader.frames(fps), limit))


class _Track:
    """What the first pass forward teaches about a video, so that any stretch of it can be decoded again exactly."""

    def __init__(self, reader: VideoReader) -> None:
        self._reader = reader
        self._stamps = array("q")  # presentation time of each source frame, in the stream's time base
        self._keys = array("q")  # source frames at which decoding can begin
        self._shown = array("q")  # source frame of each sampled frame
        self._checksums = array("L")  # of the pixels of each sampled frame
        self._seekable = True

    def watch(self, sources: Iterator[SourceFrame]) -> Iterator[SourceFrame]:
        """Passes the first pass's source frames on."""
        for source in sources:
            stamp = source.picture.pts
            if stamp is None or (self._stamps and stamp <= self._stamps[-1]):
                self._seekable = False
            self._stamps.append(stamp or 0)
            if source.picture.key_frame:
                self._keys.append(source.index)
            yield source

    def remember(self, source: SourceFrame, image: NDArray[np.uint8]) -> None:
        """Takes in the first pass's next sampled frame."""
        self._shown.append(source.index)
        self._checksums.append(_checksum(image))

    def backward(self, high: int, low: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Sampled frames ``high`` down to ``low``."""
        while high >= low:
            begin = high
            wanted = [self._shown[high]]
            while begin > low and (self._shown[begin - 1] == wanted[-1] or len(wanted) < BLOCK_FRAMES):
                begin -= 1
                if self._shown[begin] != wanted[-1]:
                    wanted.append(self._shown[begin])
            images = self._decode(wanted[::-1])
            for index in range(high, begin - 1, -1):
                source = self._shown[index]
                again = index > begin and self._shown[index - 1] == source
                yield index, images[source].copy() if again else images.pop(source)
            high = begin - 1

    def _decode(self, wanted: list[int]) -> dict[int, NDArray[np.uint8]]:
        """Pixels of source frames, in increasing order, by their index."""
        latest = bisect_right(self._keys, wanted[0])
        for key in reversed(self._keys[max(0, latest - 2) : latest]):
            images = self._decode_from(key, wanted) if self._seekable else None
            if images is not None:
                return images
        # Seeking does not lead back to the same pixels: the slow way is the only exact one.
        self._seekable = False
        images = self._decode_from(None, wanted)
        if images is None:
            raise MediaError(f"{self._reader.name}: was changed while it was being read; run again")
        return images

    def _decode_from(self, key: int | None, wanted: list[int]) -> dict[int, NDArray[np.uint8]] | None:
        """Decodes from a keyframe, or from the start of the file; None unless exactly the known frames come."""
        images: dict[int, NDArray[np.uint8]] = {}
        expected = key or 0
        with self._reader.open() as (container, stream):
            if key is not None:
                try:
                    container.seek(self._stamps[key], stream=stream)
                except (av.FFmpegError, OSError):
                    return None
            for picture in decode(container, stream, self._reader.name):
                if key is not None:
                    if picture.pts is None or picture.pts < self._stamps[key]:
                        continue  # shown before the keyframe although stored after it
                    if picture.pts != self._stamps[expected]:
                        return None
                if expected in wanted:
                    image = self._reader.convert(picture)
                    if _checksum(image) != self._checksums[bisect_left(self._shown, expected)]:
                        return None
                    images[expected] = image
                    if expected == wanted[-1]:
                        return images
                expected += 1
        return None


def _checksum(image: NDArray[np.uint8]) -> int:
    """Of every eighth row, which is enough to tell frames and decoding errors apart."""
    return zlib.crc32(np.ascontiguousarray(image[::8]).data)
