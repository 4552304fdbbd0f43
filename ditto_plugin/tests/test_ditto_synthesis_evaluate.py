"""Measures of motion against known phonemes, on series whose answers are known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import dh
from dh_ditto.starter.layout import rows_from
from dh_ditto.synthesis.clip import SOUND, TRUTH, write_wave
from dh_ditto.synthesis.evaluate import (
    TruthClip,
    closures_reached,
    correlation,
    evaluate,
    jitter,
    pause_frames,
    pause_opening,
    variety,
    viseme_rows,
)
from dh_ditto.synthesis.shapes import SHAPE


def test_correlation_of_a_series_with_itself_and_its_opposite() -> None:
    series = np.sin(np.arange(100.0))
    assert correlation(series, 3 * series + 1) == pytest.approx(1)
    assert correlation(series, -series) == pytest.approx(-1)
    assert np.isnan(correlation(series, np.ones(100)))


def test_closures_count_within_their_tolerance() -> None:
    opening = np.ones(100)
    opening[50] = 0.0  # middle at 2.02 s
    opening[75] = 0.2
    assert closures_reached(opening, [(2.0, 2.04)], 0.05) == 1
    assert closures_reached(opening, [(2.07, 2.1)], 0.05) == 1
    assert closures_reached(opening, [(2.10, 2.2)], 0.05) == 0
    assert closures_reached(opening, [(2.0, 2.04), (3.0, 3.04)], 0.05) == 0.5
    assert closures_reached(opening, [(2.0, 2.04), (3.0, 3.04)], 0.25) == 1
    assert np.isnan(closures_reached(opening, [], 0.25))


def test_pauses_are_measured_away_from_their_ends() -> None:
    opening = np.ones(100)
    opening[25:50] = 0.1
    assert pause_frames(100, [(1.0, 2.0)]).sum() == 15
    assert pause_opening(opening, [(1.0, 2.0)]) == pytest.approx(0.1)
    assert np.isnan(pause_opening(opening, [(1.0, 1.3)]))


def test_jitter_is_the_second_difference_of_idle_frames() -> None:
    inside = np.zeros(50, bool)
    inside[10:30] = True
    assert jitter(np.arange(50.0), inside) == pytest.approx(0, abs=1e-12)
    assert jitter(np.arange(50) % 2 * 1.0, inside) == pytest.approx(2)
    assert np.isnan(jitter(np.arange(50.0), np.zeros(50, bool)))


def test_variety_is_the_difference_of_two_runs() -> None:
    assert variety(np.zeros((4, 3)), np.full((4, 3), 2.0)) == pytest.approx(2)


def _buzz(length: int) -> np.ndarray:
    """A second of silence, then a voice: a decaying wave at 700 Hz, 120 times a second."""
    phase = np.arange(length) / 16000 % (1 / 120)
    return np.where(np.arange(length) < 16000, 0, 0.4 * np.exp(-phase * 300) * np.sin(2 * np.pi * 700 * phase))


def _folder(path: Path, opening: np.ndarray) -> Path:
    clip = path / "clips" / "validation" / "00000"
    clip.mkdir(parents=True)
    segments = [[0, 1, "", "pause", "pause"], [1, 1.1, "p", "bilabial", "stop"], [1.1, 2, "a", "vowel", "vowel"]]
    (clip / TRUTH).write_text(json.dumps({"segments": segments, "opening": opening.tolist()}))
    write_wave(clip / SOUND, _buzz(640 * len(opening)))
    np.save(clip / "emo.npy", np.zeros((len(opening), 8)))
    np.save(clip / "style.npy", np.ones((len(opening), 2)))
    (path / "validation.json").write_text(json.dumps([{"mtn": "clips/validation/00000/mtn.npy"}]))
    return path


def _opening() -> np.ndarray:
    opening = np.zeros(50)
    opening[28:] = 0.4 + 0.1 * np.sin(np.arange(22))
    return opening


def test_a_driver_that_does_as_the_truth_does_has_full_marks(tmp_path: Path) -> None:
    def driver(clip: TruthClip, seed: int) -> np.ndarray:
        weights, still = np.zeros((len(clip.opening), 52)), np.zeros((len(clip.opening), 3))
        turned = np.full_like(still, seed)
        weights[:, SHAPE["jawOpen"]] = clip.opening
        return rows_from(weights, turned, still)

    found = evaluate(driver, _folder(tmp_path, _opening()))
    assert found.correlation == pytest.approx(1)
    assert (found.closures, found.shut, found.pauses) == (1, 1, 0)
    assert found.mouth_variety == 0
    assert found.head_variety == pytest.approx(1)
    assert found.clips == 1
    assert "correlation    1" in found.table()


def test_a_driver_of_the_wrong_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="50 frames"):
        evaluate(lambda clip, seed: np.zeros((3, 58)), _folder(tmp_path, _opening()))


def test_the_viseme_driver_can_be_measured(tmp_path: Path) -> None:
    found = evaluate(viseme_rows, _folder(tmp_path, _opening()))
    assert found.correlation > 0.5
    assert found.mouth_variety == 0
    assert found.head_variety > 0


def test_folders_without_clips_are_refused(tmp_path: Path) -> None:
    with pytest.raises(dh.InputError, match="validation"):
        evaluate(viseme_rows, tmp_path)
    (tmp_path / "validation.json").write_text("[]")
    with pytest.raises(dh.InputError, match="no clips"):
        evaluate(viseme_rows, tmp_path)
    with pytest.raises(dh.InputError, match="no validation clip"):
        TruthClip.read(tmp_path)
