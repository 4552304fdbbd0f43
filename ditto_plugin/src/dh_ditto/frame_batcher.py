"""Work of several threads, done together: the frames of all sessions that share networks."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class _Ticket(Generic[Job, Result]):
    """A job that waits, then its result or what went wrong."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.done = False
        self.results: list[Result] = []
        self.error: BaseException | None = None


class FrameBatcher(Generic[Job, Result]):
    """Runs what waits, of any threads, in one call. It has no thread of its own and waits for nobody.

    The first caller works; those who come meanwhile wait, and one of them then works for all of them. Whoever is alone
    gets its result as if it called ``run`` itself. Calls are of 1, 2, 4, ... jobs: ``run`` may have to prepare itself
    for each count.

    Args:
        run: takes up to ``largest`` jobs and gives a result for each, in order. It must return when they are done and
            not merely queued, else nothing would gather; never called by two threads at once.
        largest: jobs at a time.
    """

    def __init__(self, run: Callable[[Sequence[Job]], Sequence[Result]], largest: int) -> None:
        self._run, self._largest = run, largest
        self._waiting: deque[_Ticket[Job, Result]] = deque()
        self._changed = threading.Condition()
        self._busy = False

    def __call__(self, jobs: Sequence[Job]) -> list[Result]:
        """Results of jobs, in order.

        Raises:
            BaseException: what ``run`` raised, to everyone whose job was among its jobs.
        """
        mine = [_Ticket[Job, Result](job) for job in jobs]
        with self._changed:
            self._waiting.extend(mine)
        while self._turn(mine):
            self._work()
        for ticket in mine:
            if ticket.error is not None:
                raise ticket.error
        return [result for ticket in mine for result in ticket.results]

    def _turn(self, mine: Sequence[_Ticket[Job, Result]]) -> bool:
        """Waits. True: the caller is to work; False: its jobs are done."""

        def done() -> bool:
            return all(ticket.done for ticket in mine)

        with self._changed:
            self._changed.wait_for(lambda: done() or not self._busy)
            if done():
                return False
            self._busy = True
            return True

    def _work(self) -> None:
        with self._changed:
            count = min(len(self._waiting), self._largest)
            batch = [self._waiting.popleft() for _ in range(1 << count.bit_length() - 1)]
        try:
            for ticket, result in zip(batch, self._run([ticket.job for ticket in batch]), strict=True):
                ticket.results.append(result)
        except BaseException as error:
            for ticket in batch:
                ticket.error = error
            if not isinstance(error, Exception):  # such as Ctrl-C, which is the caller's whoever the jobs are from
                raise
        finally:
            with self._changed:
                for ticket in batch:
                    ticket.done = True
                self._busy = False
                self._changed.notify_all()
