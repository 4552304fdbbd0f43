"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from dh.errors import InputError

_TEMPORARY = re.compile(r"\.(?P<name>.+)\.(?P<pid>\d+)\.part\Z")


def temporary_for(target: Path) -> Path:
    """A hidden name beside ``target`` that tells which process writes it, so that a later run can clean up."""
    return target.parent / f".{target.name}.{os.getpid()}.part"


def check_writable(target: Path, what: str) -> None:
    """Refuses, before any work is done, a target that could not be written in the end.

    Raises:
        InputError: the folder is missing or read-only, the target is a folder, or the disk is full.
    """
    folder = target.parent
    probe = temporary_for(target)
    try:
        if target.is_dir():
            raise InputError(f"{what} {target}: is a folder; name a file in it")
        if not folder.is_dir():
            raise InputError(f"{what} {target}: there is no folder {folder}; make it first")
        with probe.open("wb") as file:
            file.write(b"\0" * 4096)
    except OSError as error:
        raise InputError(f"{what} {target}: {reason(error)}") from error
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()


def reason(error: OSError) -> str:
    """What an operating-system error means to a user, with the remedy where there is one."""
    if error.errno == errno.ENOSPC:
        return "no space left on the disk; free some or write elsewhere"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "the folder or file may not be written; choose another place or change its permissions"
    if error.errno == errno.ENAMETOOLONG:
        return "the name is too long; choose a shorter one"
    return (error.strerror or str(error)).lower()


def remove_stale(target: Path) -> None:
    """Removes what killed runs left beside ``target``: temporary files and folders of processes that are gone."""
    with contextlib.suppress(OSError):
        for path in target.parent.iterdir():
            match = _TEMPORARY.match(path.name)
            if match and match["name"] == target.name and not _alive(int(match["pid"])):
                _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()


def _alive(pid: int) -> bool:
    if os.name == "nt":  # signal 0 would end the process there
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@contextlib.contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Gives a temporary path beside ``target`` and renames it into place once the block ends well.

    Raises:
        InputError: the target cannot be written.
    """
    temporary = temporary_for(target)
    remove_stale(target)
    try:
        yield temporary
        temporary.replace(target)
    except OSError as error:
        raise InputError(f"{target}: {reason(error)}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


@contextlib.contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Gives a temporary folder beside ``target`` and renames it into place once the block ends well.

    Args:
        target: need not exist; an empty folder is taken as absent, nothing else is ever replaced.

    Raises:
        InputError: the target is a file, holds something, or cannot be written.
    """
    target = target.absolute()
    if target.is_file():
        raise InputError(f"{target}: is a file; name a folder to make")
    temporary = temporary_for(target)
    try:
        if target.is_dir() and any(target.iterdir()):
            raise InputError(f"{target}: holds something already; name another folder, or remove it")
        remove_stale(target)
        shutil.rmtree(temporary, ignore_errors=True)  # of an earlier process with this one's number
        temporary.mkdir(parents=True)
        yield temporary
        if target.exists():
            target.rmdir()  # not every system renames over a folder
        temporary.rename(target)
    except OSError as error:
        raise InputError(f"{target}: {reason(error)}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
