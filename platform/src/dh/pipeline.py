"""Runs stages, each a generator in a thread of its own, between bounded queues.

Slow stages push back; memory does not grow with the clip; the first exception surfaces once, with the stage's
name; leaving the output ends everything upstream; every stage's busy and waiting time is recorded.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dh.components import Stage
from dh.errors import DHError, StageError, StageStalled
from dh.text import one_line

DEPTH = 4
"""Items that a queue holds before its writer waits."""

STALL_SECONDS = 120.0
"""A stage that works longer than this on one item counts as stalled."""

LATEST = 4096
"""Items of a stage whose times are kept, the latest ones: memory stays flat however long a stream goes on."""

_POLL_SECONDS = 0.25
_JOIN_SECONDS = 2.0


class _Stopped(BaseException):
    """Raised inside a stage that shall end; not an Exception, so that plugin code does not swallow it."""


class _End:
    """Marks the end of a queue."""


@dataclass
class StageStats:
    """What a stage has done so far; seconds.

    Args:
        name: the stage's.
        items: that it has yielded.
        busy: time inside the stage's own code.
        waiting_in: time it waited for input.
        waiting_out: time it waited for room in the next queue.
        latest: busy time spent on each of the latest items, at most ``LATEST`` of them.
    """

    name: str
    items: int = 0
    busy: float = 0.0
    waiting_in: float = 0.0
    waiting_out: float = 0.0
    latest: deque[float] = field(default_factory=lambda: deque(maxlen=LATEST))

    def count(self, spent: float) -> None:
        """Books an item that took ``spent`` seconds, which ``busy`` holds already."""
        self.items += 1
        self.latest.append(spent)

    def percentile(self, percent: float) -> float:
        """Busy seconds that ``percent`` of the latest items stayed within, by linear interpolation; 0 without items."""
        times = self.latest.copy()  # a running stage appends to it
        return float(np.percentile(times, percent)) if times else 0.0


class _Queue:
    """A bounded queue with one writer and one reader, either of which may leave."""

    def __init__(self, depth: int) -> None:
        self._items: deque[Any] = deque()
        self._depth = depth
        self._condition = threading.Condition()
        self._closed = False

    def put(self, item: Any) -> None:
        with self._condition:
            while len(self._items) >= self._depth and not self._closed:
                self._condition.wait()
            if self._closed:
                raise _Stopped
            self._items.append(item)
            self._condition.notify_all()

    def get(self, timeout: float | None = None) -> Any:
        """The next item; raises TimeoutError when none came in time."""
        with self._condition:
            if not self._condition.wait_for(lambda: self._items or self._closed, timeout):
                raise TimeoutError
            if self._closed:
                raise _Stopped
            item = self._items.popleft()
            self._condition.notify_all()
            return item

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._items.clear()
            self._condition.notify_all()


class _Worker:
    """A stage in its thread."""

    def __init__(self, stage: Stage, inbox: _Queue | None, outbox: _Queue, pipeline: Pipeline) -> None:
        self.stage = stage
        self.stats = StageStats(stage.name)
        self._inbox = inbox
        self._outbox = outbox
        self._pipeline = pipeline
        self._mark = self._alive = time.perf_counter()
        self.waiting = False
        self.thread = threading.Thread(target=self._run, name=f"dh {stage.name}", daemon=True)

    def beat(self) -> None:
        """Notes that the stage is alive."""
        self._alive = time.perf_counter()

    def busy_for(self) -> float:
        """Seconds since the stage last took or gave an item or was known to be alive, 0 while it waits."""
        return 0.0 if self.waiting else time.perf_counter() - max(self._mark, self._alive)

    def _wait(self, queue_call: Any, *arguments: Any, kind: str) -> Any:
        """Calls a queue's method, and books the time before it as busy and the time inside it as waiting."""
        begin = time.perf_counter()
        self.stats.busy += begin - self._mark
        self.waiting = True
        try:
            return queue_call(*arguments)
        finally:
            self._mark = time.perf_counter()
            self.waiting = False
            setattr(self.stats, kind, getattr(self.stats, kind) + self._mark - begin)

    def _input(self) -> Iterator[Any]:
        if self._inbox is None:
            return
        while True:
            item = self._wait(self._inbox.get, kind="waiting_in")
            if item is _End:
                return
            yield item

    def _run(self) -> None:
        self._mark = time.perf_counter()
        output: Iterator[Any] = iter(())
        counted = 0.0
        try:
            output = self.stage.run(self._input())
            for item in output:
                self._wait(self._outbox.put, item, kind="waiting_out")
                self.stats.count(self.stats.busy - counted)
                counted = self.stats.busy
            self._wait(self._outbox.put, _End, kind="waiting_out")
        except _Stopped:
            pass
        except BaseException as error:  # a plugin may raise anything; all of it must reach the caller
            self._pipeline.fail(self.stage.name, error)
        finally:
            self.waiting = True
            if self._inbox is not None:
                self._inbox.close()
            try:
                close = getattr(output, "close", None)
                if close is not None:
                    close()
            except BaseException as error:
                self._pipeline.fail(self.stage.name, error)


class Pipeline:
    """Stages joined by queues; iterate over it to get what the last one yields.

    Args:
        stages: in order; the first gets an empty iterator and makes the items.
        depth: items per queue.
        stall_seconds: how long a stage may work on one item before it counts as stalled.
        patient: names of stages that may take as long as they like, such as a source that waits for the user.

    Use it as a context manager, or call ``close``: either ends every stage promptly. Errors come out of the
    iteration: a stage's own ``DHError`` as it is, anything else as a ``StageError`` that names the stage.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        *,
        depth: int = DEPTH,
        stall_seconds: float = STALL_SECONDS,
        patient: Collection[str] = (),
    ) -> None:
        self._queues = [_Queue(depth) for _ in stages]
        inboxes: list[_Queue | None] = [None, *self._queues[:-1]]
        self._workers = [
            _Worker(stage, inbox, outbox, self)
            for stage, inbox, outbox in zip(stages, inboxes, self._queues, strict=True)
        ]
        self._stall_seconds = stall_seconds
        self._patient = patient
        self._failure: tuple[str, BaseException] | None = None
        self._failure_lock = threading.Lock()
        self._started = self._closing = False

    @property
    def stats(self) -> list[StageStats]:
        """Counts and times of every stage so far."""
        return [worker.stats for worker in self._workers]

    def fail(self, stage: str, error: BaseException) -> None:
        """Records a stage's exception, if it is the first, and stops everything."""
        with self._failure_lock:
            if self._failure is None:
                self._failure = (stage, error)
        self._stop()

    def beat(self) -> None:
        """Tells that the stages are alive though nothing comes out: a long step reports progress."""
        for worker in self._workers:
            worker.beat()

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        if not self._started:
            self._started = True
            for worker in self._workers:
                worker.thread.start()
        try:
            while True:
                try:
                    item = self._queues[-1].get(_POLL_SECONDS)
                except TimeoutError:
                    self._check_stall()
                    continue
                except _Stopped:
                    self._raise_failure()
                    return
                if item is _End:
                    self._raise_failure()
                    return
                yield item
        finally:
            if not self._closing:  # else who closes it waits for the stages, and may be one of them
                self.close()

    def close(self) -> None:
        """Ends every stage; returns once they are gone, or after two seconds (their threads are daemons).

        A stage may call it: its own thread then ends with what it does now.
        """
        self._closing = True
        self._stop()
        deadline = time.monotonic() + _JOIN_SECONDS
        for thread in self._other_threads():
            thread.join(max(0.0, deadline - time.monotonic()))

    def wait(self) -> None:
        """Returns once every stage of a closed pipeline is gone, however long its last item takes."""
        for thread in self._other_threads():
            thread.join()

    def _other_threads(self) -> list[threading.Thread]:
        """The stages' threads that run, without the caller's own."""
        threads = (worker.thread for worker in self._workers)
        return [thread for thread in threads if thread.is_alive() and thread is not threading.current_thread()]

    def _stop(self) -> None:
        for queue in self._queues:
            queue.close()

    def _check_stall(self) -> None:
        for worker in self._workers:
            if worker.stage.name not in self._patient and worker.busy_for() > self._stall_seconds:
                raise StageStalled(
                    worker.stage.name,
                    f"no result for {self._stall_seconds:g} s; it hangs, or DH_STALL_SECONDS must be larger",
                )

    def _raise_failure(self) -> None:
        if self._failure is None:
            return
        stage, error = self._failure
        if isinstance(error, DHError):
            raise error
        raise StageError(stage, f"{type(error).__name__}: {one_line(error)}") from error


def as_source(name: str, items: Iterable[Any]) -> Stage:
    """A first stage that yields ``items``."""

    def run(_: Iterator[Any]) -> Iterator[Any]:
        yield from items

    return Stage(name, run)
