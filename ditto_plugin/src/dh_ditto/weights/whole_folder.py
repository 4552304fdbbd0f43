"""Folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import dh
from dh_ditto.weights.unfinished import unfinished


@contextlib.contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Gives a temporary folder beside ``target`` and renames it into place once the block ends well.

    Args:
        target: need not exist; an empty folder is taken as absent.

    Raises:
        InputError: the target is a file, holds something, or cannot be written.
    """
    if target.is_file():
        raise dh.InputError(f"{target}: is a file; name a folder to make")
    if target.is_dir() and any(target.iterdir()):
        raise dh.InputError(f"{target}: holds something already; name another folder, or remove it")
    temporary = unfinished(target.absolute())
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if target.exists():
            target.rmdir()  # not every system renames over a folder
        temporary.rename(target)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise dh.InputError(f"{error.filename or target}: {why}; write elsewhere") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
