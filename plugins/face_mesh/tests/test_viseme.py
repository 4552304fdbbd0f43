"""What the viseme driver promises its host: frames, streaming, determinism, cost."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Iterator
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

import dh
from dh_face_mesh.viseme.driver import VisemeDriver
from dh_face_mesh.viseme.options import VisemeOptions

Samples = NDArray[np.float32]
NATURAL = VisemeOptions()
NOBODY = cast("dh.Avatar", None)  # the driver reads no avatar


def babble(seconds: float, seed: int = 0) -> Samples:
    """Something like speech: syllables of a 120 Hz buzz with hisses and pauses between them."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * dh.SAMPLE_RATE)) / dh.SAMPLE_RATE
    buzz = np.sum([np.sin(2 * np.pi * 120 * n * time) / n for n in range(1, 30)], axis=0)
    syllables = np.clip(np.sin(2 * np.pi * 3 * time), 0, 1) * (np.sin(2 * np.pi * 0.35 * time) > -0.6)
    hiss = np.clip(np.sin(2 * np.pi * 1.5 * time + 4), 0.8, 1) - 0.8
    return np.asarray(0.1 * buzz * syllables + 0.2 * rng.normal(size=len(time)) * hiss, np.float32)


def cut(samples: Samples, sizes: Iterable[int]) -> Iterator[dh.AudioChunk]:
    start = 0
    for size in sizes:
        if start >= len(samples):
            return
        yield dh.AudioChunk(samples[start : start + size], start)
        start += size


def whole(samples: Samples) -> Iterator[dh.AudioChunk]:
    return cut(samples, [len(samples)])


def drive(
    speech: Iterator[dh.AudioChunk], fps: float = 25, seed: int = 0, options: VisemeOptions = NATURAL
) -> dict[str, Samples]:
    driver = VisemeDriver(options, dh.Context(fps=fps, seed=seed))
    chunks = list(driver.drive(NOBODY, speech))
    starts = np.cumsum([0, *(len(chunk) for chunk in chunks)])
    assert [chunk.start for chunk in chunks] == starts[:-1].tolist()
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in dh.ARKIT.fields}


def assert_same(left: dict[str, Samples], right: dict[str, Samples]) -> None:
    for name in dh.ARKIT.fields:
        np.testing.assert_array_equal(left[name], right[name], err_msg=name)


@pytest.mark.parametrize(
    ("samples", "fps", "frames"),
    [
        (1, 25, 1),
        (639, 25, 1),
        (640, 25, 1),
        (641, 25, 2),
        (16_000, 25, 25),
        (16_000, 24, 24),
        (16_000, 60, 60),
        (16_001, 60, 61),
        (16_000, 29.97, 30),
        (160_000, 29.97, 300),
        (160_160, 29.97, 300),
        (160_161, 29.97, 301),
        (48_000, 12.5, 38),
        (5_000, 1, 1),
    ],
)
def test_motion_fills_the_speech_to_the_last_frame(samples: int, fps: float, frames: int) -> None:
    motion = drive(whole(np.full(samples, 0.01, np.float32)), fps)
    assert len(motion["rotation"]) == frames


def test_no_speech_gives_no_motion() -> None:
    driver = VisemeDriver(VisemeOptions(), dh.Context())
    assert not list(driver.drive(NOBODY, iter(())))


def test_chunks_of_one_sample_change_nothing() -> None:
    speech = babble(0.7)
    assert_same(drive(whole(speech)), drive(cut(speech, [1] * len(speech))))


@pytest.mark.parametrize("fps", [25, 29.97, 60])
def test_chunks_of_random_sizes_change_nothing(fps: float) -> None:
    speech = babble(9.0)
    sizes = np.random.default_rng(3).integers(1, 5000, 10_000).tolist()
    assert_same(drive(whole(speech), fps), drive(cut(speech, sizes), fps))


@pytest.mark.parametrize("fps", [12.5, 25, 60])
def test_a_frame_never_depends_on_speech_beyond_the_look_ahead(fps: float) -> None:
    speech = babble(4.0)
    reference = drive(whole(speech), fps)
    for frame in (0, 7, int(1.3 * fps), int(2.9 * fps)):
        known = round(((frame + 1) / fps + 0.2) * dh.SAMPLE_RATE)
        changed = speech.copy()
        changed[known:] = np.random.default_rng(frame).normal(size=len(speech) - known)
        motion = drive(whole(changed), fps)
        for name in dh.ARKIT.fields:
            np.testing.assert_array_equal(motion[name][: frame + 1], reference[name][: frame + 1])


def test_a_frame_is_given_as_soon_as_its_look_ahead_is_there() -> None:
    taken = 0

    def live() -> Iterator[dh.AudioChunk]:
        nonlocal taken
        for chunk in cut(babble(3.0), [160] * 300):
            taken = chunk.start + len(chunk)
            yield chunk

    driver = VisemeDriver(VisemeOptions(), dh.Context(fps=25))
    for motion in driver.drive(NOBODY, live()):
        last_frame = motion.start + len(motion)
        assert taken <= (last_frame / 25 + 0.2) * dh.SAMPLE_RATE + 160


def test_the_same_seed_gives_the_same_motion_and_another_seed_another() -> None:
    speech = babble(8.0)
    first, again, other = (drive(whole(speech), seed=seed) for seed in (5, 5, 6))
    assert_same(first, again)
    assert np.abs(first["rotation"] - other["rotation"]).max() > 0.3
    blink = dh.ARKIT_BLENDSHAPES.index("eyeBlinkLeft")
    assert np.abs(first["blendshapes"][:, blink] - other["blendshapes"][:, blink]).max() > 0.5


def test_every_value_is_in_the_range_of_its_space_even_with_all_options_at_their_highest() -> None:
    most = VisemeOptions(mouth=2.0, head_motion=3.0, brows=3.0, gaze=3.0, smile=3.0, blink_rate=40.0)
    speech = np.clip(20 * babble(20.0), -1, 1)
    motion = drive(whole(speech), options=most)
    for name, field in dh.ARKIT.fields.items():
        assert motion[name].min() >= field.low
        assert motion[name].max() <= field.high
    jaw, close = (dh.ARKIT_BLENDSHAPES.index(name) for name in ("jawOpen", "mouthClose"))
    assert (motion["blendshapes"][:, close] <= motion["blendshapes"][:, jaw]).all()


def test_options_at_zero_turn_their_part_off() -> None:
    nothing = VisemeOptions.model_validate(dict.fromkeys(VisemeOptions.model_fields, 0.0))
    motion = drive(whole(babble(8.0)), options=nothing)
    for name in dh.ARKIT.fields:
        assert not motion[name].any()


@pytest.mark.parametrize("bad", [{"mouth": -0.1}, {"blink_rate": 41}, {"mouht": 1.0}])
def test_options_out_of_range_or_unknown_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        VisemeOptions.model_validate(bad)


def test_every_option_has_a_help_text() -> None:
    assert all(field.description for field in VisemeOptions.model_fields.values())


def test_memory_stays_flat_over_a_long_run() -> None:
    second = babble(1.0)

    def speech(seconds: int) -> Iterator[dh.AudioChunk]:
        for number in range(seconds):
            yield dh.AudioChunk(second, number * dh.SAMPLE_RATE)

    motion = VisemeDriver(VisemeOptions(), dh.Context()).drive(NOBODY, speech(200))
    tracemalloc.start()
    try:
        for _ in range(20):
            next(motion)
        early = tracemalloc.get_traced_memory()[0]
        for _ in range(170):
            next(motion)
        late = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert late - early < 50_000
