"""Memory: what this process has used at most, what the machine still has, what a tree of processes uses."""

from __future__ import annotations

import contextlib
import re
import sys
from pathlib import Path

_HIGH_WATER = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)
_CONTROL_GROUP = Path("/sys/fs/cgroup")


def peak_memory_mib() -> float:
    """Largest resident size of this process so far."""
    # Linux hands ``ru_maxrss`` on to programs that a process starts, so a small child of a large parent looks large.
    with contextlib.suppress(OSError):
        found = _HIGH_WATER.search(Path("/proc/self/status").read_text(encoding="ascii", errors="replace"))
        if found:
            return int(found[1]) / 1024
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset / 2**20)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)


def available_memory_mib() -> float:
    """What processes can still take without swapping: the machine's, or the container's where that is less."""
    import psutil

    available = psutil.virtual_memory().available / 2**20
    with contextlib.suppress(OSError, ValueError):  # "max" where the container has no limit
        limit = int((_CONTROL_GROUP / "memory.max").read_text(encoding="ascii"))
        used = int((_CONTROL_GROUP / "memory.current").read_text(encoding="ascii"))
        available = min(available, (limit - used) / 2**20)
    return float(available)


def tree_memory_mib(pid: int) -> float:
    """Resident size of a process and all that it started, 0 where it is gone."""
    import psutil

    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for member in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += member.memory_info().rss
    return total / 2**20
