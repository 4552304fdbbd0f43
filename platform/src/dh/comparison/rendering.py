"""The job that makes a cell's video, its run record and its filmstrip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dh.api import run
from dh.comparison.channel import Channel
from dh.comparison.filmstrip import write_filmstrip


def work(job: dict[str, Any], channel: Channel) -> None:
    """Runs the method as ``job["run"]``, the arguments of ``dh.run``, says.

    Raises:
        DHError: as ``dh.run``.
    """
    run(**job["run"], on_event=channel.listen)
    write_filmstrip(Path(job["run"]["output"]), Path(job["filmstrip"]))
