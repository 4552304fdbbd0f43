"""Fixtures of the tests across packages."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from samples import SPEECH, Done, write_wav


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
