"""Makes the example portrait and the example speech again: ``python examples/make_examples.py``.

Needs scikit-image 0.25 (``pip install scikit-image``) and the program espeak-ng 1.51 (Debian: ``apt install
espeak-ng``); the project itself needs neither.
"""

from __future__ import annotations

import subprocess
import wave
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from skimage.data import astronaut  # type: ignore[import-not-found, unused-ignore]

HERE = Path(__file__).parent

HEAD_AND_SHOULDERS = (81, 0, 369, 288)
"""Left, top, right and bottom in the 512 x 512 original: the face with room for a crop 2.3 times its size."""

SENTENCES = (
    "Hello! Give me a picture and a voice, and I begin to speak. "
    "Every movement of my lips comes from the sound alone. Shall we make a movie?"
)
VOICE = "en-us+Annie"
WORDS_PER_MINUTE = 152
LEAD_IN, LEAD_OUT = 0.3, 0.5
"""Seconds of silence around the speech, in which the face is seen at rest."""


def make_portrait(path: Path) -> None:
    """Crops the astronaut to head and shoulders, enlarges it to 768 x 768 and sharpens it a little."""
    head = Image.fromarray(astronaut()).crop(HEAD_AND_SHOULDERS)
    large = head.resize((768, 768), Image.Resampling.LANCZOS)
    large = large.filter(ImageFilter.UnsharpMask(radius=2, percent=60, threshold=1))
    large.save(path, quality=92, subsampling=0, optimize=True)


def make_speech(path: Path) -> None:
    """Speaks ``SENTENCES`` into a 22.05 kHz, mono, 16-bit wav file, with a softer treble and a peak of -3 dBFS."""
    with TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.wav"
        command = ["espeak-ng", "-v", VOICE, "-s", str(WORDS_PER_MINUTE), "-w", str(raw), SENTENCES]
        subprocess.run(command, check=True)
        with wave.open(str(raw)) as file:
            rate = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    samples = np.trim_zeros(samples)
    samples = np.concatenate([np.zeros(round(LEAD_IN * rate)), samples, np.zeros(round(LEAD_OUT * rate))])
    samples = soften(samples, rate)
    samples *= 10 ** (-3 / 20) / np.abs(samples).max()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(samples * 32767).astype("<i2").tobytes())


def soften(samples: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Takes rumble below 70 Hz and the synthesiser's buzz above 5 kHz (6 dB at the top) out of ``samples``."""
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / rate)
    high_pass = hertz**2 / (hertz**2 + 70**2)
    shelf = 1 - 0.5 / (1 + np.exp(-(hertz - 5000) / 600))
    return np.fft.irfft(spectrum * high_pass * shelf, len(samples))


if __name__ == "__main__":
    make_portrait(HERE / "portrait.jpg")
    make_speech(HERE / "speech.wav")
