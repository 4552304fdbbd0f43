"""Files, media and results that the tests across packages share."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PORTRAIT = ROOT / "examples" / "portrait.jpg"
SPEECH = ROOT / "examples" / "speech.wav"


def write_wav(path: Path, samples: np.ndarray, rate: int = 16000) -> Path:
    """Writes float samples, (n,) or (n, channels), as 16-bit WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str
