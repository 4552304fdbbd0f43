"""What the tests across packages share: the examples, small media, and the command."""

from __future__ import annotations

import os
import subprocess
import sys
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

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


@pytest.fixture
def portrait() -> Path:
    return PORTRAIT


@pytest.fixture
def speech() -> Path:
    return SPEECH


@pytest.fixture
def short_speech(tmp_path: Path) -> Path:
    """Half a second of a loud hum that opens any mouth, followed by silence."""
    time = np.arange(8000) / 16000
    hum = 0.4 * np.sin(2 * np.pi * 150 * time) * (1 + np.sin(2 * np.pi * 700 * time)) * (time < 0.35)
    return write_wav(tmp_path / "short.wav", hum)


@pytest.fixture
def dh_command() -> Callable[..., Done]:
    """Runs ``dh`` in a process of its own."""

    def run(
        *arguments: object, env: Mapping[str, str] | None = None, cwd: Path | None = None, timeout: float = 120
    ) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "dh", *map(str, arguments)],
            capture_output=True,
            text=True,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            timeout=timeout,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run
