"""Live sessions into files and other sinks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest

import dh

Open = Callable[..., dh.LiveSession]


@pytest.fixture
def live(toy_method: str, picture: Path) -> Iterator[dh.LiveSession]:
    """The toy at pace "free", with a second of a tone pushed."""
    with dh.live(toy_method, source=picture, pace="free") as session:
        tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
        session.push_audio(tone.astype(np.float32))
        session.end_segment()
        yield session


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.webm"])
def test_a_file_holds_the_pictures_with_their_sound(live: dh.LiveSession, tmp_path: Path, name: str) -> None:
    output = tmp_path / name
    assert dh.play(live, dh.VideoSink(str(output)), seconds=2) == 50
    with av.open(str(output)) as container:
        pictures = [frame.time for frame in container.decode(video=0)]
    with av.open(str(output)) as container:
        blocks = [(frame.sample_rate, frame.to_ndarray().mean(axis=0)) for frame in container.decode(audio=0)]
    rate = blocks[0][0]
    sound = np.concatenate([block for _, block in blocks])
    assert pictures == pytest.approx(np.arange(50) / 25, abs=1e-3)
    assert len(sound) / rate == pytest.approx(2, abs=0.08)
    loud = np.flatnonzero(np.abs(sound) > 0.2) / rate
    assert loud[0] == pytest.approx(live.latency, abs=0.03)
    assert loud[-1] - loud[0] == pytest.approx(1, abs=0.03)
    assert next(live).index == 50


class Forgetful:
    """A sink of its own; some frames take it too long, and it may fail."""

    def __init__(self, fail_at: int | None = None) -> None:
        self.calls: list[str] = []
        self.frames: list[dh.LiveFrame] = []
        self._fail_at = fail_at

    def start(self, width: int, height: int, fps: float, sample_rate: int) -> None:
        self.calls.append(f"start {width}x{height} {fps:g} {sample_rate}")

    def write(self, frame: dh.LiveFrame) -> None:
        if len(self.frames) == self._fail_at:
            raise dh.MediaError("full")
        self.frames.append(frame)

    def close(self) -> None:
        self.calls.append("close")

    def abort(self) -> None:
        self.calls.append("abort")


def test_a_sink_gets_every_frame_in_order_and_is_closed(live: dh.LiveSession) -> None:
    sink = Forgetful()
    assert dh.play(live, sink, seconds=0.4) == 10
    assert sink.calls == ["start 96x64 25 16000", "close"]
    assert [frame.index for frame in sink.frames] == list(range(10))


def test_a_failing_sink_is_aborted_and_its_error_raised(live: dh.LiveSession) -> None:
    sink = Forgetful(fail_at=5)
    with pytest.raises(dh.MediaError, match="full"):
        dh.play(live, sink)
    assert sink.calls[-1] == "abort"
    assert len(sink.frames) == 5
    with pytest.raises(dh.OptionError, match="seconds=0"):
        dh.play(live, sink, seconds=0)


def test_closing_the_session_ends_playing(toy_method: str, picture: Path) -> None:
    sink = Forgetful()
    with dh.live(toy_method, source=picture) as session:
        threading.Timer(0.2, session.close).start()
        frames = dh.play(session, sink)
    assert len(sink.frames) == frames >= 1
    assert sink.calls[-1] == "close"


def test_an_interrupt_keeps_what_there_is(live: dh.LiveSession, tmp_path: Path) -> None:
    class Interrupted:
        fps, width, height, sample_rate = live.fps, live.width, live.height, live.sample_rate

        def __iter__(self) -> Iterator[dh.LiveFrame]:
            for frame in live:
                if frame.index == 20:
                    raise KeyboardInterrupt
                yield frame

    output = tmp_path / "out.mp4"
    with pytest.raises(KeyboardInterrupt):
        dh.play(Interrupted(), dh.VideoSink(str(output)))  # type: ignore[arg-type]
    with av.open(str(output)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 20


def test_dropped_pictures_leave_the_others_in_their_place(live: dh.LiveSession, tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    frames = [next(live) for _ in range(30)]
    sink = dh.VideoSink(str(output))
    sink.start(live.width, live.height, live.fps, live.sample_rate)
    sound = np.zeros(0, np.float32)
    for frame in frames:
        sound = np.concatenate([sound, frame.audio])
        if frame.index % 7 in (0, 3) or frame.index == 29:
            sink.write(dh.LiveFrame(frame.image, frame.index, frame.time, sound))
            sound = np.zeros(0, np.float32)
    sink.close()
    with av.open(str(output)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    with av.open(str(output)) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
    assert times == pytest.approx([n / 25 for n in range(30) if n % 7 in (0, 3) or n == 29])
    assert samples == pytest.approx(30 * 640, abs=1024)


def test_an_unknown_target_is_refused_before_anything_runs() -> None:
    with pytest.raises(dh.OptionError, match=r"\.avi files cannot be written"):
        dh.VideoSink("out.avi")
