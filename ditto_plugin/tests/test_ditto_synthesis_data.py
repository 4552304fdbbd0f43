"""Synthesised sounds, clips and folders of clips."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

import dh
from dh_ditto.settings import read_settings
from dh_ditto.synthesis import synthesise
from dh_ditto.synthesis.augment import as_it_is, augmented, idle_sound, with_breaths
from dh_ditto.synthesis.clip import ARRAYS, make_clip
from dh_ditto.synthesis.dataset import make_dataset
from dh_ditto.synthesis.evaluate import TruthClip
from dh_ditto.synthesis.noise import background, coloured, room
from dh_ditto.synthesis.recipe import Recipe
from dh_ditto.synthesis.sound import at_level, convolved, level, resampled, shaped

_SMALL = {
    "hours": 8 / 3600, "validation_minutes": 4 / 60, "clip_seconds": [3, 5], "idle_share": 0.0, "workers": 1,
    "languages": {"en-us": 1.0},
}  # fmt: skip


def test_resampling_keeps_pitch_level_and_time() -> None:
    at = np.arange(22050) / 22050
    tone = np.sin(2 * np.pi * 440 * at) * np.hanning(22050)
    slow = resampled(tone, 22050, 16000)
    wanted = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000) * np.interp(
        np.arange(16000) / 16000, at, np.hanning(22050)
    )
    assert len(slow) == 16000
    assert np.abs(slow - wanted).max() < 0.1
    click = np.zeros(22050)
    click[11025] = 1
    assert abs(int(np.abs(resampled(click, 22050, 16000)).argmax()) - 8000) <= 1


def test_resampling_lets_nothing_through_that_the_new_rate_cannot_hold() -> None:
    tone = np.sin(2 * np.pi * 9500 * np.arange(22050) / 22050)
    assert level(resampled(tone, 22050, 16000)) < level(tone) - 40


def test_filters_rooms_and_levels_move_nothing_in_time() -> None:
    click = np.zeros(16000, np.float32)
    click[8000] = 1
    for seed in range(20):
        rng = np.random.default_rng(seed)
        curve = rng.uniform(-12, 12, 20)
        assert np.abs(shaped(click, curve, 16000, np.geomspace(60, 8000, 20))).argmax() == 8000
        heard = convolved(click, room(rng))
        assert np.abs(heard).argmax() == 8000
        assert np.abs(heard[:7999]).max() < 1e-5


def test_a_filter_changes_the_level_by_its_decibels() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    raised = shaped(tone, np.array([6.0, 6.0]), 16000, np.array([100.0, 8000.0]))
    assert level(raised) - level(tone) == pytest.approx(6, abs=0.1)


def test_an_augmented_recording_has_its_loud_parts_where_the_speech_has() -> None:
    burst = np.zeros(48000, np.float32)
    burst[16000:24000] = 0.3 * np.random.default_rng(0).standard_normal(8000)
    louder = 0
    for seed in range(12):
        heard = augmented(burst, np.random.default_rng(seed))
        assert heard.dtype == np.float32 and heard.shape == burst.shape
        assert np.isfinite(heard).all() and np.abs(heard).max() <= 1
        assert -35.1 <= 20 * np.log10(np.abs(heard).max()) <= -2.9
        louder += level(heard[16000:24000]) > level(heard[:15000]) + 3
    assert louder >= 11


def test_recordings_without_speech_are_quiet_or_silent() -> None:
    levels = [level(idle_sound(16000, np.random.default_rng(seed))) for seed in range(40)]
    assert min(levels) < -190
    assert max(levels) <= -27.9
    assert not as_it_is(np.zeros(100, np.float32), np.random.default_rng(0)).any()
    assert not at_level(np.zeros(100, np.float32), -20).any()


def test_coloured_noise_falls_by_its_slope() -> None:
    power = np.abs(np.fft.rfft(coloured(np.random.default_rng(0), 2**17, 6.02))) ** 2
    hertz = np.fft.rfftfreq(2**17, 1 / 16000)
    low, high = (power[(hertz > f) & (hertz < 1.2 * f)].mean() for f in (500, 4000))
    assert 10 * np.log10(low / high) == pytest.approx(18, abs=1)
    assert level(background(np.random.default_rng(1), 8000)) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"hours": 0}, "hours"),
        ({"languages": {"tlh": 1}}, "tlh"),
        ({"emotions": {"bored": 1}}, "bored"),
        ({"clip_seconds": [9, 3]}, "clip_seconds"),
        ({"minutes": 3}, "minutes"),
        ({"languages": {"de": 0}}, "shares"),
    ],
)
def test_a_recipe_that_cannot_be_used_is_refused_by_name(changes: dict[str, object], named: str) -> None:
    with pytest.raises(dh.OptionError, match=named) as caught:
        read_settings(Recipe, None, changes)
    assert "\n" not in str(caught.value)


def test_a_recipe_file_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    for text in ("[1, 2]", "a: [", "hours: many"):
        path.write_text(text)
        with pytest.raises(dh.InputError, match=r"recipe\.yaml"):
            read_settings(Recipe, path, {})


def test_the_shipped_recipe_is_one() -> None:
    path = Path(__file__).resolve().parents[2] / "configs" / "training" / "ditto-starter-data.yaml"
    assert read_settings(Recipe, path, {}).hours == 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("espeakng_loader")
    return make_dataset(read_settings(Recipe, None, _SMALL), tmp_path_factory.mktemp("data") / "set")


def test_a_folder_has_the_training_layout(folder: Path) -> None:
    for split in ("train", "validation"):
        rows = json.loads((folder / f"{split}.json").read_text())
        assert rows
        for row in rows:
            widths = {"mtn": 58, "aud": 256, "emo": 8, "eye_open": 2, "eye_ball": 2, "style": 2}
            for name in ARRAYS:
                array = np.load(folder / row[name])
                assert array.shape == (row["frame_num"], widths[name])
                assert np.isfinite(array).all()
    rows = json.loads((folder / "train.json").read_text())
    motion = np.concatenate([np.load(folder / row["mtn"]) for row in rows])
    mean, variance = np.load(folder / "mean_var.npy")
    np.testing.assert_allclose(mean, motion.mean(0), atol=1e-3)
    moving = motion.std(0) > 1e-3
    np.testing.assert_allclose(variance[moving], motion.var(0)[moving], rtol=1e-2)
    assert np.all(variance > 0)


def test_a_validation_clip_comes_with_its_truth(folder: Path) -> None:
    row = json.loads((folder / "validation.json").read_text())[0]
    clip = TruthClip.read((folder / row["mtn"]).parent)
    assert len(clip.samples) == 640 * row["frame_num"]
    assert len(clip.opening) == row["frame_num"]
    assert clip.pauses[0][0] == 0
    assert clip.pauses[-1][1] == pytest.approx(row["frame_num"] / 25, abs=1e-3)


def test_a_clip_depends_on_its_number_and_seed_alone(folder: Path) -> None:
    recipe = read_settings(Recipe, None, _SMALL)
    again, other = make_clip(recipe, "train", 0), make_clip(recipe, "train", 1)
    kept = folder / "clips" / "train" / "00000"
    for name in ARRAYS:
        np.testing.assert_array_equal(np.load(kept / f"{name}.npy"), again.arrays[name])
    assert not np.array_equal(again.heard[:16000], other.heard[:16000])


def test_an_interrupted_folder_is_finished_without_making_clips_again(folder: Path) -> None:
    kept = folder / "clips" / "train" / "00000" / "mtn.npy"
    stamp = kept.stat().st_mtime_ns
    lost = [folder / "clips" / "validation" / "00000", folder / "clips" / "train" / "00001"]
    before = {path: path.read_bytes() for clip in lost for path in clip.iterdir()}
    for clip in lost:
        shutil.rmtree(clip)
    (folder / "validation.json").unlink()
    events: list[dh.Progress | dh.Notice] = []
    recipe = folder.parent / "recipe.yaml"
    recipe.write_text(yaml.safe_dump({key: value for key, value in _SMALL.items() if key != "workers"}))
    synthesise(recipe, folder, {"workers": 2}, events.append)
    assert kept.stat().st_mtime_ns == stamp
    assert {path: path.read_bytes() for clip in lost for path in clip.iterdir()} == before
    assert (folder / "validation.json").is_file()
    last = events[-1]
    assert isinstance(last, dh.Progress) and last.done == last.total


def test_a_folder_of_another_recipe_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(dh.InputError, match="another recipe"):
        make_dataset(read_settings(Recipe, None, {**_SMALL, "seed": 9}), folder)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(dh.InputError, match="holds something"):
        make_dataset(read_settings(Recipe, None, _SMALL), tmp_path)


def test_an_idle_clip_keeps_its_mouth_closed() -> None:
    from dh_ditto.starter.layout import blendshapes_of
    from dh_ditto.synthesis.shapes import lip_opening

    clip = make_clip(read_settings(Recipe, None, {**_SMALL, "idle_share": 0.999}), "train", 0)
    assert not clip.speech.samples.any()
    assert lip_opening(blendshapes_of(clip.arrays["mtn"])).max() < 0.02


def test_breaths_lie_before_phrases_and_are_quiet() -> None:
    speech = np.zeros(64000, np.float32)
    speech[16000:24000] = speech[40000:48000] = 0.2
    phrases = [(1.0, 1.5), (2.5, 3.0)]
    heard = 0
    for seed in range(20):
        added = with_breaths(speech, phrases, np.random.default_rng(seed)) - speech
        assert not added[16000:24800].any() and not added[40000:].any()
        assert np.abs(added).max() < 0.1
        heard += bool(added.any())
    assert heard > 10


def test_without_espeak_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(dh.ExtraMissing, match="espeakng_loader"):
        make_dataset(read_settings(Recipe, None, _SMALL), tmp_path / "data")
    assert not (tmp_path / "data").exists()
