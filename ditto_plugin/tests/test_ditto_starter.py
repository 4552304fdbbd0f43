"""The starter's parts: what it hears, how its eyes live, how its model runs."""

from __future__ import annotations

import wave
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dh
from dh_ditto.starter import layout
from dh_ditto.starter.conditions import StarterConditions
from dh_ditto.starter.driver import StarterDriver
from dh_ditto.starter.life import Blinks, Gaze
from dh_ditto.starter.mel import BANDS, FEATURE_SIZE, HOPS, MelFeatures, mel_features, mel_filters
from dh_ditto.starter.options import StarterOptions
from dh_ditto.training.result import WEIGHTS_NAME, TrainedModel

ROOT = Path(__file__).resolve().parents[2]
RATE = 16000
SIZE: dict[str, Any] = {
    "motion_feat_dim": 58,
    "audio_feat_dim": 270,
    "seq_frames": 80,
    "latent_dim": 32,
    "ff_size": 48,
    "num_layers": 1,
    "num_heads": 4,
}
GROUPS = {"aud": 256, "emo": 8, "eye_open": 2, "eye_ball": 2, "style": 2}
CUTS = ([640], [1, 700, 3333], [12345])


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """The example's first six seconds at 16 kHz."""
    with wave.open(str(ROOT / "examples" / "speech.wav")) as file:
        rate, samples = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), np.int16) / 32768
    times = np.arange(6 * RATE) / RATE
    return np.interp(times, np.arange(len(samples)) / rate, samples).astype(np.float32)


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as 'dh train' writes it, of a tiny network that never learned."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    from safetensors.torch import save_file

    from dh_ditto.networks import MotionDecoder
    from dh_ditto.starter.export import export_starter

    folder = tmp_path_factory.mktemp("starter")
    torch.manual_seed(0)
    save_file(MotionDecoder(**SIZE).state_dict(), folder / WEIGHTS_NAME)
    write_card(folder)
    export_starter(folder)
    return folder


def write_card(folder: Path, **changed: object) -> None:
    card = {
        "network": SIZE,
        "condition": [{"name": name, "size": size} for name, size in GROUPS.items()],
        "features": "mel",
        "motion_space": "arkit",
        "last_frame": True,
        "mean": [0.1] * 58,
        "variance": [0.04] * 58,
        "training": {
            "data_list": "none", "clips": 1, "windows": 1, "seed": 0, "steps": 0, "epochs": 0, "batch": 1, "minutes": 0,
            "averaged": False,
        },
    }  # fmt: skip
    TrainedModel.model_validate({**card, **changed}).write(folder)


def cut(samples: np.ndarray, lengths: Sequence[int]) -> Iterator[np.ndarray]:
    """The samples in pieces of these lengths, over and over."""
    start = number = 0
    while start < len(samples):
        length = lengths[number % len(lengths)]
        yield samples[start : start + length]
        start, number = start + length, number + 1


def driver(folder: Path, seed: int = 0, **options: object) -> StarterDriver:
    context = dh.Context(fps=25.0, seed=seed, device="cpu", weights=folder)
    return StarterDriver(StarterOptions.model_validate({"steps": 2, **options}), context)


def motion(made: StarterDriver, samples: np.ndarray, lengths: Sequence[int] = (8000,)) -> np.ndarray:
    start = 0

    def chunks() -> Iterator[dh.AudioChunk]:
        nonlocal start
        for piece in cut(samples, lengths):
            yield dh.AudioChunk(piece, start)
            start += len(piece)

    avatar: dh.Avatar = None  # type: ignore[assignment]  # the driver reads none
    parts = list(made.drive(avatar, chunks()))
    assert [part.start for part in parts] == list(np.cumsum([0] + [len(part) for part in parts[:-1]]))
    return np.concatenate([layout.rows_from(p["blendshapes"], p["rotation"], p["translation"]) for p in parts])


@pytest.mark.parametrize("lengths", CUTS)
def test_features_do_not_depend_on_how_speech_is_cut(speech: np.ndarray, lengths: list[int]) -> None:
    features = MelFeatures()
    rows = [features.push(piece) for piece in cut(speech, lengths)]
    assert np.array_equal(np.concatenate([*rows, features.finish()]), mel_features(speech))


@pytest.mark.parametrize("samples", [0, 1, 639, 640, 641, 6400])
def test_there_is_a_row_for_every_begun_frame(samples: int) -> None:
    assert mel_features(np.zeros(samples, np.float32)).shape == (-(-samples // 640), FEATURE_SIZE)


def test_a_tone_is_heard_in_its_own_band_and_moment() -> None:
    samples = np.zeros(RATE, np.float32)
    samples[:3200] = np.random.default_rng(0).normal(0, 0.3, 3200)  # sets the level
    begin = 640 * 10 + 2 * 160
    samples[begin : begin + 160] = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(160) / RATE)
    rows = mel_features(samples).reshape(-1, HOPS, BANDS)
    frame, moment, band = np.unravel_index(rows[6:].argmax(), rows[6:].shape)
    centre = (np.arange(257) * RATE / 512) @ mel_filters()
    assert (6 + int(frame), int(moment)) == (10, 2)
    assert abs(centre[band] - 1000) < 100


def test_a_recordings_level_hardly_matters(speech: np.ndarray) -> None:
    quiet, loud = mel_features(speech * 0.1), mel_features(speech)
    spoken = loud[50:].max(1) > -0.5
    assert np.abs(quiet[50:][spoken] - loud[50:][spoken]).mean() < 0.3


@pytest.mark.parametrize("rate", [8, 16, 30])
def test_eyes_blink_as_often_as_asked(rate: int) -> None:
    opening = Blinks(4, rate).rows(25 * 60 * 10)[:, 0]
    blinks = np.count_nonzero((opening[1:] < 0.5) & (opening[:-1] >= 0.5)) / 10
    assert 0.75 * rate < blinks < 1.25 * rate
    assert opening.max() == 1 and opening.min() < 0.1


def test_eyes_that_never_blink_stay_open() -> None:
    assert (Blinks(4, 0).rows(5000) == 1).all()


def test_glances_are_small_and_quick() -> None:
    gaze = Gaze(4).rows(25 * 120) * 30
    assert np.abs(gaze[:, 0]).max() <= 14.01 and np.abs(gaze[:, 1]).max() <= 7.01
    assert 1 < gaze[:, 0].std() < 7
    moving = np.abs(np.diff(gaze, axis=0)).max(1) > 0.5
    assert moving.mean() < 0.15, "between glances the eyes rest"
    assert (Gaze(4, 0).rows(500) == 0).all()


@pytest.mark.parametrize("life", [Blinks, Gaze])
def test_eyes_do_not_depend_on_how_many_frames_are_asked_for(life: type[Blinks] | type[Gaze]) -> None:
    parts = life(3)
    rows = np.concatenate([parts.rows(count) for count in (1, 7, 0, 492, 1000)])
    assert np.array_equal(rows, life(3).rows(1500))
    assert not np.array_equal(rows, life(5).rows(1500))


def test_condition_rows_hold_every_group_in_its_place() -> None:
    conditions = StarterConditions("happy", 0.7, 1.3, Blinks(1), Gaze(1))
    features = np.random.default_rng(0).normal(size=(30, 256)).astype(np.float32)
    rows = np.concatenate([conditions.condition(features[:11]), conditions.condition(features[11:])])
    assert rows.shape == (30, 270) and rows.dtype == np.float32
    assert np.array_equal(rows[:, :256], features)
    assert (rows[:, 256:264].argmax(1) == 3).all()
    assert np.array_equal(rows[:, 264:266], Blinks(1).rows(30))
    assert np.array_equal(rows[:, 266:268], Gaze(1).rows(30))
    assert np.allclose(rows[:, 268:], [0.7, 1.3])


def test_rows_and_fields_are_each_others_inverse() -> None:
    weights = np.random.default_rng(0).uniform(0, 1, (5, 52)).astype(np.float32)
    rows = layout.rows_from(weights, np.full((5, 3), 7.0), np.full((5, 3), 0.1))
    fields = layout.fields_of(rows)
    assert np.allclose(fields["blendshapes"], weights, atol=1e-6)
    assert (fields["rotation"] == 7).all() and np.allclose(fields["translation"], 0.1)
    assert layout.fields_of(rows - 5)["blendshapes"].min() == 0, "weights stay in their range"


@pytest.mark.parametrize("lengths", CUTS)
def test_motion_does_not_depend_on_how_speech_is_cut(
    model_folder: Path, speech: np.ndarray, lengths: list[int]
) -> None:
    whole = motion(driver(model_folder), speech, [len(speech)])
    assert whole.shape == (150, layout.SIZE)
    assert np.array_equal(motion(driver(model_folder), speech, lengths), whole)


@pytest.mark.parametrize("guidance", [1.0, 2.5])
def test_onnx_runtime_and_pytorch_agree(model_folder: Path, speech: np.ndarray, guidance: float) -> None:
    first, second = (
        motion(driver(model_folder, backend=backend, guidance=guidance), speech) for backend in ("onnx", "torch")
    )
    assert np.abs(first - second).max() < 1e-4


def test_another_seed_moves_differently_and_the_same_does_not(model_folder: Path, speech: np.ndarray) -> None:
    first, same, other = (motion(driver(model_folder, seed), speech) for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert np.abs(first - other).mean() > 1e-3


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(dh.CheckpointMissing, match=r"model\.yaml"):
        driver(tmp_path)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    write_card(tmp_path)
    for backend in ("torch", "onnx"):
        with pytest.raises(dh.CheckpointMissing, match="motion_decoder"):
            motion(driver(tmp_path, backend=backend), np.zeros(6400, np.float32))


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    write_card(tmp_path, motion_space="liveportrait")
    with pytest.raises(dh.InputError, match="arkit motion"):
        driver(tmp_path)


@pytest.mark.parametrize("emotion", ["jolly", 9, ["angry", "merry"]])
def test_an_emotion_that_is_none_is_told(model_folder: Path, emotion: object) -> None:
    with pytest.raises(dh.OptionError, match="angry, disgust"):
        motion(driver(model_folder, emotion=emotion), np.zeros(6400, np.float32))
