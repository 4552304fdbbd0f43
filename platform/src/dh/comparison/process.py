"""One worker process, watched: what it tells, how long it is silent, how much memory it takes, and how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from dh.comparison.outcome import Outcome
from dh.memory import tree_memory_mib

_GRACE_SECONDS = 10.0
"""That a worker has, beyond the timeout, to notice by itself that it hangs, since it knows where."""

_READING_SECONDS = 1.0
"""That the rest of what a worker has told may take to be read: what it left behind may hold the pipe open."""

_LAST_WORDS_SECONDS = 0.5
"""That a hung worker gets to write where its threads stand."""


@dataclass(frozen=True)
class Limits:
    """What ends a worker.

    Args:
        timeout: seconds without progress.
        memory_mib: that it and what it starts may take together.
        memory_rule: what sets that limit, for the words.
    """

    timeout: float
    memory_mib: float
    memory_rule: str


class Worker:
    """A job in a process and process group of its own. Call ``poll`` often, and ``kill`` whatever happens.

    Args:
        job: for ``dh.comparison.worker``.
        limits: that end it.
        log: file that gets what it prints; what is there already stays.
        environment: that differs from this process's.
    """

    def __init__(
        self, job: Mapping[str, Any], limits: Limits, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._limits = limits
        self._where = ""
        self._told: dict[str, Any] | None = None
        self._begin = self._alive = time.monotonic()
        self.memory_mib = self.peak_mib = 0.0
        settings = {"DH_STALL_SECONDS": f"{limits.timeout:g}", **(environment or {})}
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "dh.comparison.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **settings},
                start_new_session=True,
            )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(OSError):  # it ended already; how is told by poll
            self._process.stdin.write(json.dumps(job).encode() + b"\n")
            self._process.stdin.flush()
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def poll(self) -> tuple[list[dict[str, Any]], Outcome | None]:
        """What it has told since the last call, and how it ended, once it has."""
        ended = self._process.poll() is not None
        if ended:
            self._reader.join(_READING_SECONDS)
        events = self._take()
        if ended or self._told is not None:
            return events, self._conclude()
        self.memory_mib = tree_memory_mib(self._process.pid)
        self.peak_mib = max(self.peak_mib, self.memory_mib)
        if self.memory_mib > self._limits.memory_mib:
            took = f"took {self.memory_mib / 1024:.2g} GiB{self._where}"
            return events, self._end("out of memory", f"{took}, more than {self._limits.memory_rule}")
        if time.monotonic() - self._alive > self._limits.timeout + _GRACE_SECONDS:
            self._ask_where()
            reason = f"no progress for {self._limits.timeout:g} s{self._where}"
            return events, self._end("hung", reason, "its log says where it stands; a larger --timeout waits longer")
        return events, None

    def kill(self) -> None:
        """Ends it and everything that it started; returns once it is gone."""
        import psutil

        members: list[psutil.Process] = []
        with contextlib.suppress(psutil.Error):  # those that left the group
            members = psutil.Process(self._process.pid).children(recursive=True)
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
        for member in members:
            with contextlib.suppress(psutil.Error):
                member.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def _read(self, stream: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):  # closed while reading: nobody listens any more
            for line in stream:
                self._lines.put(line.decode("utf-8", "replace"))

    def _take(self) -> list[dict[str, Any]]:
        events = []
        while not self._lines.empty():
            try:
                event = json.loads(self._lines.get_nowait())
            except ValueError:  # cut off by its end
                continue
            self._alive = time.monotonic()
            if event["event"] == "ended":
                self._told = event
            else:
                events.append(event)
            if event["event"] == "progress":
                done = f" at frame {event['done']}" if event["phase"] == "render" and event["done"] else ""
                self._where = f" in phase {event['phase']}{done}"
        return events

    def _conclude(self) -> Outcome:
        told, status = self._told, self._process.poll()
        if told is not None:
            return self._end(told["state"], told.get("reason", ""), told.get("remedy", ""), told.get("result"))
        if status is not None and status < 0:
            if -status == getattr(signal, "SIGKILL", 9):
                why = "killed by the system, most likely for want of memory"
                return self._end("out of memory", f"{why}{self._where}", "try fewer --jobs, or a smaller source")
            return self._end("crashed", f"ended by {_signal_name(-status)}{self._where}", "its log says where")
        return self._end("crashed", f"ended with status {status} and no result{self._where}", "its log may say why")

    def _end(self, state: Any, reason: str, remedy: str = "", result: Any = None) -> Outcome:
        seconds = time.monotonic() - self._begin
        self.kill()
        return Outcome(state, reason, remedy, result, round(seconds, 3), round(self.peak_mib, 1))

    def _ask_where(self) -> None:
        """Has it write the stacks of its threads into its log."""
        if hasattr(signal, "SIGUSR1"):
            with contextlib.suppress(OSError):
                self._process.send_signal(signal.SIGUSR1)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_LAST_WORDS_SECONDS)


def _signal_name(number: int) -> str:
    try:
        return f"{signal.Signals(number).name} ({signal.strsignal(number)})"
    except ValueError:
        return f"signal {number}"
