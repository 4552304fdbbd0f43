"""The timeline of a live session: each step puts one frame of speech on it and takes one frame of motion off it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from dh.errors import StageError
from dh.motion import Motion
from dh.realtime.breath import Breath
from dh.realtime.controls import LiveControls
from dh.realtime.feed import SpeechFeed
from dh.realtime.soundtrack import FrameSounds
from dh.realtime.speech import SpeechBuffer
from dh.session import Session
from dh.timing import exact_rate

MARGIN_FRAMES = 2
"""By which the driver hears speech earlier than it must: time to compute what a window of its own needs."""


class Timeline:
    """Speech, sound, motion and controls by frame number.

    Frame n + ``lead`` gets its speech when frame n gets its motion. What others change between steps (``speech``,
    ``sounds`` and ``controls``) is changed under ``lock``.

    Args:
        session: in mode online; its driver and adapters are built here.
        sample_rate: of speech and sound, samples per second.
        breath: amplitude of breathing.
        notice: takes a line for the user.

    Raises:
        DHError: whatever keeps the driver from being built.
    """

    def __init__(self, session: Session, sample_rate: int, breath: float, notice: Callable[[str], None]) -> None:
        self._driver_name = f"driver {session.chain.driver.name}"
        self._notice = notice
        self.feed = SpeechFeed(sample_rate, self._driver_name)
        self._pipeline = session.start_motion(self.feed, self.feed.hear)
        if session.look_ahead is None:
            raise StageError(self._driver_name, "states no look_ahead with these options")
        self.lead = math.ceil(session.look_ahead * session.fps - 1e-6) + MARGIN_FRAMES
        self.lock = threading.Lock()
        self.speech = SpeechBuffer(sample_rate)
        self.sounds = FrameSounds(self.speech, sample_rate, exact_rate(session.fps))
        self.controls = LiveControls(session.fps, Breath(session.request.seed, breath))
        self.index = 0
        """The next frame."""
        self._closed = False
        for _ in range(self.lead):
            self.feed.put(self.sounds.assign()[0])
        self._motion = _one_by_one(iter(self._pipeline))

    def step(self) -> Motion | None:
        """Motion of the next frame, with its controls; None once the timeline is closed.

        Raises:
            DHError: the driver or an adapter failed, or the driver ended by itself.
        """
        with self.lock:
            samples, ran_dry = self.sounds.assign()
        if ran_dry:
            self._notice("speech ran dry: silence goes on until more is pushed; end_segment() says that it is whole")
        self.feed.put(samples)
        self._pipeline.beat()
        self.feed.awaited = True
        motion = next(self._motion, None)
        self.feed.awaited = False
        if motion is None:
            if self._closed:
                return None
            raise StageError(self._driver_name, "ended while the session goes on")
        with self.lock:
            controls = self.controls.step(self.index)
            self.index += 1
        return replace(motion, controls=controls)

    def clear(self) -> None:
        """Drops the speech that was not heard yet, and closes the mouth until what comes after it; under ``lock``."""
        self.speech.clear()
        self.sounds.silence()
        self.controls.hush(self.sounds.assigned)

    def close(self) -> None:
        """Ends driver and adapters, and wakes who waits for their motion."""
        self._closed = True
        self.feed.close()
        self._pipeline.close()


def _one_by_one(chunks: Iterator[Motion]) -> Iterator[Motion]:
    for chunk in chunks:
        for number in range(len(chunk)):
            yield chunk.slice(number, number + 1)
