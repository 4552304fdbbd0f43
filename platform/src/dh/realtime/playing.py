"""Playing a live session into a sink."""

from __future__ import annotations

import math
import queue
import threading

from dh.errors import OptionError
from dh.realtime.frame import LiveFrame
from dh.realtime.session import LiveSession
from dh.realtime.sinks import Sink

_QUEUED_FRAMES = 2
"""Between rendering and the sink: more would only add to the delay."""


def play(session: LiveSession, sink: Sink, seconds: float | None = None) -> int:
    """Takes frames from a session into a sink, which works in a thread of its own beside the rendering.

    It ends with the session, which any other thread may close, or after some time; the session then stays open. It
    ends with KeyboardInterrupt too, which is raised again once the sink has kept what there is.

    Args:
        session: to take frames from.
        sink: where they go; started, and closed or aborted here.
        seconds: of the timeline to play; default: until the session is closed.

    Returns:
        The number of frames that the sink took.

    Raises:
        OptionError: ``seconds`` is not above 0.
        DHError: the session or the sink failed. The sink was aborted then.
    """
    if seconds is not None and not seconds > 0:
        raise OptionError(f"play: seconds={seconds!r}: give seconds above 0")
    writer = _Writer(sink)
    interrupt: KeyboardInterrupt | None = None
    try:
        sink.start(session.width, session.height, session.fps, session.sample_rate)
        writer.start()
        try:
            _hand_over(session, writer, math.inf if seconds is None else seconds * session.fps)
        except KeyboardInterrupt as error:
            interrupt = error
        writer.finish()
        sink.close()
    except BaseException:
        writer.stop()
        sink.abort()
        raise
    if interrupt is not None:
        raise interrupt
    return writer.written


def _hand_over(session: LiveSession, writer: _Writer, frames: float) -> None:
    """Takes so many frames of the timeline, as long as the session and the sink go on."""
    end: float | None = None
    for frame in session:
        end = frame.index + frames if end is None else end
        if not writer.put(frame) or frame.index + 1 >= end:
            return


class _Writer:
    """The sink's thread behind a short queue."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._frames: queue.Queue[LiveFrame | None] = queue.Queue(_QUEUED_FRAMES)
        self._thread = threading.Thread(target=self._run, name="dh sink", daemon=True)
        self._failure: BaseException | None = None
        self._stopping = False
        self.written = 0

    def start(self) -> None:
        self._thread.start()

    def put(self, frame: LiveFrame) -> bool:
        """Hands a frame over, once there is room; tells whether the sink still takes any."""
        self._frames.put(frame)
        return self._failure is None

    def finish(self) -> None:
        """Waits until the sink has taken all; raises what it raised."""
        self._frames.put(None)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Waits until the thread has ended; what is queued is dropped."""
        if self._thread.is_alive():
            self._stopping = True
            self._frames.put(None)
            self._thread.join()

    def _run(self) -> None:
        while (frame := self._frames.get()) is not None:
            if self._failure is not None or self._stopping:
                continue  # takes what is queued, so that nobody waits for room
            try:
                self._sink.write(frame)
                self.written += 1
            except BaseException as error:  # raised again in the caller's thread
                self._failure = error
