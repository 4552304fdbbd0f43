"""The starter online: frames come within the look-ahead, whatever the cuts, and options may change on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dh
from dh_ditto.diffusion import Sampler
from dh_ditto.motion import Array
from dh_ditto.starter import layout
from dh_ditto.starter.conditions import GLIDE_FRAMES, StarterConditions
from dh_ditto.starter.driver import StarterDriver
from dh_ditto.starter.head import TrailingMean
from dh_ditto.starter.life import Blinks, Gaze
from dh_ditto.starter.mel import FEATURE_SIZE, mel_features
from dh_ditto.starter.options import StarterOptions
from dh_ditto.starter.rolling import RollingWindows
from dh_ditto.timeline_noise import TimelineNoise
from dh_ditto.training.result import WEIGHTS_NAME, TrainedModel
from dh_ditto.windows import WINDOW_FRAMES

RATE, FRAME = 16000, 640
CONDITION, MOTION = 3, 58
SIZE: dict[str, Any] = {
    "motion_feat_dim": MOTION,
    "audio_feat_dim": 270,
    "seq_frames": WINDOW_FRAMES,
    "latent_dim": 16,
    "ff_size": 16,
    "num_layers": 1,
    "num_heads": 2,
}
GROUPS = {"aud": 256, "emo": 8, "eye_open": 2, "eye_ball": 2, "style": 2}


class Window:
    """Draws what its rows say, each frame with the mean of the rows from its own on, after the known frames."""

    def __init__(self) -> None:
        self.calls: list[tuple[Array, Array | None]] = []

    def __call__(self, before: Array, rows: Array, steps: int, known: Array | None = None) -> Array:
        assert before.shape == (1, MOTION) and rows.shape == (1, WINDOW_FRAMES, CONDITION) and steps == 2
        self.calls.append((before[0].copy(), None if known is None else known.copy()))
        ahead = np.cumsum(rows[0, ::-1].sum(1))[::-1] / np.arange(WINDOW_FRAMES, 0, -1)
        drawn = np.repeat(ahead[:, None], MOTION, 1).astype(np.float32)
        return np.concatenate([drawn[:0] if known is None else known, drawn[0 if known is None else len(known) :]])[
            None
        ]


def rolling(hop: int = 4, redraw: int = 3, diffusion: Callable[..., Array] | None = None) -> RollingWindows:
    lead = np.zeros((WINDOW_FRAMES - hop, CONDITION), np.float32)
    start = np.zeros((1, MOTION), np.float32)
    return RollingWindows(diffusion or Window(), start, lead, hop=hop, redraw=redraw, steps=2)


def rows(count: int) -> Array:
    return np.random.default_rng(count).standard_normal((count, CONDITION), np.float32)


@pytest.mark.parametrize(("hop", "redraw"), [(4, 3), (1, 0), (5, 0), (3, 10), (40, 20)])
@pytest.mark.parametrize("count", [0, 1, 3, 4, 39, 200])
def test_every_row_becomes_one_frame_whatever_the_cuts(hop: int, redraw: int, count: int) -> None:
    speech = rows(count)
    whole = rolling(hop, redraw)
    at_once = np.concatenate([whole.push(speech), whole.finish()])
    assert at_once.shape == (count, MOTION)
    for step in (1, 7):
        windows = rolling(hop, redraw)
        parts = [windows.push(speech[start : start + step]) for start in range(0, count, step)]
        np.testing.assert_array_equal(np.concatenate([*parts, windows.finish()]), at_once)


@pytest.mark.parametrize(("hop", "redraw"), [(4, 3), (1, 0), (3, 10)])
def test_a_frame_leaves_when_the_rows_that_it_waits_for_are_heard(hop: int, redraw: int) -> None:
    windows, given = rolling(hop, redraw), 0
    for heard in range(1, 60):
        given += len(windows.push(rows(1)))
        assert given == max(0, heard // hop * hop - redraw)


def test_windows_go_on_from_the_frames_that_have_left() -> None:
    diffusion = Window()
    windows = rolling(4, 3, diffusion)
    motion = np.concatenate([windows.push(rows(120)), windows.finish()])
    assert diffusion.calls[0][1] is None
    for number, (before, known) in enumerate(diffusion.calls[25:], 25):
        begin = 4 * number - 76
        assert known is not None and len(known) == WINDOW_FRAMES - 4 - 3
        np.testing.assert_array_equal(before, motion[begin - 1])
        np.testing.assert_array_equal(known, motion[begin : begin + len(known)])


def test_memory_does_not_grow() -> None:
    windows, head, noise = rolling(), TrailingMean(9, 6), TimelineNoise(0, 4)
    for _ in range(100):
        head.push(windows.push(rows(20)))
        noise.window(5, WINDOW_FRAMES, MOTION)
        for holder in (windows, head, noise):
            arrays = [value for value in vars(holder).values() if isinstance(value, np.ndarray)]
            assert sum(len(value) for value in arrays) <= 2 * WINDOW_FRAMES + 40


def test_frames_keep_their_noise_in_every_window() -> None:
    noise = TimelineNoise(3, 4)
    first, second = noise.window(5, WINDOW_FRAMES, MOTION), noise.window(5, WINDOW_FRAMES, MOTION)
    assert first.shape == (5, 1, WINDOW_FRAMES, MOTION)
    np.testing.assert_array_equal(first[:, :, 4:], second[:, :, :-4])
    assert 0.95 < first.std() < 1.05
    assert np.abs(first[0] - first[1]).mean() > 0.5, "each step has its own"
    assert not np.array_equal(first, TimelineNoise(4, 4).window(5, WINDOW_FRAMES, MOTION))


class Follower:
    """A denoiser that takes each frame for the mean of its neighbours."""

    def prepare(self, cond_frame: Array, cond: Array, times: Sequence[int]) -> None:
        return None

    def x_start(self, prepared: None, x: Array, time: int) -> Array:
        padded = np.pad(x, ((0, 0), (1, 1), (0, 0)), mode="edge")
        return (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / 3

    def array(self, values: Array) -> Array:
        return values

    def numpy(self, values: Array) -> Array:
        return values


def test_known_frames_stay_and_decide_what_follows() -> None:
    before, cond = np.zeros((1, MOTION), np.float32), np.zeros((1, WINDOW_FRAMES, CONDITION), np.float32)

    def drawn(level: float) -> Array:
        known = np.full((70, MOTION), level, np.float32)
        motion = Sampler(Follower(), 1)(before, cond, 8, known)
        np.testing.assert_array_equal(motion[0, :70], known)
        return motion[0, 70:]

    shift = drawn(9.0) - drawn(0.0)
    assert shift.shape == (10, MOTION)
    assert (shift[0] > 1).all(), "the next frame goes on from them"
    assert shift[0].mean() > shift[5].mean() >= 0


def test_the_head_is_smoothed_and_the_face_is_not() -> None:
    motion = np.random.default_rng(0).standard_normal((60, MOTION)).astype(np.float32)
    head = TrailingMean(9, 6)
    parts = np.concatenate(
        [head.push(motion[:1]), head.push(motion[1:7]), head.push(motion[7:7]), head.push(motion[7:])]
    )
    np.testing.assert_array_equal(parts, TrailingMean(9, 6).push(motion))
    np.testing.assert_array_equal(parts[:, 6:], motion[:, 6:])
    assert np.abs(np.diff(parts[:, :6], 2, axis=0)).mean() < 0.2 * np.abs(np.diff(motion[:, :6], 2, axis=0)).mean()
    still = np.ones((20, MOTION), np.float32)
    np.testing.assert_allclose(TrailingMean(9, 6).push(still), still, rtol=1e-6)
    np.testing.assert_array_equal(TrailingMean(1, 6).push(motion), motion)


@pytest.fixture(scope="module")
def untrained_starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as 'dh train' writes it, of a tiny network that never learned."""
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    from dh_ditto.networks import MotionDecoder

    folder = tmp_path_factory.mktemp("starter")
    torch.manual_seed(0)
    save_file(MotionDecoder(**SIZE).state_dict(), folder / WEIGHTS_NAME)
    card = {
        "network": SIZE,
        "condition": [{"name": name, "size": size} for name, size in GROUPS.items()],
        "features": "mel",
        "motion_space": "arkit",
        "last_frame": True,
        "mean": [0.1] * MOTION,
        "variance": [0.04] * MOTION,
        "training": {
            "data_list": "none", "clips": 1, "windows": 1, "seed": 0, "steps": 0, "epochs": 0, "batch": 1, "minutes": 0,
            "averaged": False,
        },
    }  # fmt: skip
    TrainedModel.model_validate(card).write(folder)
    return folder


def driver(folder: Path, seed: int = 0, **options: object) -> StarterDriver:
    context = dh.Context(fps=25.0, seed=seed, device="cpu", weights=folder)
    return StarterDriver(StarterOptions.model_validate({"online": True, "steps": 2, **options}), context)


def chunks(samples: Array, lengths: Sequence[int]) -> Iterator[dh.AudioChunk]:
    start = number = 0
    while start < len(samples):
        length = lengths[number % len(lengths)]
        yield dh.AudioChunk(samples[start : start + length], start)
        start, number = start + length, number + 1


def noise(seconds: float, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)


@pytest.mark.parametrize("options", [{}, {"hop": 3, "redraw": 0}, {"smoothing": 1}])
def test_motion_does_not_depend_on_how_speech_is_cut(untrained_starter: Path, options: dict[str, int]) -> None:
    samples = noise(2.03)
    whole = np.concatenate(list(driver(untrained_starter, **options).rows(chunks(samples, [len(samples)]))))
    assert whole.shape == (51, layout.SIZE)
    for lengths in ([FRAME], [1, 700, 3333]):
        parts = list(driver(untrained_starter, **options).rows(chunks(samples, lengths)))
        assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize(("hop", "redraw"), [(4, 3), (1, 0), (2, 5)])
def test_frames_come_within_the_look_ahead(untrained_starter: Path, hop: int, redraw: int) -> None:
    made = driver(untrained_starter, hop=hop, redraw=redraw)
    assert made.look_ahead is not None
    assert made.look_ahead == pytest.approx(max(0.0, (hop + redraw - 1) * 0.04 + 0.0075 - 0.02))
    given = 0
    for number, part in enumerate(made.rows(chunks(noise(2), [FRAME]))):
        given += len(part)
        heard = min(number + 1, 50) / 25
        assert given >= np.floor(round((heard - made.look_ahead) * 25, 6)), "all whose look-ahead is heard"
    assert given == 50


def test_no_frame_depends_on_later_speech(untrained_starter: Path) -> None:
    made = driver(untrained_starter)
    assert made.look_ahead is not None
    samples = noise(2)
    motion = np.concatenate(list(made.rows(chunks(samples, [8000]))))
    for frame in (0, 17, 18, 19, 20):
        heard = round(((frame + 1) * 0.04 + made.look_ahead) * RATE)
        other = np.concatenate([samples[:heard], noise(2, seed=5)[heard:]])
        changed = np.concatenate(list(driver(untrained_starter).rows(chunks(other, [8000]))))
        np.testing.assert_array_equal(changed[: frame + 1], motion[: frame + 1])
        assert not np.array_equal(changed, motion)


def test_offline_looks_at_the_whole_clip(untrained_starter: Path) -> None:
    assert driver(untrained_starter, online=False).look_ahead is None


def test_each_mode_has_defaults_that_the_user_overrides() -> None:
    offline, online = StarterOptions().with_mode_defaults(), StarterOptions(online=True).with_mode_defaults()
    assert (offline.steps, offline.smoothing) == (10, 3)
    assert (online.steps, online.smoothing) == (3, 9)
    assert StarterOptions(online=True, steps=8).with_mode_defaults().steps == 8


def test_before_the_speech_there_is_silence_with_open_eyes() -> None:
    conditions = StarterConditions.of(StarterOptions(emotion="sad", blink_rate=0, gaze=0), 0)
    lead = conditions.silence(20)
    np.testing.assert_array_equal(lead, conditions.condition(mel_features(np.zeros(20 * FRAME, np.float32))))


def test_another_emotion_comes_in_half_a_second() -> None:
    conditions = StarterConditions.of(StarterOptions(emotion="sad", blink_rate=0, gaze=0), 0)
    features = np.zeros((40, FEATURE_SIZE), np.float32)
    before = conditions.condition(features)
    conditions.change(StarterOptions(emotion="happy", head_motion=0.2, blink_rate=0, gaze=0))
    after = np.concatenate([conditions.condition(features[:5]), conditions.condition(features[5:])])
    expected = StarterConditions.of(StarterOptions(emotion="happy", head_motion=0.2, blink_rate=0, gaze=0), 0)
    wanted = expected.condition(features)
    np.testing.assert_array_equal(after[GLIDE_FRAMES:], wanted[GLIDE_FRAMES:])
    steps = np.abs(np.diff(np.concatenate([before[-1:], after]), axis=0)).max(1)
    assert steps[:GLIDE_FRAMES].max() < 1.5 / GLIDE_FRAMES, "no jump"
    assert steps[: GLIDE_FRAMES - 1].min() > 0


def test_eyes_take_other_rates_and_reaches_on_the_way() -> None:
    blinks, gaze = Blinks(1, 0), Gaze(1, 0)
    assert (blinks.rows(1000) == 1).all() and (gaze.rows(1000) == 0).all()
    blinks.change(30)
    gaze.change(1)
    assert (blinks.rows(1000) < 0.5).any() and np.abs(gaze.rows(1000)).max() > 0.05
    blinks.change(0)
    blinks.rows(25)
    assert (blinks.rows(5000) == 1).all()


def test_a_change_counts_for_speech_not_heard_yet(untrained_starter: Path) -> None:
    samples = noise(3)
    plain = np.concatenate(list(driver(untrained_starter).rows(chunks(samples, [FRAME]))))
    made = driver(untrained_starter)

    def speech() -> Iterator[dh.AudioChunk]:
        for number, chunk in enumerate(chunks(samples, [FRAME])):
            if number == 40:
                made.change({"emotion": "angry", "articulation": 1.5})
            yield chunk

    changed = np.concatenate(list(made.rows(speech())))
    assert changed.shape == plain.shape
    np.testing.assert_array_equal(changed[:33], plain[:33])
    assert np.abs(changed[45:] - plain[45:]).max() > 1e-4
    assert made.options.emotion == "angry"


@pytest.mark.parametrize("emotion", ["jolly", 9, "nowhere.npy"])
def test_an_emotion_that_is_none_is_refused_before_anything_runs(emotion: object) -> None:
    with pytest.raises(dh.InputError, match=r"angry, disgust|no such file"):
        StarterOptions.model_validate({"emotion": emotion})
