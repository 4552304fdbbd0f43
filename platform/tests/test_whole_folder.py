"""Folders appear whole or not at all, and nothing that a user has is ever removed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dh
from dh import whole_folder
from dh.text import one_line


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    with whole_folder(target) as folder:  # an empty folder is as good as none
        (folder / "photographs.txt").write_text("precious")
    with pytest.raises(dh.InputError, match="target: holds something already; name another"), whole_folder(target):
        pass
    with pytest.raises(dh.InputError, match="is a file"), whole_folder(target / "photographs.txt"):
        pass
    assert [path.name for path in tmp_path.rglob("*")] == ["target", "photographs.txt"]


def test_what_killed_runs_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    dead, alive = ended.pid, os.getppid()
    names = [f".target.{dead}.part", f".target.{alive}.part", f".other.{dead}.part", f"target.{dead}.part"]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "half.safetensors").write_bytes(b"x")
    (tmp_path / f".target.{os.getpid()}.part").mkdir()  # of an earlier process of the same number
    with whole_folder(tmp_path / "target"):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names[1:], "target"])


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "target") as folder:
        (folder / "half").write_bytes(b"x")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_long_message_is_cut_to_one_line() -> None:
    assert one_line(ValueError("a\n  b")) == "a b"
    assert one_line(ValueError()) == "ValueError"
    assert one_line(ValueError("x" * 200), 10) == "xxxxxxx..."
