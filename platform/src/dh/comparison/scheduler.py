"""Runs workers, as many at a time as was asked for and as memory allows."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dh.comparison.outcome import Outcome
from dh.comparison.process import Limits, Worker
from dh.memory import available_memory_mib

UNKNOWN_PEAK_MIB = 2048.0
"""Memory that a worker is thought to take while none of its kind has been seen."""

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Task:
    """A job for a worker.

    Args:
        cell: identifier of the cell that it is for.
        job: for ``dh.comparison.worker``.
        log: file that gets what it prints.
        limits: that end it.
        kind: tasks of a kind are thought to take about the same memory.
        prepare: called right before it starts.
    """

    cell: str
    job: Mapping[str, Any]
    log: Path
    limits: Limits
    kind: str
    prepare: Callable[[], None] = lambda: None


class Scheduler:
    """Runs tasks.

    Args:
        jobs: most workers at a time.
        told: called with each task and event of its worker.
        ended: called with each task and how it ended; returns tasks that come next.
    """

    def __init__(
        self,
        jobs: int,
        told: Callable[[Task, Mapping[str, Any]], None],
        ended: Callable[[Task, Outcome], Iterable[Task]],
    ) -> None:
        self._jobs = jobs
        self._told = told
        self._ended = ended
        self._waiting: deque[Task] = deque()
        self._running: list[tuple[Task, Worker]] = []
        self._peaks: dict[str, float] = {}

    def run(self, tasks: Iterable[Task]) -> None:
        """Runs the tasks and those that follow from them. Whatever ends it, no worker is left."""
        self._waiting.extend(tasks)
        try:
            while self._waiting or self._running:
                self._start_those_that_fit()
                self._poll()
                if self._running:
                    time.sleep(_POLL_SECONDS)
        finally:
            for _, worker in self._running:
                worker.kill()

    def _start_those_that_fit(self) -> None:
        while self._waiting and len(self._running) < self._jobs and self._fits(self._waiting[0]):
            task = self._waiting.popleft()
            task.prepare()
            self._running.append((task, Worker(task.job, task.limits, task.log, self._environment())))

    def _fits(self, task: Task) -> bool:
        """Whether the memory that is left, once those that run have grown to their size, is enough for a task too."""
        if not self._running:
            return True
        still = sum(max(0.0, self._expected(other) - worker.memory_mib) for other, worker in self._running)
        return available_memory_mib() - still > self._expected(task)

    def _expected(self, task: Task) -> float:
        return self._peaks.get(task.kind, UNKNOWN_PEAK_MIB)

    def _environment(self) -> dict[str, str]:
        """Workers side by side share the processors, where their user does not say otherwise."""
        threads = max(1, (os.cpu_count() or 1) // self._jobs)
        return {} if self._jobs == 1 or "OMP_NUM_THREADS" in os.environ else {"OMP_NUM_THREADS": str(threads)}

    def _poll(self) -> None:
        for entry in list(self._running):
            task, worker = entry
            events, outcome = worker.poll()
            for event in events:
                self._told(task, event)
            if outcome is None:
                continue
            self._running.remove(entry)
            self._peaks[task.kind] = max(self._peaks.get(task.kind, 0.0), worker.peak_mib)
            self._waiting.extendleft(reversed(list(self._ended(task, outcome))))
