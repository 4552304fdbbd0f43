"""A process that does one job of a comparison: ``python -m dh.comparison.worker``, the job as a line of JSON on stdin.

It ends when its parent does, however that ends.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import signal
import sys
import threading
import traceback
from dataclasses import asdict
from typing import Any

from dh.comparison.channel import Channel
from dh.comparison.outcome import explain

JOBS = {
    "resolve": "dh.comparison.resolving",
    "render": "dh.comparison.rendering",
    "evaluate": "dh.comparison.evaluating",
}
"""Modules with a function ``work(job, channel)`` that returns what JSON can hold."""


def main() -> None:
    """Does the job and tells how it ended; the exit status is 0 even where the job failed."""
    channel = Channel()
    job: dict[str, Any] = json.loads(sys.stdin.readline())
    _end_with_parent()
    faulthandler.enable(all_threads=True)
    if hasattr(faulthandler, "register"):  # the parent asks a hung worker where it stands
        faulthandler.register(signal.SIGUSR1, all_threads=True)
    try:
        result = importlib.import_module(JOBS[job["job"]]).work(job, channel)
    except BaseException as error:  # a plugin may raise anything, SystemExit included
        traceback.print_exc()
        outcome = asdict(explain(error))
        channel.send("ended", **{name: outcome[name] for name in ("state", "reason", "remedy")})
    else:
        channel.send("ended", state="done", result=result)
    sys.stderr.flush()
    # Threads of a plugin may be inside a native library, which an ordinary exit would wait for or crash in.
    os._exit(0)


def _end_with_parent() -> None:
    """Leaves someone to end this process, and all that it starts, when the parent is gone.

    Then nobody holds the writing end of standard input open. Where there is ``fork`` it is a process, since native code
    that holds the interpreter stops every thread.
    """
    if not hasattr(os, "fork"):
        threading.Thread(target=_wait_for_parent, daemon=True).start()
    elif os.fork() == 0:
        _detach(1, 2)
        os.closerange(3, 256)
        _wait_for_parent()
    else:
        _detach(0)


def _wait_for_parent() -> None:
    while os.read(0, 1024):
        pass
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _detach(*descriptors: int) -> None:
    """Points descriptors to nowhere, so that neither a plugin nor what it starts waits for this process's."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


if __name__ == "__main__":
    main()
