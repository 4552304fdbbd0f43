"""A live session: speech takes its place on the timeline, and everything acts on the next frame."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_hearing import HANGS, LEAD, UNIT, Telling, jaw_of, numbered_speech, voice_of, yaw_of
from PIL import Image

import dh
from dh.realtime import feed

Open = Callable[..., dh.LiveSession]


@pytest.fixture
def live(hearing_method: str, tmp_path: Path, told: list[str]) -> Iterator[Open]:
    """Opens a session at pace "free"; closes it in the end."""
    picture = tmp_path / "dot.png"
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(picture)
    opened: list[dh.LiveSession] = []

    def listen(event: Any) -> None:
        if isinstance(event, dh.Notice) and "toy avatar" not in event.text:
            told.append(event.text)

    def open_session(**changes: Any) -> dh.LiveSession:
        values: dict[str, Any] = {"method": hearing_method, "source": picture, "pace": "free", "on_event": listen}
        opened.append(dh.live(**{**values, **changes}))
        return opened[-1]

    yield open_session
    for session in opened:
        session.close()


def sound_of(frames: list[dh.LiveFrame]) -> list[int]:
    """The number of the speech in each frame's sound, which is the same in all of its samples."""
    numbers = [np.unique(np.round(frame.audio * UNIT)) for frame in frames]
    assert all(len(number) == 1 for number in numbers)
    return [int(number[0]) for number in numbers]


def test_sound_and_mouth_come_together_after_the_latency(live: Open) -> None:
    session = live(breath=0)
    assert session.latency == pytest.approx(LEAD / 25)
    session.push_audio(numbered_speech(5))
    session.end_segment()
    frames = list(islice(session, 20))
    expected = [0] * LEAD + [1, 2, 3, 4, 5] + [0] * (15 - LEAD)
    assert [jaw_of(frame) for frame in frames] == sound_of(frames) == expected
    assert [frame.index for frame in frames] == list(range(20))
    assert [frame.time for frame in frames] == pytest.approx(np.arange(20) / 25)
    assert all(len(frame.audio) == 640 for frame in frames)


@pytest.mark.parametrize("cut", [1, 7, 639, 640, 641, 5000])
def test_frames_do_not_depend_on_how_speech_was_cut(live: Open, cut: int) -> None:
    rng = np.random.default_rng(0)
    speech = rng.uniform(-1, 1, 6000).astype(np.float32)

    def frames(cut: int) -> list[dh.LiveFrame]:
        session = live(seed=3)
        for begin in range(0, len(speech), cut):
            session.push_audio(speech[begin : begin + cut])
        session.end_segment()
        return list(islice(session, 20))

    for one, other in zip(frames(len(speech)), frames(cut), strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_array_equal(one.audio, other.audio)


def test_an_ended_segment_is_heard_in_full_and_an_open_one_in_whole_frames(live: Open, told: list[str]) -> None:
    session = live()
    session.push_audio(np.full(1000, 0.5, np.float32))
    frames = list(islice(session, LEAD + 4))
    assert sum(np.count_nonzero(frame.audio) for frame in frames) == 640
    assert [text for text in told if "ran dry" in text] == told
    assert len(told) == 1
    session.end_segment()
    session.push_audio(np.full(640, 0.25, np.float32))
    frames = list(islice(session, LEAD + 4))
    sound = np.concatenate([frame.audio for frame in frames])
    np.testing.assert_array_equal(sound[sound != 0], [0.5] * 360 + [0.25] * 640)
    assert np.flatnonzero(sound == 0.25)[0] - np.flatnonzero(sound == 0.5)[0] == 640


def test_int16_and_other_rates_are_the_same_speech(live: Open) -> None:
    def heard(samples: Any, rate: int | None, **changes: Any) -> Any:
        session = live(**changes)
        for part in np.array_split(samples, 7):
            session.push_audio(part, rate)
        session.end_segment()
        return np.concatenate([frame.audio for frame in islice(session, 40)])

    def tone(rate: int) -> Any:
        return 0.5 * np.sin(2 * np.pi * 200 * np.arange(rate) / rate).astype(np.float32)

    reference = heard(tone(16000), None)
    np.testing.assert_allclose(heard((tone(16000) * 32768).astype(np.int16), None), reference, atol=1e-4)
    np.testing.assert_allclose(heard(tone(48000), 48000), reference, atol=0.01)
    assert len(heard(tone(24000), None, sample_rate=24000)) == 40 * 960
    thirty = heard(tone(44100), None, sample_rate=44100, fps=30)
    assert len(thirty) == 40 * 1470
    assert np.count_nonzero(np.abs(thirty) > 0.4) > 5000


def test_clear_stops_sound_and_mouth_within_two_frames(live: Open) -> None:
    session = live()
    session.push_audio(numbered_speech(100))
    before = list(islice(session, 20))
    assert sound_of(before)[-1] == 20 - LEAD
    session.clear()
    session.push_audio(numbered_speech(5, first=200))
    session.end_segment()
    after = list(islice(session, 30))
    voices = [voice_of(frame) for frame in after]
    assert voices[:2] == pytest.approx([0.5, 0], abs=0.01)
    assert voices[2:LEAD] == [0] * (LEAD - 2)
    assert np.all(np.diff(voices[1:]) >= 0)
    assert voices[-1] == 1
    assert np.abs(after[0].audio[80:]).max() == 0
    assert all(not frame.audio.any() for frame in after[1:LEAD])
    assert sound_of(after[1:]) == [0] * (LEAD - 1) + [200, 201, 202, 203, 204] + [0] * (30 - LEAD - 5)
    shown = [jaw_of(frame) for frame in after]
    assert [number for number, voice in zip(shown, voices, strict=True) if voice and number < 200] == [21 - LEAD] + [
        0
    ] * sum(1 for number in shown[LEAD:] if number == 0)


def test_controls_glide_from_the_next_frame_on(live: Open) -> None:
    session = live(breath=0)
    next(session)
    session.set_controls(yaw=10)
    assert [yaw_of(frame) for frame in islice(session, 7)] == [2, 4, 6, 8, 10, 10, 10]
    session.set_controls(over=0, yaw=-10)
    assert yaw_of(next(session)) == -10
    session.set_controls(over=0.08, yaw=0)
    next(session)
    session.set_controls(over=0.08, yaw=5)
    assert [yaw_of(frame) for frame in islice(session, 2)] == [0, 5]
    mistakes: list[tuple[dict[str, Any], str]] = [
        ({"yaw": 90}, "yaw = 90 is outside -45 to 45"),
        ({"yow": 1}, "'yow'; did you mean 'yaw'"),
        ({"yaw": 1, "over": -1}, "over=-1"),
        ({"yaw": "left"}, "'left' is not a number"),
    ]
    for wrong, why in mistakes:
        with pytest.raises(dh.OptionError, match=why):
            session.set_controls(**wrong)
    assert yaw_of(next(session)) == 5


def test_live_options_change_speech_that_was_not_heard(live: Open) -> None:
    session = live()
    session.push_audio(numbered_speech(40))
    first = [jaw_of(frame) for frame in islice(session, 12)]
    session.set_options(gain=3)
    second = [jaw_of(frame) for frame in islice(session, 12)]
    assert first == [0] * LEAD + list(range(1, 13 - LEAD))
    heard = range(13 - LEAD, 13)  # by the driver
    assert second == [*heard, *(3 * number for number in range(13, 25 - LEAD))]
    with pytest.raises(dh.OptionError, match="set_options gain=11: input should be less than or equal to 10"):
        session.set_options(gain=11)
    with pytest.raises(dh.OptionError, match="'greedy' cannot change while driver hearing runs; known: gain"):
        session.set_options(greedy=True)


def test_breath_moves_the_head_a_little_and_repeats_with_the_seed(live: Open) -> None:
    def heights(**changes: Any) -> list[int]:
        return [int(frame.image[3, 0, 0]) for frame in islice(live(**changes), 200)]

    breathing = heights()
    assert breathing[0] == 0
    assert 20 <= max(breathing) <= 30
    assert heights() == breathing
    assert heights(seed=1) != breathing
    assert heights(breath=0) == [0] * 200


def test_what_cannot_be_pushed_is_refused_whole(live: Open) -> None:
    session = live()
    second = np.zeros(16000, np.float32)
    for _ in range(119):
        session.push_audio(second)
    with pytest.raises(dh.InputError, match=r"120\.1 s of speech would wait, more than 120"):
        session.push_audio(np.zeros(17600, np.float32))
    assert session.stats.waiting == 119
    session.push_audio(second)
    assert session.stats.waiting == 120
    session.clear()
    assert session.stats.waiting == 0
    for wrong in (np.zeros((2, 5), np.float32), np.zeros(5), [0.0], np.array([np.nan], np.float32)):
        with pytest.raises(dh.InputError, match="push_audio: "):
            session.push_audio(wrong)  # type: ignore[arg-type]
    with pytest.raises(dh.InputError, match="rate 100 is outside"):
        session.push_audio(second, 100)
    assert session.stats.waiting == 0


def test_close_ends_the_iterator_and_every_method(live: Open) -> None:
    session = live()
    assert len(list(islice(session, 3))) == 3
    session.close()
    session.close()
    assert list(session) == []
    calls: list[Callable[[], None]] = [
        lambda: session.push_audio(np.zeros(1, np.float32)),
        session.end_segment,
        session.clear,
    ]
    for call in calls:
        with pytest.raises(dh.InputError, match="this live session is closed"):
            call()
    with pytest.raises(dh.InputError, match="closed"):
        session.set_controls(yaw=1)
    with pytest.raises(dh.InputError, match="closed"):
        session.set_options(gain=1)
    assert session.stats.frames == 3


def test_close_from_another_thread_wakes_who_waits_for_a_frame(live: Open) -> None:
    session = live(pace="real-time")
    next(session)
    asleep = threading.Event()
    left: list[dh.LiveFrame] = []

    def take() -> None:
        asleep.set()
        left.extend(session)

    taking = threading.Thread(target=take)
    taking.start()
    asleep.wait()
    session.close()
    taking.join(10)
    assert not taking.is_alive()
    assert len(left) < 100


def test_in_real_time_a_frame_begins_though_the_one_before_is_not_finished(
    live: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = [threading.Event() for _ in range(30)]
    met: list[bool] = []

    def stages(self: Telling, avatar: dh.Avatar) -> list[dh.Stage]:
        def begin(motion: Iterator[dh.Motion]) -> Iterator[dh.Motion]:
            for chunk in motion:
                begun[chunk.start].set()
                yield chunk

        def end(motion: Iterator[dh.Motion]) -> Iterator[dh.Frame]:
            for chunk in motion:
                if chunk.start:  # the first frame warms up alone
                    met.append(begun[chunk.start + 1].wait(10))
                yield dh.Frame(np.zeros((16, 16, 3), np.uint8), chunk.start, chunk.start / chunk.fps)

        return [dh.Stage("begin", begin), dh.Stage("end", end)]

    monkeypatch.setattr(Telling, "stages", stages)
    session = live(pace="real-time")
    assert [frame.index for frame in islice(session, 5)] == list(range(5))
    assert met == [True] * 4
    assert len(session._making) <= 2


def test_nobody_is_blamed_while_no_frame_is_taken(live: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DH_STALL_SECONDS", "1")
    session = live()
    next(session)
    time.sleep(1.5)  # longer than a stage may take on one item
    assert next(session).index == 1


@pytest.mark.parametrize(
    ("options", "why"),
    [({"greedy": True}, "driver hearing: wants more speech"), ({"ends": True}, "driver hearing: ended while")],
)
def test_a_driver_that_breaks_its_word_is_named(
    live: Open, monkeypatch: pytest.MonkeyPatch, options: dict[str, bool], why: str
) -> None:
    monkeypatch.setattr(feed, "PATIENCE_SECONDS", 0.1)
    session = live(options=options)
    with pytest.raises(dh.StageError, match=why):
        list(islice(session, 30))
    assert list(session) == []


@pytest.fixture(
    params=[("driver", "driver hearing"), ("renderer", "renderer telling: draw")], ids=lambda param: param[0]
)
def hanging(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The stage that hangs at its fourth frame, until the test is over."""
    what, stage = request.param
    go_on = threading.Event()
    monkeypatch.setitem(HANGS, what, go_on)
    monkeypatch.setenv("DH_STALL_SECONDS", "0.3")
    yield stage
    go_on.set()


def test_a_component_that_hangs_is_named(live: Open, hanging: str) -> None:
    session = live()
    with pytest.raises(dh.StageStalled, match=rf"^{hanging}: no result for 0\.3 s; it hangs, or DH_STALL_SECONDS"):
        list(islice(session, 30))
    assert list(session) == []
    with pytest.raises(dh.InputError, match="closed"):
        session.clear()


def test_a_listener_may_close_the_session_that_tells_it(live: Open, told: list[str]) -> None:
    opened: list[dh.LiveSession] = []

    def close(event: Any) -> None:
        if isinstance(event, dh.Notice) and "heard" in event.text:  # told in the driver's thread
            told.append(event.text)
            opened[0].close()

    opened.append(live(options={"tells": True}, on_event=close))
    assert len(list(islice(opened[0], 100))) < 100
    assert told == ["three frames were heard"]


def test_a_driver_that_cannot_run_online_is_refused(live: Open) -> None:
    with pytest.raises(dh.OptionError, match="--mode online: driver deaf needs the whole speech"):
        live(driver="deaf")
    for wrong in ({"pace": "slow"}, {"breath": 9}, {"sample_rate": 10}):
        with pytest.raises(dh.OptionError, match=next(iter(wrong))):
            live(**wrong)


def test_half_an_hour_leaves_nothing_behind(live: Open) -> None:
    session = live(fps=2)
    frames = 30 * 60 * 2
    rng = np.random.default_rng(1)
    second = rng.uniform(-0.1, 0.1, 16000).astype(np.float32)
    samples = 0
    for number in range(frames):
        if number % 2 == 0:
            session.push_audio(second)
        frame = next(session)
        samples += len(frame.audio)
    assert frame.index == frames - 1
    assert samples == frames * 8000
    assert session.stats.waiting <= 1
    assert session.stats.dropped == 0
    assert len(session._timeline.sounds._waiting) == 3
    assert len(session._timeline.feed._chunks) <= session._timeline.lead + 1, "what the driver may be behind"
    assert len(session._render_seconds) <= 1500
    assert len(session._making) == 0
