"""SHA-256 of checkpoint files: compared with the declarations, and remembered so that a run need not read gigabytes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dh.checkpoints.store import checkpoint_root, folder, require, state
from dh.declarations import CheckpointSpec
from dh.errors import InputError
from dh.files import reason, whole_file

_MEMORY = ".sha256.json"
_BLOCK = 1 << 20
_Entry = tuple[int, int, str]
"""Size in bytes, modification time in nanoseconds, SHA-256."""


@dataclass(frozen=True)
class FileCheck:
    """The result of verifying one file; ``size`` is in bytes, None where it is missing."""

    path: str
    result: Literal["ok", "missing", "wrong size", "wrong hash", "no hash declared (size only)"]
    size: int | None = None

    @property
    def sound(self) -> bool:
        """Whether everything that is declared of the file holds."""
        return self.result in ("ok", "no hash declared (size only)")


def verify(spec: CheckpointSpec) -> list[FileCheck]:
    """Reads every file and compares it with what is declared.

    Raises:
        InputError: a file is there but cannot be read.
    """
    return _check(spec, fresh=True)


def unsound(spec: CheckpointSpec) -> set[str]:
    """Paths of the files that ``verify`` would object to; content that was hashed before is not read again.

    Raises:
        InputError: a file is there but cannot be read.
    """
    return {check.path for check in _check(spec, fresh=False) if not check.sound}


def hashes(spec: CheckpointSpec) -> dict[str, str]:
    """SHA-256 of each file by its path, for run records; a file that was hashed before is not read again.

    Raises:
        CheckpointMissing: a file is missing or has the wrong size.
        InputError: a file cannot be read.
    """
    home = require(spec)
    with remembered_digests() as digests:
        return {file.path: digests.of(home / file.path) for file in spec.files}


def _check(spec: CheckpointSpec, *, fresh: bool) -> list[FileCheck]:
    home = folder(spec)
    checks = []
    with remembered_digests() as digests:
        for file, found in zip(spec.files, state(spec).files, strict=True):
            result: Any = found.state
            if result == "ok" and file.sha256 is None:
                result = "no hash declared (size only)"
            elif result == "ok" and digests.of(home / file.path, fresh=fresh) != file.sha256:
                result = "wrong hash"
            checks.append(FileCheck(file.path, result, found.size))
    return checks


class Digests:
    """SHA-256 of files below the checkpoint root, remembered while a file's size and modification time stay."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known = _read_memory(root)
        self._news: dict[str, _Entry] = {}

    def of(self, path: Path, *, fresh: bool = False) -> str:
        """The file's SHA-256 in hexadecimal; ``fresh`` reads the file even if its hash is remembered.

        Raises:
            InputError: the file cannot be read.
        """
        key = self._key(path)
        try:
            status = path.stat()
            stamp = (status.st_size, status.st_mtime_ns)
        except OSError as error:
            raise InputError(f"{path}: {reason(error)}") from error
        if not fresh and self._known.get(key, ())[:2] == stamp:
            return self._known[key][2]
        digest = read_digest(path)
        self._known[key] = self._news[key] = (*stamp, digest)
        return digest

    def remember(self, path: Path, digest: str) -> None:
        """Takes the hash of a file that the caller has just read."""
        status = path.stat()
        self._news[self._key(path)] = (status.st_size, status.st_mtime_ns, digest)

    def _key(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    def save(self) -> None:
        """Remembers what is new. A root that may not be written costs time later, not the run."""
        if not self._news:
            return
        # Read again: another process may have remembered something since.
        entries = {**_read_memory(self._root), **self._news}
        entries = {key: entry for key, entry in entries.items() if (self._root / key).is_file()}
        with contextlib.suppress(InputError), whole_file(self._root / _MEMORY) as temporary:
            temporary.write_text(json.dumps(entries, indent=1, sort_keys=True), encoding="utf-8")


@contextlib.contextmanager
def remembered_digests() -> Iterator[Digests]:
    """The digests of the checkpoint root, saved when the block ends, however it ends."""
    digests = Digests(checkpoint_root())
    try:
        yield digests
    finally:
        digests.save()


def _read_memory(root: Path) -> dict[str, _Entry]:
    try:
        data = json.loads((root / _MEMORY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # only a memory: what is lost is computed again
    entries: dict[str, _Entry] = {}
    for key, entry in data.items() if isinstance(data, dict) else ():
        match entry:
            case [int(size), int(mtime_ns), str(digest)] if is_sha256(digest):
                entries[key] = (size, mtime_ns, digest)
    return entries


def is_sha256(text: str) -> bool:
    """Whether a text is a SHA-256 in lower-case hexadecimal."""
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


def read_digest(path: Path) -> str:
    """SHA-256 of a file's content in hexadecimal.

    Raises:
        InputError: the file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise InputError(f"{path}: {reason(error)}") from error
    return digest.hexdigest()
