"""Makes the media files that the tests in this folder read."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

_BITS = 10


class MediaFactory:
    """Writes small files into one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """What lies in the folder."""
        return sorted(path.name for path in self.folder.iterdir())

    def tone(self, seconds: float, rate: int, channels: int = 1, hertz: float = 440.0) -> NDArray[Any]:
        """A sine of amplitude 0.3: float32 of shape (n, channels)."""
        time = np.arange(round(seconds * rate)) / rate
        return np.repeat(0.3 * np.sin(2 * np.pi * hertz * time)[:, None], channels, axis=1).astype(np.float32)

    def sound(self, name: str, samples: NDArray[Any], rate: int, codec: str = "pcm_s16le") -> Path:
        """Encodes float samples of shape (n, channels); the name's suffix decides on the container."""
        path = self.folder / name
        with av.open(str(path), "w") as container:
            self._encode_sound(container, self._sound_stream(container, samples, rate, codec), samples)
        return path

    def raw_wav(self, name: str, samples: NDArray[Any], rate: int) -> Path:
        """Writes a WAV file by hand: any number of channels without a layout; float32, or int16 as it is."""
        kind = 3 if samples.dtype == np.float32 else 1
        size = samples.dtype.itemsize
        channels = samples.shape[1]
        header = struct.pack("<HHIIHH", kind, channels, rate, rate * channels * size, channels * size, 8 * size)
        data = samples.tobytes()
        body = b"WAVEfmt " + struct.pack("<I", len(header)) + header + b"data" + struct.pack("<I", len(data)) + data
        path = self.folder / name
        path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
        return path

    def numbered(self, number: int, width: int = 160, height: int = 96) -> NDArray[Any]:
        """A picture that shows its number in bars, which survive any codec."""
        image = np.full((height, width, 3), 40 + 10 * (number % 9), np.uint8)
        bar = width // _BITS
        for bit in range(_BITS):
            if number >> bit & 1:
                image[: height // 2, bit * bar : (bit + 1) * bar] = 255
            else:
                image[: height // 2, bit * bar : (bit + 1) * bar] = 0
        row = height // 2 + number % (height // 4)
        image[row : row + 8] = (200, 60, 20)
        return image

    def number_of(self, image: NDArray[Any]) -> int:
        """Reads what ``numbered`` wrote."""
        bar = image.shape[1] // _BITS
        middles = [image[image.shape[0] // 4, bit * bar + bar // 2].mean() for bit in range(_BITS)]
        return sum(1 << bit for bit, value in enumerate(middles) if value > 128)

    def video(
        self,
        name: str,
        frames: Sequence[NDArray[Any]] | int,
        *,
        fps: Fraction | int = 25,
        stamps: Sequence[int] | None = None,
        codec: str = "libx264",
        pixel_format: str = "yuv420p",
        options: dict[str, str] | None = None,
        sound: NDArray[Any] | None = None,
        sound_rate: int = 44100,
        movflags: str = "",
        pixel_aspect: Fraction | None = None,
    ) -> Path:
        """Encodes frames, or so many numbered ones; ``stamps`` are presentation times in milliseconds."""
        images = [self.numbered(i) for i in range(frames)] if isinstance(frames, int) else frames
        path = self.folder / name
        with av.open(str(path), "w", container_options={"movflags": movflags} if movflags else {}) as container:
            stream: Any = container.add_stream(codec, rate=Fraction(fps), options=options or {})
            stream.height, stream.width = images[0].shape[:2]
            stream.pix_fmt = pixel_format
            if pixel_aspect:
                stream.codec_context.sample_aspect_ratio = pixel_aspect
            stream.codec_context.time_base = Fraction(1, 1000) if stamps else 1 / Fraction(fps)
            heard = None if sound is None else self._sound_stream(container, sound, sound_rate, "aac")
            for index, image in enumerate(images):
                frame = av.VideoFrame.from_ndarray(image, format="rgb24" if image.shape[2] == 3 else "rgba")
                frame = frame.reformat(format=pixel_format)
                frame.pts = stamps[index] if stamps else index
                frame.time_base = stream.codec_context.time_base
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
            if sound is not None:
                self._encode_sound(container, heard, sound)
        return path

    def _sound_stream(self, container: Any, samples: NDArray[Any], rate: int, codec: str) -> Any:
        stream = container.add_stream(codec, rate=rate)
        stream.layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[samples.shape[1]]
        return stream

    def _encode_sound(self, container: Any, stream: Any, samples: NDArray[Any]) -> None:
        for begin in range(0, len(samples), 1000):
            block = np.ascontiguousarray(samples[begin : begin + 1000], dtype=np.float32).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(block, format="flt", layout=stream.layout.name)
            frame.sample_rate = stream.rate
            frame.pts, frame.time_base = begin, Fraction(1, stream.rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.fixture
def media(tmp_path: Path) -> MediaFactory:
    """Makes media files in the test's own folder."""
    return MediaFactory(tmp_path)
