"""Sound files as samples: for drivers at 16 kHz mono, for the soundtrack at its own rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from dh.audio import SAMPLE_RATE, AudioChunk
from dh.errors import MediaError
from dh.media.inputs import decode, open_container


@dataclass(frozen=True)
class AudioInfo:
    """What a sound file holds, counted by decoding it.

    Args:
        duration: seconds, by the number of decoded samples.
        sample_rate: of the file, in samples per second.
        channels: of the file.
        samples: that ``read_speech`` gives: duration x 16000, rounded, at least 1.
    """

    duration: float
    sample_rate: int
    channels: int
    samples: int


@dataclass(frozen=True, eq=False)
class SoundBlock:
    """Decoded samples.

    Args:
        samples: float32 of shape (channels, n), nominally -1..1 and never clipped, n >= 1.
        rate: samples per second.
    """

    samples: NDArray[np.float32]
    rate: int


def probe_audio(path: str | Path) -> AudioInfo:
    """Decodes a whole file and counts: what containers claim is often rounded, estimated or of a file cut off.

    It takes about a hundredth to a thousandth of the sound's duration.

    Raises:
        MediaError: as ``read_sound``.
    """
    path = Path(path)
    seconds = Fraction(0)
    samples = rate = channels = 0
    for current, blocks in groupby(read_sound(path), key=lambda block: block.rate):
        heard = 0
        for block in blocks:
            heard += block.samples.shape[1]
            rate, channels = (rate, channels) if rate else (current, block.samples.shape[0])
        seconds += Fraction(heard, current)
        samples += _resampled_length(heard, current, SAMPLE_RATE)
    return AudioInfo(float(seconds), rate, channels, samples)


def read_speech(path: str | Path, chunk_seconds: float = 1.0) -> Iterator[AudioChunk]:
    """The sound of an audio file, or of a video, as drivers hear it, in memory that does not grow with its length.

    All channels are averaged, whatever they are; then the rate is converted once, by libswresample. Values are not
    clipped: averages of full-scale channels stay within -1..1, floating-point files may exceed it.

    Args:
        path: of a file in any format that FFmpeg reads.
        chunk_seconds: length of each chunk; the last may be shorter.

    Raises:
        MediaError: as ``read_sound``, at the first chunk or where the fault is met.
    """
    size = max(1, round(chunk_seconds * SAMPLE_RATE))
    mono = (SoundBlock(mix(block.samples, 1), block.rate) for block in read_sound(Path(path)))
    pending: list[NDArray[np.float32]] = []
    waiting = start = 0
    for samples in resample(mono, SAMPLE_RATE):
        pending.append(samples[0])
        waiting += samples.shape[1]
        if waiting < size:
            continue
        joined = np.concatenate(pending)
        whole = waiting - waiting % size
        for begin in range(0, whole, size):
            yield AudioChunk(joined[begin : begin + size], start)
            start += size
        pending, waiting = [joined[whole:]], waiting - whole
    if waiting:
        yield AudioChunk(np.concatenate(pending), start)


def read_sound(path: Path) -> Iterator[SoundBlock]:
    """Decodes the sound of a file: the default audio track, its samples one after another.

    Samples that an encoder added before and after are removed as far as FFmpeg knows of them. A file cut off at its
    end gives what is there.

    Raises:
        MediaError: missing, a folder, empty, no media, without sound, or with samples that are not finite.
    """
    with open_container(path, str(path)) as container:
        stream = _sound_stream(container, path)
        unpack = _Unpacker()
        time = Fraction(0)
        for frame in decode(container, stream, str(path)):
            samples = unpack(frame)[:, : _kept(frame)]
            if not samples.size:
                continue
            if not np.isfinite(samples).all():
                raise MediaError(
                    f"{path}: holds values that are no numbers at {float(time):.2f} s; export the sound again"
                )
            time += Fraction(samples.shape[1], frame.sample_rate)
            yield SoundBlock(samples, frame.sample_rate)
        if not time:
            raise MediaError(f"{path}: holds no sound that can be decoded; export it again, for instance as WAV")


def mix(samples: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    """Samples of shape (any, n) in one or two channels: the average, or one channel twice."""
    if len(samples) == channels:
        return samples
    average = samples.mean(axis=0, dtype=np.float64, keepdims=True).astype(np.float32)
    return np.repeat(average, channels, axis=0)


def resample(blocks: Iterable[SoundBlock], rate: int) -> Iterator[NDArray[np.float32]]:
    """Converts blocks of one or two channels, all alike, to another rate.

    Yields:
        float32 of shape (channels, n); in all as many samples as the same time takes at ``rate``, rounded, at least 1.
    """
    for current, group in groupby(blocks, key=lambda block: block.rate):
        if current == rate:
            yield from (block.samples for block in group)
        else:
            yield from _convert(group, current, rate)


def to_frame(samples: NDArray[np.float32], rate: int) -> av.AudioFrame:
    """Samples of shape (1 or 2, n) as FFmpeg takes them."""
    layout = "mono" if len(samples) == 1 else "stereo"
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T).reshape(1, -1), format="flt", layout=layout)
    frame.sample_rate = rate
    return frame


def _convert(blocks: Iterable[SoundBlock], source_rate: int, rate: int) -> Iterator[NDArray[np.float32]]:
    resampler: Resampler | None = None
    for block in blocks:
        resampler = resampler or Resampler(source_rate, rate, len(block.samples))
        converted = resampler.push(block.samples)
        if converted.size:
            yield converted
    if resampler is not None:
        tail = resampler.finish()
        if tail.size:
            yield tail


class Resampler:
    """Converts sound to another rate as it arrives, by libswresample.

    Args:
        source_rate: samples per second of what is pushed.
        rate: of what comes out; the same rate changes nothing.
        channels: 1 or 2.
    """

    def __init__(self, source_rate: int, rate: int, channels: int = 1) -> None:
        self.source_rate = source_rate
        self._rate = rate
        self._channels = channels
        self._heard = self._made = 0
        self._resampler: av.AudioResampler | None = None
        if source_rate != rate:
            self._resampler = av.AudioResampler("flt", "mono" if channels == 1 else "stereo", rate)

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Takes samples of shape (channels, n), and returns those that are ready, of shape (channels, m)."""
        if self._resampler is None or not samples.size:
            return samples
        self._heard += samples.shape[1]
        made = self._joined(self._resampler.resample(to_frame(samples, self.source_rate)))
        self._made += made.shape[1]
        return made

    def finish(self) -> NDArray[np.float32]:
        """What is left, to be called once: in all there are as many samples as the same time takes, rounded."""
        if self._resampler is None or not self._heard:
            return np.empty((self._channels, 0), np.float32)
        missing = max(0, _resampled_length(self._heard, self.source_rate, self._rate) - self._made)
        # libswresample ends with its filter's own rounding: the tail is cut, or held by zeros, to the exact length.
        tail = self._joined(self._resampler.resample(None))[:, :missing]
        return np.pad(tail, ((0, 0), (0, missing - tail.shape[1])))

    def _joined(self, frames: Iterable[av.AudioFrame]) -> NDArray[np.float32]:
        parts = [_unpack(frame, self._channels) for frame in frames]
        return np.concatenate(parts, axis=1) if parts else np.empty((self._channels, 0), np.float32)


def _unpack(frame: av.AudioFrame, channels: int) -> NDArray[np.float32]:
    packed: NDArray[Any] = frame.to_ndarray()
    return packed.reshape(-1, channels).T


def _resampled_length(samples: int, source_rate: int, rate: int) -> int:
    return max(1, round(Fraction(samples * rate, source_rate)))


def _sound_stream(container: InputContainer, path: Path) -> av.AudioStream:
    stream = container.streams.best("audio")
    if stream is None:
        raise MediaError(f"{path}: has no audio track; give a file with speech")
    if stream.codec_context is None:
        raise MediaError(f"{path}: its sound is in a format that cannot be decoded; export it as WAV")
    assert isinstance(stream, av.AudioStream)
    return stream


class _Unpacker:
    """Decoded frames of any sample format and layout as float32 of shape (channels, n), full scale at 1.

    libswresample interleaves them on the way: PyAV reads planar frames of eight and more channels wrongly.
    """

    def __init__(self) -> None:
        self._kind: tuple[str, str, int] | None = None

    def __call__(self, frame: av.AudioFrame) -> NDArray[np.float32]:
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind:
            self._kind = kind
            self._converter = av.AudioResampler("flt", frame.layout, frame.sample_rate)
        channels = frame.layout.nb_channels
        parts = [_unpack(part, channels) for part in self._converter.resample(frame)]
        return np.concatenate(parts, axis=1) if parts else np.empty((channels, 0), np.float32)


def _kept(frame: av.AudioFrame) -> int:
    """Samples of a frame that belong to the sound: the last AAC frame of an MP4 is longer than its packet says."""
    counted_in_samples = frame.time_base == Fraction(1, frame.sample_rate)
    return frame.duration if counted_in_samples and 0 < frame.duration < frame.samples else frame.samples
