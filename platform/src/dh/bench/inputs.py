"""What runs are measured on where the user names nothing: the project's portrait and speech."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dh.audio import SAMPLE_RATE
from dh.errors import InputError
from dh.home import checkout
from dh.media.audio import read_speech
from dh.media.images import read_image

FRAME_SIZE = (1280, 720)
"""Width and height of the picture that the project's portrait is put into."""

PORTRAIT_HEIGHT = 596
"""Height of the portrait in it, which makes the region that moves (2.3 times the face) 512 pixels wide."""


def framed_portrait(folder: Path) -> Path:
    """The project's portrait in a 1280x720 frame, its edges continued to the frame's.

    Raises:
        InputError: there is no checkout, so there are no examples.
    """
    width, height = FRAME_SIZE
    portrait = Image.fromarray(read_image(_example("portrait.jpg", "--source")))
    wide = round(portrait.width * PORTRAIT_HEIGHT / portrait.height)
    scaled = np.asarray(portrait.resize((wide, PORTRAIT_HEIGHT), Image.Resampling.LANCZOS))
    top, left = height - PORTRAIT_HEIGHT, (width - wide) // 2
    pixels = np.pad(scaled, ((top, 0), (left, width - wide - left), (0, 0)), mode="edge")
    path = folder / "source.png"
    Image.fromarray(pixels).save(path, compress_level=1)
    return path


def speech_samples(audio: Path | None, seconds: float) -> NDArray[np.float32]:
    """Speech of a file (None: the project's), repeated or cut to a length.

    Raises:
        MediaError: the file cannot be read.
        InputError: none is given, and there is no checkout.
    """
    chunks = read_speech(audio or _example("speech.wav", "--audio"))
    return np.resize(np.concatenate([chunk.samples for chunk in chunks]), round(seconds * SAMPLE_RATE))


def write_speech(samples: NDArray[np.float32], path: Path) -> Path:
    """Writes speech as a WAV file of 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def _example(name: str, option: str) -> Path:
    root = checkout()
    if root is None:
        raise InputError(f"{option} is missing; the project's own examples come only with a checkout")
    return root / "examples" / name
