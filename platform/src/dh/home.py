"""Where the platform runs from, and how its user calls it."""

from __future__ import annotations

import functools
import os
from pathlib import Path


def checkout() -> Path | None:
    """The checkout that this platform runs from, or None where it was installed as a package.

    ``DH_HOME``, which the launcher sets, wins if it names a folder; else it is the nearest folder above this
    file that holds the workspace.
    """
    home = os.environ.get("DH_HOME")
    if home and Path(home).is_dir():
        return Path(home).absolute()
    return _workspace_above(Path(__file__).resolve())


def command() -> str:
    """How the user calls the platform, for remedies in messages: ``./dh`` under the launcher, else ``dh``."""
    return "./dh" if os.environ.get("DH_LAUNCHER") else "dh"


@functools.cache
def _workspace_above(file: Path) -> Path | None:
    for folder in file.parents:
        if (folder / "pyproject.toml").is_file() and all((folder / part).is_dir() for part in ("platform", "configs")):
            return folder
    return None
