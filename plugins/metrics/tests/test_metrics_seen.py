"""The whole way, on a video that a method made: its metrics are what is known of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dh
from dh.evaluation.material import Material
from dh_metrics.declared import TIER0


@pytest.fixture(scope="module")
def found(speaking: Path) -> dict[str, Any]:
    """The metrics of the speaking portrait, against itself."""
    elsewhere = ("psnr", "ssim", "hand-confidence", "hand-variance")
    names = [spec.name for spec in TIER0 if spec.name not in elsewhere]
    return dh.evaluate(speaking, reference=speaking, metrics=names)


@pytest.fixture(scope="module")
def rows(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in found["metrics"]}


def test_the_mouth_follows_the_speech_at_once(rows: dict[str, dict[str, Any]]) -> None:
    assert rows["mouth-audio-correlation"]["value"] > 0.6
    assert abs(rows["mouth-audio-lag"]["value"]) <= 1
    assert rows["mouth-audio-lag"]["count"] == 75


def test_sound_that_is_given_late_makes_the_mouth_early(speaking: Path, speech: Path, tmp_path: Path) -> None:
    import wave

    late = tmp_path / "late.wav"
    with wave.open(str(speech)) as source, wave.open(str(late), "wb") as target:
        target.setparams(source.getparams())
        quiet = int(source.getframerate() * 5 / 25) * source.getnchannels() * source.getsampwidth()
        target.writeframes(b"\0" * quiet + source.readframes(source.getnframes()))
    lags = [
        dh.evaluate(speaking, audio=audio, metrics=["mouth-audio-lag"])["metrics"][0]["value"]
        for audio in (speech, late)
    ]
    assert lags[1] == lags[0] - 5


def test_a_video_against_itself_is_perfect(rows: dict[str, dict[str, Any]]) -> None:
    values = [rows[name]["value"] for name in ("landmark-distance", "mouth-landmark-distance")]
    assert values == pytest.approx([0, 0], abs=1e-6)


def test_a_rendered_face_moves_without_freezes_or_trembling(rows: dict[str, dict[str, Any]]) -> None:
    assert rows["freezes"]["value"] == 0
    assert 0 < rows["jitter"]["value"] < 0.5
    assert 0.1 < rows["head-variety"]["value"] < 6
    assert rows["blink-rate"]["value"] < 60


def test_cost_is_what_the_run_record_says(rows: dict[str, dict[str, Any]], speaking: Path) -> None:
    timing = json.loads(speaking.with_name("speaking.mp4.json").read_text())["timing"]
    assert rows["speed"]["value"] == timing["real_time_factor"]
    assert rows["peak-memory"]["value"] == timing["peak_memory_mib"] > 10
    assert rows["first-frame"]["value"] == timing["first_frame_seconds"] > 0


def test_the_curves_that_reports_draw_are_there_for_every_frame(found: dict[str, Any]) -> None:
    names = {"mouth opening", "loudness", "pitch", "yaw", "roll", "eye opening", "blink"}
    assert names <= set(found["series"])
    for name in names:
        values = np.array(found["series"][name], float)
        assert values.shape == (75,), name
        assert np.isfinite(values).all(), name
    assert np.median(found["series"]["eye opening"]) == pytest.approx(1)
    assert max(found["series"]["loudness"]) == 1


def test_a_frozen_face_and_a_lost_face_are_noticed(speaking: Path, write_video: Callable[..., Path]) -> None:
    frames = list(Material(speaking).frames())
    grey = np.full_like(frames[0], 128)
    shown = [*frames[:30], *([frames[29]] * 25), *frames[30:60], *([grey] * 3), *frames[60:]]
    found = dh.evaluate(write_video(shown), metrics=["freezes", "jitter"])["metrics"]
    rows = {row["name"]: row for row in found}
    assert rows["freezes"]["value"] == pytest.approx(1.0, abs=0.081)
    assert rows["freezes"]["crop"] == "the face with its surroundings"
    lost = int(rows["jitter"]["note"].removeprefix("no face in ").partition(" ")[0])
    assert 3 <= lost <= 7, "it is found again within 0.2 s"


def test_an_old_record_says_that_it_does_not_tell(speaking: Path, write_video: Callable[..., Path]) -> None:
    video = write_video([np.zeros((64, 64, 3), np.uint8)] * 3)
    video.with_name("video.mp4.json").write_text('{"record": 1, "timing": {}}')
    row = dh.evaluate(video, metrics=["peak-memory"])["metrics"][0]
    assert row["why"].startswith("the run record does not tell how much memory")
