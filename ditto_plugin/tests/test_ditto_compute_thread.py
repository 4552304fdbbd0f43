"""Everything that PyTorch computes on a CPU is computed by one thread."""

from __future__ import annotations

import threading

import pytest

from dh_ditto.compute_thread import COMPUTE, ComputeThread, on_compute_thread


class Worker:
    on_device = False

    @on_compute_thread
    def name(self) -> str:
        return threading.current_thread().name

    @on_compute_thread
    def nested(self) -> str:
        return self.name()

    @on_compute_thread
    def fail(self) -> None:
        raise ValueError("told")


def test_all_callers_share_one_thread() -> None:
    found: list[str] = [Worker().name()]
    threads = [threading.Thread(target=lambda: found.append(Worker().name())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 5 and set(found) == {COMPUTE.call(lambda: threading.current_thread().name)}
    assert found[0] != threading.current_thread().name


def test_what_runs_there_may_ask_again() -> None:
    assert Worker().nested() == Worker().name()


def test_what_is_raised_there_reaches_the_caller_and_the_thread_goes_on() -> None:
    with pytest.raises(ValueError, match="told"):
        Worker().fail()
    assert Worker().name()


def test_work_on_a_device_stays_where_it_is() -> None:
    worker = Worker()
    worker.on_device = True
    assert worker.name() == threading.current_thread().name


def test_results_are_not_kept() -> None:
    import gc
    import weakref

    class Result:
        pass

    compute = ComputeThread()
    kept = weakref.ref(compute.call(Result))
    compute.call(int)
    gc.collect()
    assert kept() is None
