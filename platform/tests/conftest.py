"""What the host's tests share: a toy method that is installed as any plugin is, and small inputs."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dh.plugins import installed_plugins
from dh.registry import installed
from dh.testing import write_distribution


@pytest.fixture
def toy_method(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The method "toy", in this process and in those that it starts."""
    site = tmp_path_factory.mktemp("site")
    write_distribution(site, "toy", "dh.testing.toy")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site))
    for cached in (installed, installed_plugins):
        cached.cache_clear()
    yield "toy"
    for cached in (installed, installed_plugins):
        cached.cache_clear()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A 96x64 picture with a gradient."""
    path = tmp_path / "picture.png"
    gradient = np.linspace(80, 200, 96 * 64 * 3, dtype=np.uint8).reshape(64, 96, 3)
    Image.fromarray(gradient).save(path)
    return path


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """1.3 s that grow louder, 44.1 kHz stereo."""
    time = np.arange(int(1.3 * 44100)) / 44100
    tone = 0.3 * time * np.sin(2 * np.pi * 220 * time)
    path = tmp_path / "speech.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes((np.repeat(tone[:, None], 2, axis=1) * 32767).astype("<i2").tobytes())
    return path
