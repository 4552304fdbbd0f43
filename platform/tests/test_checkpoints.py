"""Where checkpoints lie, whether they are there, and whether they are the declared ones."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import dh.home
from dh import checkpoints
from dh.checkpoints import integrity, store
from dh.declarations import CheckpointFile, CheckpointSpec, Licence
from dh.errors import CheckpointMissing, InputError

CONTENT = b"weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
TERMS = Licence(name="CC0-1.0", commercial="allowed")


def spec_of(*files: CheckpointFile) -> CheckpointSpec:
    return CheckpointSpec(name="toy", repository="owner/toy", revision="v1", files=files)


def declared(path: str, size: int | None = len(CONTENT), sha256: str | None = SHA256) -> CheckpointFile:
    return CheckpointFile(path=path, licence=TERMS, size=size, sha256=sha256)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DH_CHECKPOINTS", str(tmp_path / "weights"))
    monkeypatch.delenv("DH_LAUNCHER", raising=False)
    (tmp_path / "weights" / "toy" / "nets").mkdir(parents=True)
    return tmp_path / "weights"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose content was read to hash it."""
    names: list[str] = []
    read = integrity.read_digest

    def counted(path: Path) -> str:
        names.append(path.name)
        return read(path)

    monkeypatch.setattr(integrity, "read_digest", counted)
    return names


def test_importing_and_asking_for_the_state_load_no_heavy_library() -> None:
    code = (
        "import sys; from dh import checkpoints; from dh.declarations import *\n"
        "files = (CheckpointFile(path='a', licence=Licence(name='x')),)\n"
        "checkpoints.state(CheckpointSpec(name='a', repository='a/b', revision='c', files=files))\n"
        "print(*{'huggingface_hub', 'numpy', 'pydantic', 'torch'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""


def test_the_root_is_the_users_choice_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DH_CHECKPOINTS", "~/weights")
    assert checkpoints.checkpoint_root() == Path.home() / "weights"


def test_the_root_is_the_checkouts_folder_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DH_CHECKPOINTS", raising=False)
    monkeypatch.setenv("DH_HOME", str(tmp_path))
    assert checkpoints.checkpoint_root() == tmp_path / "checkpoints"


def test_the_root_is_the_users_data_folder_without_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    import platformdirs

    monkeypatch.delenv("DH_CHECKPOINTS", raising=False)
    monkeypatch.setattr(store, "checkout", lambda: None)
    assert checkpoints.checkpoint_root() == platformdirs.user_data_path("dh", appauthor=False) / "checkpoints"


@pytest.mark.parametrize("parts", [("platform", "configs"), ("platform",)])
def test_the_checkout_is_the_folder_with_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: tuple[str, ...]
) -> None:
    monkeypatch.delenv("DH_HOME", raising=False)
    monkeypatch.setattr(dh.home, "__file__", str(tmp_path / "platform" / "src" / "dh" / "home.py"))
    (tmp_path / "pyproject.toml").touch()
    for part in parts:
        (tmp_path / part).mkdir()
    assert dh.home.checkout() == (tmp_path.resolve() if len(parts) == 2 else None)


def test_a_home_that_is_not_there_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DH_HOME", str(tmp_path / "gone"))
    assert dh.home.checkout() != tmp_path / "gone"


def test_the_state_tells_ok_missing_and_wrong_size_apart(root: Path) -> None:
    (root / "toy" / "nets" / "a.bin").write_bytes(CONTENT)
    (root / "toy" / "b.bin").write_bytes(CONTENT + b"!")
    (root / "toy" / "free.yaml").write_bytes(b"any size")
    spec = spec_of(declared("nets/a.bin"), declared("b.bin"), declared("c.bin"), declared("free.yaml", None, None))
    found = checkpoints.state(spec)
    assert [file.state for file in found.files] == ["ok", "wrong size", "missing", "ok"]
    assert [file.size for file in found.files] == [7, 8, None, 8]
    assert (found.present, found.bytes_present, found.bytes_total) == (False, 15, 29)


def test_the_total_is_unknown_while_a_missing_files_size_is(root: Path) -> None:
    found = checkpoints.state(spec_of(declared("a.bin"), declared("b.bin", None, None)))
    assert (found.bytes_present, found.bytes_total) == (0, None)


def test_a_folder_in_a_files_place_is_a_missing_file(root: Path) -> None:
    assert checkpoints.state(spec_of(declared("nets"))).files[0].state == "missing"


def test_what_is_there_is_found_by_its_folder(root: Path) -> None:
    (root / "toy" / "a.bin").write_bytes(CONTENT)
    assert checkpoints.require(spec_of(declared("a.bin"))) == root / "toy"


@pytest.mark.parametrize(("launcher", "command"), [("1", "./dh"), ("", "dh")])
def test_what_is_not_there_names_the_command_the_files_and_their_place(
    root: Path, monkeypatch: pytest.MonkeyPatch, launcher: str, command: str
) -> None:
    monkeypatch.setenv("DH_LAUNCHER", launcher)
    (root / "toy" / "a.bin").write_bytes(CONTENT)
    (root / "toy" / "c.bin").write_bytes(b"short")
    with pytest.raises(CheckpointMissing) as caught:
        checkpoints.require(spec_of(declared("a.bin"), declared("nets/b.bin"), declared("c.bin")))
    message = str(caught.value)
    assert message == (
        "checkpoint toy: 2 of 3 files not there: nets/b.bin (missing), c.bin (wrong size); "
        f"run: {command} checkpoints pull toy; "
        f"or by hand: put nets/b.bin, c.bin from owner/toy at revision v1 into {root / 'toy'}"
    )


def test_verify_tells_every_kind_of_file_apart(root: Path) -> None:
    for name, content in {"ok": CONTENT, "long": CONTENT + b"!", "other": b"strange", "free": CONTENT}.items():
        (root / "toy" / name).write_bytes(content)
    spec = spec_of(
        declared("ok"), declared("gone"), declared("long"), declared("other"), declared("free", len(CONTENT), None)
    )
    checks = checkpoints.verify(spec)
    assert {check.path: check.result for check in checks} == {
        "ok": "ok",
        "gone": "missing",
        "long": "wrong size",
        "other": "wrong hash",
        "free": "no hash declared (size only)",
    }
    assert [check.sound for check in checks] == [True, False, False, False, True]


def test_verify_sees_damage_that_left_size_and_time_as_they_were(root: Path) -> None:
    path = root / "toy" / "a.bin"
    path.write_bytes(CONTENT)
    before = path.stat()
    assert checkpoints.verify(spec_of(declared("a.bin")))[0].result == "ok"
    path.write_bytes(b"wEights")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert checkpoints.verify(spec_of(declared("a.bin")))[0].result == "wrong hash"


def test_a_file_that_cannot_be_read_is_an_error_that_names_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = root / "toy" / "a.bin"
    path.write_bytes(CONTENT)

    def refuse(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.name == "a.bin":
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, *args, **kwargs)

    opened = Path.open
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"a\.bin: .*permissions"):
        checkpoints.verify(spec_of(declared("a.bin")))


def test_hashes_are_computed_once_and_again_when_a_file_changes(root: Path, reads: list[str]) -> None:
    path = root / "toy" / "nets" / "a.bin"
    path.write_bytes(CONTENT)
    spec = spec_of(declared("nets/a.bin", None, None))
    assert checkpoints.hashes(spec) == checkpoints.hashes(spec) == {"nets/a.bin": SHA256}
    assert reads == ["a.bin"]
    path.write_bytes(b"other")
    assert checkpoints.hashes(spec) == {"nets/a.bin": hashlib.sha256(b"other").hexdigest()}
    assert reads == ["a.bin", "a.bin"]


@pytest.mark.parametrize(
    "rubbish", [b"", b"{", b"[]", b'{"toy/a.bin": 3}', b'{"toy/a.bin": [7, "x", null]}', b"\xff\xfe", b"null"]
)
def test_a_corrupt_memory_of_hashes_is_computed_again(root: Path, reads: list[str], rubbish: bytes) -> None:
    (root / "toy" / "a.bin").write_bytes(CONTENT)
    spec = spec_of(declared("a.bin"))
    checkpoints.hashes(spec)
    (memory,) = root.glob(".*.json")
    memory.write_bytes(rubbish)
    assert checkpoints.hashes(spec) == {"a.bin": SHA256}
    assert reads == ["a.bin", "a.bin"]
    assert json.loads(memory.read_text())["toy/a.bin"][2] == SHA256


def test_a_memory_that_cannot_be_written_does_not_stop_a_run(root: Path) -> None:
    (root / "toy" / "a.bin").write_bytes(CONTENT)
    (root / ".sha256.json").mkdir()
    assert checkpoints.hashes(spec_of(declared("a.bin"))) == {"a.bin": SHA256}


def test_hashes_of_what_is_not_there_are_an_error(root: Path) -> None:
    with pytest.raises(CheckpointMissing, match=r"a\.bin"):
        checkpoints.hashes(spec_of(declared("a.bin")))
