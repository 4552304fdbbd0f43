"""What the viseme driver's eyes and head promise: blinks, gaze and motion like a person's, with speech and without."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

import dh
from dh_face_mesh.viseme.driver import VisemeDriver
from dh_face_mesh.viseme.options import VisemeOptions

Samples = NDArray[np.float32]
FPS = 25
NOBODY = cast("dh.Avatar", None)  # the driver reads no avatar
MINUTES = 5


def talk(seconds: float) -> Samples:
    """Phrases of two seconds with a second between them: a buzz in syllables of changing loudness."""
    time = np.arange(round(seconds * dh.SAMPLE_RATE)) / dh.SAMPLE_RATE
    buzz = np.sum([np.sin(2 * np.pi * 130 * n * time) / n for n in range(1, 25)], axis=0)
    stress = 0.2 + 0.8 * np.clip(np.sin(2 * np.pi * 0.83 * time), 0, 1) ** 4
    syllables = np.clip(np.sin(2 * np.pi * 3.7 * time), 0, 1) * stress * (time % 3 < 2)
    return np.asarray(0.1 * buzz * syllables, np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * dh.SAMPLE_RATE), np.float32)


def drive(speech: Samples, seed: int = 0, fps: float = FPS, **options: float) -> dict[str, Samples]:
    driver = VisemeDriver(VisemeOptions.model_validate(options), dh.Context(fps=fps, seed=seed))
    chunks = list(driver.drive(NOBODY, iter([dh.AudioChunk(speech, 0)])))
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in dh.ARKIT.fields}


def shape(motion: dict[str, Samples], name: str) -> Samples:
    return motion["blendshapes"][:, dh.ARKIT_BLENDSHAPES.index(name)]


def blink_times(motion: dict[str, Samples]) -> Samples:
    closed = shape(motion, "eyeBlinkLeft") > 0.5
    return np.flatnonzero(closed[1:] & ~closed[:-1]) / FPS


@pytest.mark.parametrize("speech", [talk(60 * MINUTES), silence(60 * MINUTES)], ids=["talk", "silence"])
def test_people_blink_12_to_20_times_a_minute_at_irregular_intervals(speech: Samples) -> None:
    times = blink_times(drive(speech))
    intervals = np.diff(times)
    assert 12 <= len(times) / MINUTES <= 20
    assert 3.0 <= intervals.mean() <= 4.5
    assert intervals.std() > 1.0
    assert intervals.min() < 0.6, "none is double"


def test_the_blink_rate_follows_its_option() -> None:
    assert len(blink_times(drive(silence(120), blink_rate=0))) == 0
    assert 45 <= len(blink_times(drive(silence(120), blink_rate=30))) <= 75


def test_lids_close_faster_than_they_open_and_always_meet() -> None:
    fps = 100
    lids = shape(drive(silence(60), fps=fps), "eyeBlinkLeft")
    edges = np.flatnonzero(np.diff((lids > 0).astype(int)))
    blinks = [lids[begin + 1 : end + 1] for begin, end in zip(edges[::2], edges[1::2], strict=False)]
    assert len(blinks) > 10
    for blink in blinks:
        closing, opening = int(blink.argmax()) / fps, (len(blink) - int(blink.argmax())) / fps
        assert blink.max() > 0.9
        assert 0.06 <= closing <= 0.12 < opening <= 0.23


def test_pauses_draw_blinks() -> None:
    times = blink_times(drive(talk(60 * MINUTES)))
    after_phrase = np.mean((times % 3 > 2) & (times % 3 < 2.7))
    assert after_phrase > 1.3 * 0.7 / 3


@pytest.mark.parametrize("speech", [talk(60), silence(60)], ids=["talk", "silence"])
def test_the_head_starts_neutral_lives_and_never_jumps(speech: Samples) -> None:
    motion = drive(speech)
    rotation, translation = motion["rotation"], motion["translation"]
    assert not rotation[0].any()
    assert not translation[0].any()
    assert (rotation[5 * FPS :].std(axis=0) > 0.1).all()
    assert np.abs(rotation).max() < 8
    assert np.abs(translation).max() < 0.03
    assert np.abs(np.diff(rotation, axis=0)).max() * FPS < 15
    assert np.abs(np.diff(rotation, 2, axis=0)).max() * FPS**2 < 150


def test_the_head_moves_more_in_speech_than_in_silence() -> None:
    speaking, silent = (drive(speech)["rotation"].std(axis=0) for speech in (talk(60), silence(60)))
    assert (speaking > 1.5 * silent).all()


def test_the_head_moves_alike_at_any_frame_rate() -> None:
    slow, fast = (drive(silence(20), fps=fps)["rotation"] for fps in (25, 50))
    np.testing.assert_allclose(slow, fast[::2][: len(slow)], atol=0.05)


def test_eyes_keep_to_the_camera_while_the_head_turns() -> None:
    motion = drive(talk(60), gaze=0.0)
    to_the_right = 30 * (shape(motion, "eyeLookOutLeft") - shape(motion, "eyeLookInLeft"))
    yaw = motion["rotation"][:, 1]
    assert np.abs(yaw).max() > 1
    np.testing.assert_allclose(to_the_right, -0.9 * yaw, atol=0.05)


def test_gaze_is_mostly_at_the_camera_and_both_eyes_look_the_same_way() -> None:
    motion = drive(talk(120), head_motion=0.0)
    for left, right in (("Out", "In"), ("In", "Out"), ("Up", "Up"), ("Down", "Down")):
        np.testing.assert_array_equal(shape(motion, f"eyeLook{left}Left"), shape(motion, f"eyeLook{right}Right"))
    x = 30 * (shape(motion, "eyeLookOutLeft") - shape(motion, "eyeLookInLeft"))
    y = 30 * (shape(motion, "eyeLookUpLeft") - shape(motion, "eyeLookDownLeft"))
    away = np.hypot(x, y)
    assert np.median(away) < 1.5
    assert 3 < away.max() < 10
    assert np.mean(away > 3) < 0.2


def test_brows_rise_on_emphasis_and_rest_in_silence() -> None:
    speech = talk(60)
    assert shape(drive(speech), "browInnerUp").max() > 0.05
    assert not shape(drive(silence(20)), "browInnerUp").any()
    assert not shape(drive(speech, brows=0.0), "browInnerUp").any()
