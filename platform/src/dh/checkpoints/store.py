"""Where checkpoints lie, and whether they are there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dh.declarations import CheckpointFile, CheckpointSpec
from dh.errors import CheckpointMissing
from dh.home import checkout, command


@dataclass(frozen=True)
class FileState:
    """One declared file as it lies on this machine; ``size`` is in bytes, None where it is missing."""

    path: str
    state: Literal["ok", "missing", "wrong size"]
    size: int | None = None


@dataclass(frozen=True)
class CheckpointState:
    """What of a checkpoint is on this machine, told by names and sizes alone.

    ``bytes_present`` counts the files that are ok; ``bytes_total`` is None while a missing file's size is unknown.
    """

    files: tuple[FileState, ...]
    bytes_present: int
    bytes_total: int | None

    @property
    def present(self) -> bool:
        """Whether every file is there, of the declared size where one is declared."""
        return all(file.state == "ok" for file in self.files)


def checkpoint_root() -> Path:
    """The folder of all checkpoints.

    ``DH_CHECKPOINTS`` if set, else ``checkpoints/`` of the checkout, else a folder of the user's data directory.
    It need not exist yet.
    """
    chosen = os.environ.get("DH_CHECKPOINTS")
    if chosen:
        return Path(chosen).expanduser().absolute()
    home = checkout()
    if home is not None:
        return home / "checkpoints"
    import platformdirs

    return platformdirs.user_data_path("dh", appauthor=False) / "checkpoints"


def folder(spec: CheckpointSpec) -> Path:
    """The checkpoint's folder, there or not; the declared files lie below it."""
    return checkpoint_root() / spec.name


def state(spec: CheckpointSpec) -> CheckpointState:
    """Which of the checkpoint's files are there. Reads no content, so it is cheap enough for every listing."""
    home = folder(spec)
    files = tuple(_file_state(home, file) for file in spec.files)
    sizes = [
        found.size if found.state == "ok" else file.size for file, found in zip(spec.files, files, strict=True)
    ]  # fmt: skip
    known = [size for size in sizes if size is not None]
    return CheckpointState(
        files=files,
        bytes_present=sum(found.size or 0 for found in files if found.state == "ok"),
        bytes_total=sum(known) if len(known) == len(sizes) else None,
    )


def pulled_checkpoints(specs: Iterable[CheckpointSpec]) -> dict[str, Path]:
    """Folders of those checkpoints that are on this machine, by name."""
    return {spec.name: folder(spec) for spec in specs if state(spec).present}


def require(spec: CheckpointSpec) -> Path:
    """The folder of a checkpoint that is there.

    Raises:
        CheckpointMissing: files are missing or have the wrong size; it names the command that brings them.
    """
    unfit = [file for file in state(spec).files if file.state != "ok"]
    if unfit:
        what = ", ".join(f"{file.path} ({file.state})" for file in unfit)
        raise CheckpointMissing(
            f"checkpoint {spec.name}: {len(unfit)} of {len(spec.files)} files not there: {what}; "
            f"run: {command()} checkpoints pull {spec.name}; or by hand: {by_hand(spec, [file.path for file in unfit])}"
        )
    return folder(spec)


def by_hand(spec: CheckpointSpec, paths: Iterable[str]) -> str:
    """How to bring files without this platform: which, from which repository and revision, into which folder."""
    return f"put {', '.join(paths)} from {spec.repository} at revision {spec.revision} into {folder(spec)}"


def _file_state(home: Path, file: CheckpointFile) -> FileState:
    path = home / file.path
    try:
        size = path.stat().st_size if path.is_file() else None
    except OSError:
        size = None
    if size is None:
        return FileState(file.path, "missing")
    return FileState(file.path, "ok" if file.size in (None, size) else "wrong size", size)
