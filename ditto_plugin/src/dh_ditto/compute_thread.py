"""One thread for all that PyTorch computes on a CPU, whoever asks.

GNU OpenMP gives every thread that computes a team of threads of its own. Once all teams together have more threads than
there are cores, threads no longer wait for each other awake, and a frame takes 1.3 to 2.3 times as long. A pipeline's
driver and renderer would have two such teams; here there is one. Nothing is lost: what runs uses all cores.
"""

from __future__ import annotations

import functools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")
Method = TypeVar("Method", bound=Callable[..., Any])

_Task = tuple["Future[Any]", Callable[[], Any]]


class ComputeThread:
    """A thread that does what others ask for, one thing after another. It starts with the first, and delays no exit."""

    def __init__(self) -> None:
        self._tasks: queue.SimpleQueue[_Task] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def call(self, function: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
        """Calls a function there, and waits for it; what it raises is raised here."""
        if threading.current_thread() is self._thread:
            return function(*arguments, **named)
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="ditto compute", daemon=True)
                self._thread.start()
        future: Future[Result] = Future()
        self._tasks.put((future, functools.partial(function, *arguments, **named)))
        return future.result()

    def _work(self) -> None:
        while True:
            self._do(*self._tasks.get())

    @staticmethod
    def _do(future: Future[Any], function: Callable[[], Any]) -> None:
        # In a function of its own, so that no result is kept until the next task.
        try:
            future.set_result(function())
        except BaseException as error:  # the caller's to handle
            future.set_exception(error)


COMPUTE = ComputeThread()
"""The process's."""


def on_compute_thread(method: Method) -> Method:
    """Has a method called by ``COMPUTE``, unless its object's attribute ``on_device`` says that it works elsewhere."""

    @functools.wraps(method)
    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        if self.on_device:
            return method(self, *arguments, **named)
        return COMPUTE.call(method, self, *arguments, **named)

    return call  # type: ignore[return-value]
