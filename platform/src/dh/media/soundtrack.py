"""The soundtrack of an output video: read, encoded and handed over in step with the pictures."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from numpy.typing import NDArray

from dh.media.audio import SoundBlock, mix, read_sound, resample, to_frame
from dh.media.codecs import sound_rate

_BITS_PER_SECOND = 96_000
"""Of each channel."""


class Soundtrack:
    """Encodes a sound file as a stream of a container.

    The sound keeps its rate where the encoder takes it, and one or two channels; more are averaged, as drivers hear
    them. Its first sample is at time 0.

    Args:
        path: the sound file.
        container: to add a stream to.
        encoder: FFmpeg's name of the audio encoder.

    Attributes:
        rate: samples per second that are encoded.

    Raises:
        MediaError: as ``dh.media.audio.read_sound``.
    """

    def __init__(self, path: Path, container: OutputContainer, encoder: str) -> None:
        blocks = read_sound(path)
        first = next(blocks)
        channels = len(first.samples) if len(first.samples) <= 2 else 1
        self.rate = sound_rate(encoder, first.rate)
        mixed = (SoundBlock(mix(block.samples, channels), block.rate) for block in chain([first], blocks))
        self._blocks: Iterator[NDArray[np.float32]] = resample(mixed, self.rate)
        stream = container.add_stream(encoder, rate=self.rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono" if channels == 1 else "stereo"
        stream.bit_rate = _BITS_PER_SECOND * channels
        stream.time_base = Fraction(1, self.rate)
        self._stream = stream
        self._samples = 0

    def until(self, time: Fraction) -> Iterator[av.Packet[av.AudioStream]]:
        """Packets that encode the sound up to a time in seconds, as far as it lasts."""
        while self._samples < time * self.rate:
            block = next(self._blocks, None)
            if block is None:
                return
            yield from self._encode(block)

    def rest(self) -> Iterator[av.Packet[av.AudioStream]]:
        """Packets of all that is left, with what the encoder still holds; to be called once."""
        for block in self._blocks:
            yield from self._encode(block)
        yield from self._stream.encode(None)

    def _encode(self, block: NDArray[np.float32]) -> list[av.Packet[av.AudioStream]]:
        frame = to_frame(block, self.rate)
        frame.pts = self._samples
        frame.time_base = Fraction(1, self.rate)
        self._samples += frame.samples
        return self._stream.encode(frame)
