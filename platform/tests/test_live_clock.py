"""A live session's clock: when frames are due, and what becomes of those that come too late."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from live_hearing import LEAD, jaw_of, numbered_speech
from PIL import Image

import dh
from dh.request import make_request
from dh.session import Session


class Machine:
    """A clock that rendering moves."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def timed(hearing_method: str, tmp_path: Path, told: list[str]) -> Iterator[tuple[dh.LiveSession, Machine]]:
    """A session in real time on a machine of its own."""
    picture = tmp_path / "dot.png"
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(picture)
    machine = Machine()
    session = Session(
        make_request(method=hearing_method, source=picture, mode="online"),
        listener=lambda event: told.append(event.text) if isinstance(event, dh.Notice) else None,
    )
    with dh.LiveSession(session, now=machine.now, sleep=machine.sleep, ahead=0) as live:
        yield live, machine


def test_frames_are_due_by_the_clock_not_by_the_sum_of_waits(timed: tuple[dh.LiveSession, Machine]) -> None:
    session, machine = timed
    for number in range(50):
        next(session)
        assert machine.time == pytest.approx(100 + number / 25)
        machine.time += 0.03
    assert session.dropped == 0


def test_overload_drops_pictures_and_never_sound(timed: tuple[dh.LiveSession, Machine], told: list[str]) -> None:
    session, machine = timed
    session.push_audio(numbered_speech(500))
    frames = []
    for _ in range(100):
        frames.append(next(session))
        machine.time += 0.1  # for each picture, two and a half frames
    indices = [frame.index for frame in frames]
    assert np.all(np.diff(indices) >= 1)
    assert session.dropped == indices[-1] + 1 - 100
    assert session.dropped > 120
    heard = np.concatenate([frame.audio for frame in frames])
    np.testing.assert_array_equal(heard[LEAD * 640 :], numbered_speech(indices[-1] + 1 - LEAD))
    for frame in frames:  # the picture shows what is heard with it
        assert jaw_of(frame) == max(0, frame.index + 1 - LEAD)
    assert abs((machine.time - 100) * 25 - indices[-1]) <= 2.5 + 1
    assert sum("pictures are dropped" in text for text in told) == 1
    session.close()
    assert told[-1] == f"{session.dropped} of {indices[-1] + 1} pictures came too late and were dropped"


def test_a_long_pause_moves_sound_and_pictures_alike(timed: tuple[dh.LiveSession, Machine], told: list[str]) -> None:
    session, machine = timed
    next(session)
    machine.time += 30
    frames = list(islice(session, 10))
    assert [frame.index for frame in frames] == list(range(1, 11))
    assert session.stats.paused == pytest.approx(30 - 1 / 25)
    assert machine.time == pytest.approx(130 + 9 / 25)
    assert "30.0 s late" in told[-1]
