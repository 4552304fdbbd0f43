"""The soundtrack of an output video: read, encoded and handed over in step with the pictures."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from numpy.typing import NDArray

from dh.media.audio import Resampler, SoundBlock, mix, read_sound, resample, to_frame
from dh.media.codecs import sound_rate

_BITS_PER_SECOND = 96_000
"""Of each channel."""


class PushedSound:
    """Mono sound that comes with the pictures, in place of a file.

    Args:
        rate: samples per second.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._blocks: deque[NDArray[np.float32]] = deque()
        self._resampler: Resampler | None = None

    def push(self, samples: NDArray[np.float32]) -> None:
        """Adds samples of shape (n,)."""
        self._blocks.append(samples[None])

    def take(self, rate: int) -> NDArray[np.float32] | None:
        """Samples of shape (1, n), n >= 1, at the rate asked for, always the same; None where nothing more waits."""
        self._resampler = self._resampler or Resampler(self.rate, rate)
        while self._blocks:
            taken = self._resampler.push(self._blocks.popleft())
            if taken.size:
                return taken
        return None

    def end(self) -> None:
        """All was pushed: what the change of rate still holds can be taken."""
        if self._resampler is not None:
            converted = [self._resampler.push(block) for block in self._blocks]
            self._blocks = deque([*converted, self._resampler.finish()])
            self._resampler = Resampler(self.rate, self.rate)


class Soundtrack:
    """Encodes a sound file, or sound that is pushed, as a stream of a container.

    The sound keeps its rate where the encoder takes it, and one or two channels; more are averaged, as drivers hear
    them. Its first sample is at time 0.

    Args:
        sound: a file, or what is pushed in step with the pictures.
        container: to add a stream to.
        encoder: FFmpeg's name of the audio encoder.

    Attributes:
        rate: samples per second that are encoded.

    Raises:
        MediaError: as ``dh.media.audio.read_sound``.
    """

    def __init__(self, sound: Path | PushedSound, container: OutputContainer, encoder: str) -> None:
        self._take: Callable[[], NDArray[np.float32] | None]
        self._pushed = sound if isinstance(sound, PushedSound) else None
        channels = 1
        if isinstance(sound, PushedSound):
            self.rate = sound_rate(encoder, sound.rate)
            self._take = partial(sound.take, self.rate)
        else:
            blocks = read_sound(sound)
            first = next(blocks)
            channels = len(first.samples) if len(first.samples) <= 2 else 1
            self.rate = sound_rate(encoder, first.rate)
            mixed = (SoundBlock(mix(block.samples, channels), block.rate) for block in chain([first], blocks))
            self._take = partial(next, resample(mixed, self.rate), None)
        stream = container.add_stream(encoder, rate=self.rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono" if channels == 1 else "stereo"
        stream.bit_rate = _BITS_PER_SECOND * channels
        stream.time_base = Fraction(1, self.rate)
        self._stream = stream
        self._samples = 0

    def until(self, time: Fraction) -> Iterator[av.Packet[av.AudioStream]]:
        """Packets that encode the sound up to a time in seconds, as far as it lasts or was pushed."""
        while self._samples < time * self.rate and (block := self._take()) is not None:
            yield from self._encode(block)

    def rest(self) -> Iterator[av.Packet[av.AudioStream]]:
        """Packets of all that is left, with what the encoder still holds; to be called once."""
        if self._pushed is not None:
            self._pushed.end()
        while (block := self._take()) is not None:
            yield from self._encode(block)
        yield from self._stream.encode(None)

    def _encode(self, block: NDArray[np.float32]) -> list[av.Packet[av.AudioStream]]:
        frame = to_frame(block, self.rate)
        frame.pts = self._samples
        frame.time_base = Fraction(1, self.rate)
        self._samples += frame.samples
        return self._stream.encode(frame)
