"""Folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import dh
from dh_ditto.weights.configuration import CONFIG_NAME


@contextlib.contextmanager
def whole_folder(target: Path, force: bool = False) -> Iterator[Path]:
    """Gives a temporary folder beside ``target`` and renames it into place once the block ends well.

    Args:
        target: need not exist; an empty folder is taken as absent.
        force: replace a folder of weights, told by its ``config.yaml``; anything else is never removed.

    Raises:
        InputError: the target is a file, holds something without ``force``, or cannot be written.
    """
    if target.is_file():
        raise dh.InputError(f"{target}: is a file; name a folder to make")
    if target.is_dir() and any(target.iterdir()):
        if not (target / CONFIG_NAME).is_file():
            raise dh.InputError(f"{target}: holds something other than weights; name another folder")
        if not force:
            raise dh.InputError(f"{target}: holds weights already; name another folder, or replace it with --force")
    name = f".{target.absolute().name}.{os.getpid()}"
    temporary, replaced = target.absolute().parent / f"{name}.part", target.absolute().parent / f"{name}.old"
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if target.exists():
            target.rename(replaced)
        temporary.rename(target)
    except OSError as error:
        if replaced.exists() and not target.exists():
            replaced.rename(target)
        why = (error.strerror or str(error)).lower()
        raise dh.InputError(f"{error.filename or target}: {why}; write elsewhere") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)
