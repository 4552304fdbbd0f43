"""A live session: speech is pushed as it comes, frames are taken as they are due, and everything acts at once."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from dh.errors import InputError, OptionError, StageError
from dh.frame import Frame
from dh.host_stages import check_frames
from dh.motion import Motion
from dh.options import revise
from dh.progress import Notice
from dh.realtime.clock import FrameClock, Pace
from dh.realtime.frame import LiveFrame, LiveStats
from dh.realtime.making import FramesInMaking
from dh.realtime.timeline import Timeline
from dh.session import Session
from dh.text import nearest
from dh.timing import exact_rate

CALM_SECONDS = 2.0
"""Without a dropped frame, after which dropping again is told again."""

AHEAD = 2
"""Frames that may be in the making behind the one that is waited for, so that each of some stages has work."""

_TIMED_FRAMES = 1500


class LiveSession:
    """Frames without an end, of a person who speaks what is pushed and breathes and blinks in between.

    Frame n is due n / fps after the first. In that moment what is pushed first among what waits takes its place on the
    timeline, ``latency`` seconds ahead, so that the driver has heard enough when it is seen, and rendering begins.
    Controls, ``clear`` and the like act on the very next frame that is due, since none is begun before. The renderer's
    stages work side by side: a frame begins though the one before is not finished.

    Where rendering cannot keep up, pictures are dropped, never sound, and a notice says so: ``LiveFrame.audio`` of the
    next picture holds the sound of those before. What is more than a second late moves the timeline instead, sound and
    pictures alike. So they never drift.

    Every method may be called from any thread at any time. One thread takes frames.

    Args:
        session: in mode online, nothing of it run yet.
        sample_rate: of the sound that is given, and of what is pushed without a rate of its own.
        pace: "real-time", or "free": frames are made as fast as they are taken.
        breath: how much the head moves with breathing; 1 is natural, 0 none.
        now: seconds, monotonic.
        sleep: called with seconds in place of waiting.
        ahead: frames that may be begun before they are asked for; default: ``AHEAD`` at pace "real-time", none at pace
            "free", where calls between two frames so act on the second.

    Attributes:
        fps: frames per second.
        width: of frames, in pixels.
        height: of frames, in pixels.
        sample_rate: of the sound, samples per second.
        latency: seconds between the push of speech and its frame and sound, where none waits before it.

    Raises:
        DHError: whatever keeps the components from being built.
    """

    def __init__(
        self,
        session: Session,
        *,
        sample_rate: int = 16_000,
        pace: Pace = "real-time",
        breath: float = 1.0,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        ahead: int | None = None,
    ) -> None:
        _check(sample_rate, pace, breath)
        self.fps = session.fps
        self.width, self.height = session.avatar.width, session.avatar.height
        self.sample_rate = sample_rate
        self._session = session
        self._renderer_name = f"renderer {session.chain.renderer.name}"
        self._timeline = Timeline(session, sample_rate, breath, self._notice)
        self.latency = self._timeline.lead / self.fps

        self._turn = threading.Lock()  # of the one who takes a frame
        self._closed = threading.Event()
        self._clock = FrameClock(exact_rate(self.fps), pace, sleep or self._closed.wait, now)
        self._making = FramesInMaking((AHEAD if pace == "real-time" else 0) if ahead is None else ahead)
        self._frames_given = self._dropped = 0
        self._calm = math.inf  # frames since the last that was dropped
        self._render_seconds: deque[float] = deque(maxlen=_TIMED_FRAMES)
        self._rendering = session.start_frames(self._due_motion())
        self._frames = self._checked(iter(self._rendering))
        self._blas = threadpool_limits(1, user_api="blas")  # as dh.session.FrameStream

    @property
    def dropped(self) -> int:
        """Pictures that were left out because they came too late."""
        return self._dropped

    @property
    def stats(self) -> LiveStats:
        """Figures so far."""
        with self._timeline.lock:
            milliseconds = 1000 * np.array(self._render_seconds or [0.0])
            waiting = self._timeline.speech.waiting
        p50, p95 = np.percentile(milliseconds, (50, 95))
        return LiveStats(
            frames=self._frames_given,
            dropped=self._dropped,
            paused=self._clock.paused,
            latency=self.latency,
            waiting=waiting,
            render_p50_ms=float(p50),
            render_p95_ms=float(p95),
        )

    def push_audio(self, samples: NDArray[np.float32] | NDArray[np.int16], rate: int | None = None) -> None:
        """Adds speech to the open segment, or opens one. Returns at once.

        Args:
            samples: float32, nominally -1..1, or int16, of shape (n,).
            rate: samples per second, 8000 to 192000; default: ``sample_rate``.

        Raises:
            InputError: no such samples, more than 120 s would wait (nothing of these was taken then), or the session
                is closed.
        """
        with self._opened():
            self._timeline.speech.push(samples, self.sample_rate if rate is None else rate)

    def end_segment(self) -> None:
        """What was pushed is whole: it is spoken to its last syllable. Does nothing where nothing was pushed.

        Raises:
            InputError: the session is closed.
        """
        with self._opened():
            self._timeline.speech.end()

    def clear(self) -> None:
        """Speech that was pushed and not heard yet is dropped, and the person stops to speak.

        The sound stops with the next frame, the mouth is closed with the second that falls due after the call.

        Raises:
            InputError: the session is closed.
        """
        with self._opened():
            self._timeline.clear()

    def set_controls(self, over: float = 0.2, **values: float) -> None:
        """Moves controls to new values.

        Args:
            over: seconds in which they glide there, from the next frame on.
            **values: by name, see ``dh.CONTROL_FIELDS``.

        Raises:
            OptionError: an unknown control or a value out of range; none is changed then.
            InputError: the session is closed.
        """
        with self._opened():
            self._timeline.controls.set(values, over)

    def set_options(self, **values: Any) -> None:
        """Changes options of the driver that may change while it runs, for speech that it has not heard yet.

        Raises:
            OptionError: another option, or a value that it does not take; none is changed then.
            InputError: the session is closed.
        """
        spec = self._session.chain.driver.spec
        for name in values:
            if name not in spec.live_options:
                hint = nearest(name, spec.live_options) or "; it has no such options"
                raise OptionError(f"set_options: {name!r} cannot change while driver {spec.name} runs{hint}")
        with self._opened():
            options = revise(self._session.options["driver"], values, "set_options")
            self._session.options["driver"] = options
            change = partial(self._session.driver.change, {name: getattr(options, name) for name in values})
            self._timeline.feed.change(change)

    def close(self) -> None:
        """Ends the session and its iterator. Does nothing the second time."""
        with self._timeline.lock:
            if self._closed.is_set():
                return
            self._closed.set()
        self._making.close()
        self._timeline.close()
        self._blas.restore_original_limits()
        if self._dropped:
            self._notice(f"{self._dropped} of {self._timeline.index} pictures came too late and were dropped")
        self._rendering.close()

    def __enter__(self) -> LiveSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[LiveFrame]:
        return self

    def __next__(self) -> LiveFrame:
        """Waits until the next frame is due, and makes it.

        Raises:
            DHError: a component failed; the session is closed then.
        """
        with self._turn:
            try:
                frame = None if self._closed.is_set() else self._take()
            except BaseException as error:
                if not (self._closed.is_set() and isinstance(error, Exception)):
                    self.close()
                    raise
                frame = None  # a stage that was interrupted by close
            if frame is None:
                raise StopIteration
            return frame

    def _take(self) -> LiveFrame | None:
        self._making.ask()
        frame = next(self._frames, None)
        if frame is None:
            if self._closed.is_set():
                return None
            raise StageError(self._renderer_name, "ended while the session goes on")
        if not self._frames_given:
            self._clock.start()
        with self._timeline.lock:
            self._frames_given += 1
            sound = self._timeline.sounds.until(frame.index)
        return LiveFrame(frame.image, frame.index, frame.index / self.fps, sound)

    def _checked(self, frames: Iterator[Any]) -> Iterator[Frame]:
        return check_frames(frames, self._renderer_name, self.width, self.height, iter(self._finished, None))

    def _finished(self) -> int:
        """The number of the frame that has come, by the order in which they were begun."""
        index, seconds = self._making.finish()
        with self._timeline.lock:
            self._render_seconds.append(seconds)
        return index

    def _due_motion(self) -> Iterator[Motion]:
        """Motion of the frames that are rendered, each when it is due, with its controls."""
        while self._making.admit():
            self._clock.wait(self._timeline.index)
            for _ in range(self._overdue()):
                if self._timeline.step() is None:
                    return
            motion = self._timeline.step()
            if motion is None:
                return
            self._making.begin(motion.start)
            yield motion

    def _overdue(self) -> int:
        """Frames to drop now, told at the start of each episode."""
        paused = self._clock.paused
        count = self._clock.skip(self._timeline.index)
        if self._clock.paused > paused:
            seconds = self._clock.paused - paused
            self._notice(f"live frames came {seconds:.1f} s late: sound and pictures stood still for so long")
        if count:
            if self._calm > CALM_SECONDS * self.fps:
                self._notice("live frames come too late: pictures are dropped until the machine keeps up, sound is not")
            self._dropped += count
        self._calm = 0 if count else self._calm + 1
        return count

    def _opened(self) -> _Opened:
        return _Opened(self._timeline.lock, self._closed)

    def _notice(self, text: str) -> None:
        self._session.listener(Notice(text))


class _Opened:
    """A session's lock, for a method that a closed session refuses."""

    def __init__(self, lock: threading.Lock, closed: threading.Event) -> None:
        self._lock, self._closed = lock, closed

    def __enter__(self) -> None:
        self._lock.acquire()
        if self._closed.is_set():
            self._lock.release()
            raise InputError("this live session is closed; open another with dh.live")

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _check(sample_rate: int, pace: str, breath: float) -> None:
    if not 8_000 <= sample_rate <= 192_000:
        raise OptionError(f"sample_rate={sample_rate}: give 8000 to 192000 samples per second")
    if pace not in ("real-time", "free"):
        raise OptionError(f"pace={pace!r}: give 'real-time' or 'free'")
    if not 0 <= breath <= 3:
        raise OptionError(f"breath={breath!r}: give 0 (none) to 3; 1 is natural")
