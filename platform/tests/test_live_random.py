"""Whatever is called on a live session and whenever, its frames and sound stay whole."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np
import pytest
from live_hearing import UNIT
from numpy.typing import NDArray
from PIL import Image

import dh
from dh.request import make_request
from dh.session import Session

FADE = 80
"""Samples in which sound that clear() cuts off dies away."""


class Ledger:
    """What must be heard: every sample that was pushed and not dropped, in order."""

    def __init__(self) -> None:
        self.next = 1
        self.pending: deque[float] = deque()

    def speech(self, count: int) -> NDArray[np.float32]:
        """Samples that are told apart."""
        samples = (np.arange(self.next, self.next + count) % UNIT + 1).astype(np.float32) / (UNIT + 1)
        self.next += count
        self.pending.extend(samples)
        return samples

    def hear(self, sound: NDArray[np.float32]) -> None:
        """Every sample that is not silence must be the next that was pushed."""
        spoken = sound[sound != 0]
        expected = [self.pending.popleft() for _ in range(len(spoken))]
        np.testing.assert_array_equal(spoken, np.array(expected, np.float32))

    def clear(self) -> float:
        """What waits is dropped; returns its loudest, which may still die away in the next frame."""
        loudest = max(self.pending, default=0.0)
        self.pending.clear()
        return loudest


@pytest.fixture
def session_of(hearing_method: str, tmp_path: Path) -> Session:
    """Components that many live sessions are opened on, one after another."""
    picture = tmp_path / "dot.png"
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(picture)
    return Session(make_request(method=hearing_method, source=picture, mode="online"))


def test_two_hundred_random_interleavings_leave_a_valid_stream(session_of: Session) -> None:
    for seed in range(200):
        check(session_of, np.random.default_rng(seed))


def check(components: Session, rng: np.random.Generator) -> None:
    ledger = Ledger()
    frames: list[dh.LiveFrame] = []
    dying: float | None = None
    session = dh.LiveSession(components, pace="free")

    def hear() -> None:
        nonlocal dying
        frames.append(next(session))
        sound = frames[-1].audio
        if dying is None:
            ledger.hear(sound)
        else:
            assert not sound[FADE:].any()
            assert np.abs(sound).max() <= dying
        dying = None

    for action in rng.choice(["push", "end", "clear", "set", "option", "next"], 40, p=[0.3, 0.1, 0.05, 0.1, 0.05, 0.4]):
        if action == "push":
            session.push_audio(ledger.speech(int(rng.integers(0, 3000))))
        elif action == "end":
            session.end_segment()
        elif action == "clear":
            session.clear()
            dying = max(ledger.clear(), dying or 0.0)
        elif action == "set":
            session.set_controls(over=float(rng.uniform(0, 1)), yaw=float(rng.uniform(-45, 45)))
        elif action == "option":
            session.set_options(gain=float(rng.uniform(0, 1)))
        else:
            hear()
    if rng.random() < 0.7:
        session.end_segment()
        while ledger.pending:
            hear()
    session.close()
    assert list(session) == []
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert all(len(frame.audio) == 640 and np.isfinite(frame.audio).all() for frame in frames)
    assert all(frame.image.shape == (16, 16, 3) for frame in frames)
