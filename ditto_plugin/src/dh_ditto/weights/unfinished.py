"""Files and folders in the making, under hidden names beside their targets."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from pathlib import Path

_NAME = re.compile(r"\.(?P<target>.+)\.(?P<process>\d+)\.part\Z")


def unfinished(target: Path) -> Path:
    """The name under which this process makes ``target``. What killed processes left of it is removed."""
    with contextlib.suppress(OSError):
        for path in target.parent.iterdir():
            match = _NAME.match(path.name)
            if match and match["target"] == target.name and not _runs_elsewhere(int(match["process"])):
                _remove(path)
    return target.parent / f".{target.name}.{os.getpid()}.part"


def keep(content: bytes, target: Path) -> bool:
    """Caches what could be made again, whole or not at all.

    Returns:
        Whether it is there now; a place that cannot be written only costs the next start.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = unfinished(target)
        try:
            temporary.write_bytes(content)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()


def _runs_elsewhere(process: int) -> bool:
    """Whether another process has this number. This one's own names can only be an earlier process's."""
    if process == os.getpid():
        return False
    if os.name == "nt":  # signal 0 would end the process there
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
