"""What an encoder may not do to the machine."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def ordinary_priority() -> Iterator[None]:
    """Takes back the real-time priority that threads get inside, the caller's own among them.

    SVT-AV1 gives it to itself and to whoever opens it where the user is root: such threads, and all processes that they
    start, go before everything else on the machine.
    """
    if sys.platform != "linux":
        yield
        return
    before = _policies()
    try:
        yield
    finally:
        for thread, policy in _policies().items():
            if policy in (os.SCHED_FIFO, os.SCHED_RR) and before.get(thread) != policy:
                with contextlib.suppress(OSError):  # it has ended
                    os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))


def _policies() -> dict[int, int]:
    """The scheduling policy of each of this process's threads."""
    found: dict[int, int] = {}
    for path in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):
            found[int(path.name)] = os.sched_getscheduler(int(path.name))
    return found
