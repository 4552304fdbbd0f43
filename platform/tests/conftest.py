"""What the host's tests share: a toy method that is installed as any plugin is, and small inputs."""

from __future__ import annotations

import os
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
def site(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder where plugins that a test writes are installed, for this process and those that it starts."""
    site = tmp_path_factory.mktemp("site")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(site), str(Path(__file__).parent))))
    monkeypatch.delenv("DH_PLUGINS", raising=False)
    for cached in (installed, installed_plugins):
        cached.cache_clear()
    yield site
    for cached in (installed, installed_plugins):
        cached.cache_clear()


@pytest.fixture
def toy_method(site: Path) -> str:
    """The method "toy"."""
    write_distribution(site, "toy", "dh.testing.toy")
    return "toy"


@pytest.fixture
def weighty_method(toy_method: str, site: Path, checkpoint_root: Path) -> str:
    """The method "weighty" of ``weighty_plugin``, with none of its weights there."""
    write_distribution(site, "weighty", "weighty_plugin")
    return "weighty"


@pytest.fixture
def profiled_method(weighty_method: str, site: Path) -> str:
    """The method "profiled" of ``profiled_plugin``, with none of its weights there."""
    write_distribution(site, "profiled", "profiled_plugin")
    return "profiled"


@pytest.fixture
def checkpoint_root(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for checkpoints, in place of the machine's."""
    root = tmp_path_factory.mktemp("checkpoints")
    monkeypatch.setenv("DH_CHECKPOINTS", str(root))
    monkeypatch.delenv("DH_LAUNCHER", raising=False)
    return root


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


@pytest.fixture
def hearing_method(toy_method: str, site: Path) -> str:
    """The method "hearing" of ``live_hearing``."""
    write_distribution(site, "hearing", "live_hearing")
    return "hearing"


@pytest.fixture
def told() -> list[str]:
    """Notices of a live session."""
    return []
