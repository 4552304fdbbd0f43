"""How a worker tells its parent where it stands: JSON, one object a line, on its standard output.

Whatever a plugin prints, from Python or from native code, goes to standard error, which is the cell's log.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any

from dh.progress import Event, Notice

_SECONDS_BETWEEN = 0.2
"""Of events of progress, so that fast methods do not spend their time on telling."""


class Channel:
    """The writing end. Takes over standard output for good; use one in a process."""

    def __init__(self) -> None:
        self._file = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        self._lock = threading.Lock()
        self._next = 0.0
        self._phase = ""

    def send(self, event: str, **values: Any) -> None:
        """Writes one object; ``event`` says what it is."""
        line = json.dumps({"event": event, **values}, default=str)
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()

    def listen(self, event: Event) -> None:
        """A listener for runs: passes on notices, and progress a few times a second."""
        if isinstance(event, Notice):
            self.send("notice", text=event.text)
            return
        now = time.monotonic()
        if event.phase == self._phase and now < self._next and event.done != event.total:
            return
        self._phase, self._next = event.phase, now + _SECONDS_BETWEEN
        self.send(
            "progress", phase=event.phase, done=event.done, total=event.total, elapsed=event.elapsed, fps=event.fps
        )
