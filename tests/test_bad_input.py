"""Bad input gets the right exit status and one line that names what is wrong; nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import subprocess
import wave
from collections.abc import Callable, Iterator
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


IS_ROOT = os.name != "nt" and os.geteuid() == 0


@contextlib.contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """A disk in memory, which obeys its limits for the superuser too."""
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=False).returncode:
        pytest.skip("this system does not let the superuser mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def run_into(folder: Path, speech: Path, **changes: Path) -> int:
    source = changes.get("source", PORTRAIT)
    return run_command(["run", "-m", "face-mesh", "-s", str(source), "-a", str(speech), "-o", str(folder / "out.mp4")])


@pytest.mark.skipif(not IS_ROOT, reason="only the superuser can mount a small disk")
@pytest.mark.parametrize("kilobytes", [4, 64])
def test_full_disk(tmp_path: Path, capfd: pytest.CaptureFixture[str], speech: Path, kilobytes: int) -> None:
    with small_disk(tmp_path / "disk", f"size={kilobytes}k") as disk:
        (disk / "filler").write_bytes(b"x" * 4096 * max(kilobytes // 4 - 1, 1))
        assert run_into(disk, speech) == 2
        assert "no space left on the disk" in capfd.readouterr().err
        assert [path.name for path in disk.iterdir()] == ["filler"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_read_only_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str], short_speech: Path) -> None:
    folder = tmp_path / "locked"
    with contextlib.ExitStack() as stack:
        if IS_ROOT:  # permissions do not hold the superuser, a read-only disk does
            stack.enter_context(small_disk(folder, "ro"))
        else:
            folder.mkdir(mode=0o500)
        assert run_into(folder, short_speech) == 2
        assert "may not be written" in capfd.readouterr().err
        assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.name == "nt" or IS_ROOT, reason="the superuser may read anything")
def test_unreadable_file(tmp_path: Path, capfd: pytest.CaptureFixture[str], short_speech: Path) -> None:
    secret = put(tmp_path / "secret.jpg", PORTRAIT.read_bytes())
    secret.chmod(0)
    assert run_into(tmp_path, short_speech, source=secret) == 2
    assert "secret.jpg: may not be read" in capfd.readouterr().err


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
