"""As many workers at a time as was asked for, and as memory allows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from dh.comparison import scheduler
from dh.comparison.outcome import Outcome
from dh.comparison.process import Limits
from dh.comparison.scheduler import UNKNOWN_PEAK_MIB, Scheduler, Task

LIMITS = Limits(60, 10_000, "the limit")


class Machine:
    """Stands for the machine: its workers end after two looks at each, and take what their kind takes.

    Args:
        total_mib: of memory.
        needs: MiB that each kind of task takes, at once.
    """

    def __init__(self, total_mib: float, needs: dict[str, float]) -> None:
        self.total_mib = total_mib
        self.needs = needs
        self.taken: dict[int, float] = {}
        self.most = 0
        self.killed = 0

    def available(self) -> float:
        return self.total_mib - sum(self.taken.values())

    def worker(self, job: Any, limits: Limits, log: Path, environment: Any) -> Any:
        machine = self

        class Worker:
            memory_mib = peak_mib = machine.needs[job["kind"]]
            looks = 0

            def poll(self) -> tuple[list[Any], Outcome | None]:
                self.looks += 1
                if self.looks < 3:
                    return [], None
                del machine.taken[id(self)]
                return [], Outcome("done")

            def kill(self) -> None:
                machine.killed += 1
                del machine.taken[id(self)]

        worker = Worker()
        self.taken[id(worker)] = worker.memory_mib
        self.most = max(self.most, len(self.taken))
        return worker


def run(
    monkeypatch: pytest.MonkeyPatch, machine: Machine, jobs: int, kinds: list[str], follow: dict[str, str] | None = None
) -> list[str]:
    """Runs tasks of these kinds, each followed by one of another kind where it says so; returns the order of ends."""
    monkeypatch.setattr(scheduler, "Worker", machine.worker)
    monkeypatch.setattr(scheduler, "available_memory_mib", machine.available)
    monkeypatch.setattr(scheduler, "_POLL_SECONDS", 0)
    ends: list[str] = []

    def ended(task: Task, outcome: Outcome) -> Iterable[Task]:
        ends.append(task.cell)
        return [make(task.cell, (follow or {})[task.kind])] if task.kind in (follow or {}) else []

    def make(cell: str, kind: str) -> Task:
        return Task(cell, {"kind": kind}, Path("log"), LIMITS, kind)

    Scheduler(jobs, lambda task, event: None, ended).run([make(f"{kind}{n}", kind) for n, kind in enumerate(kinds)])
    return ends


def test_no_more_run_than_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(100_000, {"a": 10})
    assert run(monkeypatch, machine, 3, ["a"] * 7) == [f"a{n}" for n in range(7)]
    assert machine.most == 3


def test_what_no_kind_is_known_of_waits_for_the_memory_it_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(1.5 * UNKNOWN_PEAK_MIB, {"a": 1.2 * UNKNOWN_PEAK_MIB})
    assert len(run(monkeypatch, machine, 4, ["a"] * 4)) == 4
    assert machine.most == 1


def test_small_ones_run_side_by_side_once_they_are_known_to_be_small(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(UNKNOWN_PEAK_MIB, {"a": 100})
    assert len(run(monkeypatch, machine, 4, ["a"] * 6)) == 6
    assert machine.most == 4


def test_one_runs_alone_however_little_memory_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(10, {"a": 5})
    assert len(run(monkeypatch, machine, 2, ["a", "a"])) == 2


def test_what_follows_from_an_end_comes_before_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(100_000, {"a": 10, "b": 10})
    assert run(monkeypatch, machine, 1, ["a", "a"], {"a": "b"}) == ["a0", "a0", "a1", "a1"]


def test_an_interruption_leaves_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(100_000, {"a": 10})

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dh.comparison.scheduler.time.sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(monkeypatch, machine, 2, ["a"] * 3)
    assert machine.killed == 2
    assert machine.taken == {}
