"""An evaluation computes what can be computed, says why not for the rest, and never ends for a metric."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dh
import gauges
from command_line import complaint, said
from dh.evaluation.material import Material
from dh.testing import write_distribution


@pytest.fixture
def metrics(site: Path) -> None:
    """The metrics of ``gauges``, and no others."""
    write_distribution(site, "gauges", "gauges")
    gauges.decoded.clear()


@pytest.fixture(autouse=True)
def only_gauges(metrics: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DH_PLUGINS", "gauges,toy")


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """12 silent grey frames of 64x48, 25 a second."""
    return write(tmp_path / "video.mp4")


def write(path: Path, *, level: int = 100, frames: int = 12, audio: Path | None = None) -> Path:
    with dh.VideoWriter(str(path), width=64, height=48, fps=25.0, audio=audio, codec="h264") as writer:
        for _ in range(frames):
            writer.write(np.full((48, 64, 3), level, np.uint8))
    return path


def rows(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in found["metrics"]}


def test_a_value_carries_version_count_rate_crop_weights_and_words(video: Path) -> None:
    found = dh.evaluate(video, metrics=["brightness", "darkness"])
    row = rows(found)["brightness"]
    assert row["value"] == pytest.approx(100, abs=2)
    expected = {"title": "Brightness", "unit": "levels", "tier": 0, "version": "3", "plugin": "gauges", "count": 12}
    assert {key: row[key] for key in expected} == expected
    assert (row["fps"], row["crop"], row["note"], row["why"]) == (25.0, "whole frame", "a note", None)
    assert row["explanation"] == "What brightness is."
    assert rows(found)["darkness"]["weights"] == {"w.bin": "ab"}
    assert found["series"]["level"] == [pytest.approx(100, abs=2), None, None]
    described = found["video"]
    assert (described["frames"], described["width"], described["height"], described["fps"]) == (12, 64, 48, 25.0)
    assert len(described["sha256"]) == 64
    assert {"dh-platform", "numpy"} <= set(found["packages"])


def test_what_fails_says_why_and_the_others_are_computed(video: Path) -> None:
    names = ["crash", "choosy", "endless", "wordy", "absent", "likeness", "hearing", "pace", "brightness"]
    found = rows(dh.evaluate(video, metrics=names))
    why = {name: row["why"] for name, row in found.items() if row["value"] is None}
    assert why["crash"] == "ZeroDivisionError: nothing to divide by"
    assert why["choosy"] == "the picture is not to its taste"
    assert why["endless"] == "the result is not a finite number (inf)"
    assert why["wordy"] == "wordy gave a str, not a dh.Measure"
    assert "needs no_such_module" in why["absent"]
    assert "--reference" in why["likeness"]
    assert "--audio" in why["hearing"]
    assert "run record" in why["pace"]
    assert list(set(found) - set(why)) == ["brightness"]


def test_by_default_what_can_be_computed_without_research_weights_is(video: Path) -> None:
    found = dh.evaluate(video)
    assert set(rows(found)) == {"brightness", "darkness", "crash", "choosy", "endless", "wordy"}
    assert {row["name"] for row in found["left_out"]} == {"likeness", "hearing", "pace", "absent"}
    assert all(row["why"] for row in found["left_out"])


@pytest.mark.parametrize(
    ("names", "tiers", "computed"),
    [
        (["secret"], None, {"secret"}),
        (None, [2], {"secret"}),
        (["brightness"], [2], {"brightness", "secret"}),
        ([], None, set()),
    ],
)
def test_names_and_tiers_choose(
    video: Path, names: list[str] | None, tiers: list[int] | None, computed: set[str]
) -> None:
    assert set(rows(dh.evaluate(video, metrics=names, tiers=tiers))) == computed


def test_a_shared_result_is_made_once_and_so_is_its_failure(video: Path) -> None:
    dh.evaluate(video, metrics=["brightness", "darkness"])
    assert gauges.decoded == ["video.mp4"]
    calls = []

    def fail(material: Material) -> None:
        calls.append(material)
        raise dh.NotMeasurable("no")

    material = Material(video)
    for _ in range(2):
        with pytest.raises(dh.NotMeasurable, match="no"):
            material.shared("test", fail)
    assert len(calls) == 1


def test_options_reach_their_metric(video: Path) -> None:
    plain, raised = (
        dh.evaluate(video, metrics=["brightness"], options=options)["metrics"][0]["value"]
        for options in ({}, {"brightness.gain": "2"})
    )
    assert raised == pytest.approx(2 * plain)
    with pytest.raises(dh.OptionError, match="--set gain=0: input should be greater than 0"):
        dh.evaluate(video, metrics=["brightness"], options={"gain": 0})


def test_reference_sound_and_record_are_looked_at_where_they_are(tmp_path: Path, video: Path, speech: Path) -> None:
    sounding = write(tmp_path / "sounding.mp4", frames=32, audio=speech)
    own, given = dh.evaluate(sounding), dh.evaluate(video, audio=speech, reference=sounding)
    assert rows(own)["hearing"]["count"] == pytest.approx(1.3 * 16000, rel=0.05)
    assert own["audio"]["path"] == str(sounding)
    assert rows(given)["hearing"]["count"] == 1.3 * 16000
    assert rows(given)["likeness"]["count"] == 32
    assert given["reference"]["sha256"] == own["video"]["sha256"]


def test_the_record_beside_the_video_is_read(video: Path) -> None:
    beside = video.with_name("video.mp4.json")
    beside.write_text(json.dumps({"record": 1, "timing": {"real_time_factor": 2.5}}))
    assert rows(dh.evaluate(video))["pace"]["value"] == 2.5
    beside.write_text("{}")
    notices: list[Any] = []
    found = dh.evaluate(video, on_event=notices.append)
    assert "pace" not in rows(found)
    assert any("not a run record" in event.text for event in notices if isinstance(event, dh.Notice))


def test_material_gives_frames_at_a_constant_rate_and_the_references_at_the_same(tmp_path: Path, video: Path) -> None:
    material = Material(video, reference=write(tmp_path / "other.mp4", level=50, frames=20))
    assert sum(1 for _ in material.frames()) == material.frame_count == 12
    first = next(material.reference_frames())
    assert first.shape == (48, 64, 3)
    assert first.mean() == pytest.approx(50, abs=2)
    assert material.reference_size == (64, 48)
    assert not material.has_sound
    with pytest.raises(dh.NotMeasurable, match=r"give the speech with --audio"):
        _ = material.samples
    with pytest.raises(dh.NotMeasurable, match=r"--reference"):
        Material(video).reference_frames()


def test_the_command_prints_a_table_json_and_writes_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, video: Path
) -> None:
    target = tmp_path / "found.json"
    out, _ = said(capsys, "evaluate", str(video), "--metrics", "brightness,crash", "-o", str(target))
    assert "Brightness" in out
    assert "ZeroDivisionError" in out
    written = json.loads(target.read_text(encoding="utf-8"))
    out, _ = said(capsys, "evaluate", str(video), "--metrics", "brightness,crash", "--json")
    printed = json.loads(out)
    assert printed["metrics"] == written["metrics"]
    assert math.isfinite(printed["seconds"])


def test_the_metrics_are_listed_with_state_and_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = said(capsys, "metrics")
    assert "no_such_module" in out
    out, _ = said(capsys, "metrics", "--json")
    listed = {row["name"]: row for row in json.loads(out)}
    assert listed["absent"]["state"] == "missing extra"
    assert listed["secret"]["tier"] == 2
    assert listed["darkness"]["higher_is_better"] is False


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.mp4"], "nowhere.mp4: no such file"),
        (["{text}"], "text.mp4"),
        (["{picture}"], "picture.png: is a picture; give a video"),
        (["{video}", "--metrics", "brightnes"], "--metrics: there is no 'brightnes'; did you mean 'brightness'?"),
        (["{video}", "--reference", "{text}"], "text.mp4"),
        (["{video}", "--audio", "nowhere.wav"], "nowhere.wav: no such file"),
        (["{video}", "--audio", "{video}"], "video.mp4: has no audio track"),
        (["{video}", "--set", "gian=2"], "did you mean 'gain'?"),
        (["{video}", "-o", "{video}"], "is one of the inputs"),
        (["{video}", "-o", "nowhere/found.json"], "there is no folder nowhere"),
    ],
)
def test_bad_input_ends_in_one_clear_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, video: Path, picture: Path, arguments: list[str], words: str
) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    given = [argument.format(video=video, text=text, picture=picture) for argument in arguments]
    assert words in complaint(capsys, "evaluate", *given)
    assert text.read_text() == "no video"


@pytest.mark.parametrize(
    ("declared", "problem"), [({"tier": 3}, "tier must be 0, 1 or 2"), ({"needs": ("luck",)}, "unknown needs")]
)
def test_a_metric_that_is_declared_wrongly_is_refused(declared: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        dh.MetricSpec(name="odd", summary="", implementation="odd:Odd", unit="", higher_is_better=None, **declared)
