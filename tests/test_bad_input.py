"""Bad input gets the right exit status and one line that names what is wrong; nothing is left behind."""

from __future__ import annotations

import os
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bad_inputs import CASES, put
from dh.cli import run_command
from samples import PORTRAIT, write_wav


def test_there_are_at_least_forty_cases() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("name", CASES)
def test_bad_input(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    inputs = tmp_path / "inputs"
    outputs = tmp_path / "outputs"
    inputs.mkdir()
    outputs.mkdir()
    changes, status, words = CASES[name](inputs)
    options = {
        "--method": "face-mesh",
        "--source": PORTRAIT,
        "--audio": write_wav(outputs.parent / "good.wav", np.zeros(4000)),
        "--output": outputs / "out.mp4",
        **changes,
    }
    before = sorted(inputs.rglob("*"))
    arguments = [text for key, value in options.items() if value is not None for text in (key, str(value))]
    assert run_command(["run", *arguments]) == status
    out, err = capfd.readouterr()
    lines = [line for line in err.splitlines() if not line.startswith("note:")]
    assert out == ""
    assert len(lines) == 1, err
    assert lines[0].startswith("dh: ")
    assert words in lines[0]
    assert list(outputs.iterdir()) == []
    assert sorted(inputs.rglob("*")) == before


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_read_only_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str], short_speech: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    arguments = ["-m", "face-mesh", "-s", str(PORTRAIT), "-a", str(short_speech), "-o", str(folder / "out.mp4")]
    assert run_command(["run", *arguments]) == 2
    assert "may not be written" in capfd.readouterr().err


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only the superuser can mount a small disk")
@pytest.mark.parametrize("kilobytes", [4, 64])
def test_full_disk(tmp_path: Path, capfd: pytest.CaptureFixture[str], speech: Path, kilobytes: int) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk)], check=False)
    if mount.returncode:
        pytest.skip("this system does not let the superuser mount")
    try:
        (disk / "filler").write_bytes(b"x" * 4096 * (kilobytes // 4 - 1 if kilobytes > 4 else 1))
        arguments = ["-m", "face-mesh", "-s", str(PORTRAIT), "-a", str(speech), "-o", str(disk / "out.mp4")]
        assert run_command(["run", *arguments]) == 2
        assert "no space left on the disk" in capfd.readouterr().err
        assert [path.name for path in disk.iterdir()] == ["filler"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


GOOD: dict[str, Callable[[Path], dict[str, object]]] = {
    "silence": lambda f: {"--audio": write_wav(f / "silent.wav", np.zeros(4000))},
    "one sample": lambda f: {"--audio": write_wav(f / "one.wav", np.array([0.5]))},
    "eight channels": lambda f: {"--audio": write_wav(f / "eight.wav", np.zeros((4000, 8)))},
    "unicode and quotes": lambda f: {
        "--audio": write_wav(f / 'd\'é "世界" 100%.wav', np.zeros(4000)),
        "--source": put(f / 'l\'œil & "moi" 人.jpg', PORTRAIT.read_bytes()),
        "--output": f / "sortie ' \" 🎬 %d.mp4",
    },
    "name like an option": lambda f: {"--source": put(f / "-s.jpg", PORTRAIT.read_bytes())},
    "wrong extension": lambda f: {"--source": put(f / "really-a-jpeg.png", PORTRAIT.read_bytes())},
    "8 kHz": lambda f: {"--audio": write_wav(f / "slow.wav", np.zeros(2000), rate=8000)},
}


@pytest.mark.parametrize("name", GOOD)
def test_unusual_but_good_input_makes_a_video(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    options = {
        "--method": "face-mesh",
        "--source": PORTRAIT,
        "--audio": write_wav(tmp_path / "good.wav", np.zeros(4000)),
        "--output": tmp_path / "out.mp4",
        **GOOD[name](tmp_path),
    }
    assert run_command(["run", *[text for key, value in options.items() for text in (key, str(value))]]) == 0
    assert Path(str(options["--output"])).stat().st_size > 1000
    with wave.open(str(options["--audio"])) as audio:
        seconds = audio.getnframes() / audio.getframerate()
    frames = max(1, round(seconds * 25 + 0.499))
    assert f"{frames} frames" in capfd.readouterr().err
