"""A comparison: every variant on every input, kept where it is whole; what cannot be meant is refused before."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import av
import pytest
import yaml

import dh
from command_line import complaint, said

pytestmark = pytest.mark.usefixtures("toy_method")

FRAMES = 33
"""ceil(1.3 s x 25)."""


def results_of(report: Path) -> dict[str, Any]:
    results: dict[str, Any] = json.loads((report / "results.json").read_text())
    return results


def stamps(report: Path) -> dict[str, int]:
    """When each cell's video was written."""
    return {path.parent.name: path.stat().st_mtime_ns for path in report.glob("cells/*/video.mp4")}


def compare(report: Path, picture: Path, speech: Path, variants: list[str], **changes: Any) -> list[Any]:
    """Compares, without metrics unless asked; returns the events."""
    events: list[Any] = []
    given = {"sources": [picture], "audios": [speech], "metrics": [], "on_event": events.append, **changes}
    assert dh.compare(variants, output=report, **given) == report / "index.html"
    return events


def states(events: list[Any]) -> dict[str, str]:
    """The last state of each cell."""
    return {event.cell: event.state for event in events if isinstance(event, dh.CellEvent) and event.state != "joining"}


def test_a_comparison_has_every_cell_with_all_that_belongs_to_it(tmp_path: Path, picture: Path, speech: Path) -> None:
    report = tmp_path / "report"
    events = compare(report, picture, speech, ["toy", "toy:gain=2"], jobs=2, title="Two gains")
    assert states(events) == dict.fromkeys(("toy--picture--speech", "toy-gain-2--picture--speech"), "done")
    ends = [event for event in events if isinstance(event, dh.CellEvent) and event.state == "done"]
    assert [(event.ended, event.cells) for event in ends] == [(1, 2), (2, 2)]
    results = results_of(report)
    assert (results["comparison"], results["title"], results["machine"]["jobs"]) == (1, "Two gains", 2)
    toy, other = results["variants"]
    assert (toy["label"], toy["method"], toy["driver"], toy["renderer"]) == ("toy", "toy", "toy", "toy")
    assert other["options"] == {"driver.gain": 2.0}
    assert {"what": "driver toy", "name": "Apache-2.0", "commercial": "allowed"} in toy["licences"]
    for cell in results["cells"]:
        assert (cell["state"], cell["reason"], cell["frames"], cell["fps"]) == ("done", "", FRAMES, 25.0)
        assert (cell["width"], cell["height"], cell["evaluation"]) == (96, 64, None)
        assert sum(stage["share"] for stage in cell["stages"]) == pytest.approx(1, abs=1e-3)
        for part in ("video", "filmstrip", "record", "log"):
            assert (report / cell[part]).is_file()
        record = json.loads((report / cell["record"]).read_text())
        assert record["timing"]["peak_memory_mib"] <= cell["peak_memory_mib"]
        assert 0 < record["timing"]["first_frame_seconds"] < sum(record["timing"]["seconds"].values())
    with av.open(str(report / results["pairs"][0]["video"])) as pair:
        assert pair.streams.video[0].frames == FRAMES
        assert len(pair.streams.audio) == 1
    with av.open(str(report / results["audios"][0]["file"])) as audio:
        assert audio.streams.audio[0].codec_context.name == "aac"
    assert results["audios"][0]["duration"] == pytest.approx(1.3)
    assert (report / results["sources"][0]["picture"]).is_file()
    with (report / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["variant"], row["state"]) for row in rows] == [
        ("toy--picture--speech", "toy", "done"),
        ("toy-gain-2--picture--speech", "toy:gain=2", "done"),
    ]


def test_what_is_done_is_kept_and_what_has_changed_is_made_again(tmp_path: Path, picture: Path, speech: Path) -> None:
    report = tmp_path / "report"
    both = ["toy", "toy:gain=2"]
    compare(report, picture, speech, both, jobs=2)
    first = stamps(report)
    (report / "cells" / "toy--picture--speech" / "video.mp4").write_bytes(b"damaged")
    events = compare(report, picture, speech, both)
    assert states(events) == {"toy--picture--speech": "done", "toy-gain-2--picture--speech": "kept"}
    second = stamps(report)
    assert second["toy-gain-2--picture--speech"] == first["toy-gain-2--picture--speech"]
    pair = report / results_of(report)["pairs"][0]["video"]
    pair_stamp = pair.stat().st_mtime_ns
    assert set(states(compare(report, picture, speech, both)).values()) == {"kept"}
    assert stamps(report) == second
    assert pair.stat().st_mtime_ns == pair_stamp
    assert set(states(compare(report, picture, speech, ["toy"], seed=7)).values()) == {"done"}
    assert set(states(compare(report, picture, speech, ["toy:gain=2"], again="all")).values()) == {"done"}


def test_two_comparisons_do_not_write_into_one_folder(tmp_path: Path, picture: Path, speech: Path) -> None:
    report = tmp_path / "report"
    told: list[str] = []

    def start_another(event: Any) -> None:
        if not told:
            with pytest.raises(dh.InputError) as error:
                compare(report, picture, speech, ["toy:gain=3"])
            told.append(str(error.value))

    compare(report, picture, speech, ["toy"], on_event=start_another)
    assert told == [f"--output {report}: another comparison is at work in it; wait for its end, or name another folder"]
    assert [cell["state"] for cell in results_of(report)["cells"]] == ["done"]
    assert states(compare(report, picture, speech, ["toy"])) == {"toy--picture--speech": "kept"}


def test_a_new_metric_measures_again_and_renders_nothing(tmp_path: Path, picture: Path, speech: Path) -> None:
    pytest.importorskip("dh_metrics")
    report = tmp_path / "report"
    compare(report, picture, speech, ["toy"], metrics=["speed"])
    first = stamps(report)
    assert [metric["name"] for metric in results_of(report)["metrics"]] == ["speed"]
    compare(report, picture, speech, ["toy"], metrics=["speed", "first-frame", "peak-memory"])
    assert stamps(report) == first
    results = results_of(report)
    assert {metric["name"] for metric in results["metrics"]} == {"speed", "first-frame", "peak-memory"}
    values = {metric["name"]: metric["value"] for metric in results["cells"][0]["evaluation"]["metrics"]}
    assert all(value > 0 for value in values.values())
    with (report / "results.csv").open(newline="") as file:
        assert float(next(csv.DictReader(file))["speed"]) == values["speed"]


def test_several_inputs_from_a_manifest(
    tmp_path: Path, picture: Path, speech: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.wav").write_bytes(speech.read_bytes())
    manifest = tmp_path / "all.yaml"
    methods = ["toy", {"method": "toy", "options": {"gain": 2}, "label": "Loud"}]
    inputs = {"sources": ["picture.png"], "audios": ["speech.wav", "other.wav"]}
    manifest.write_text(yaml.safe_dump({"title": "All", "methods": methods, **inputs}))
    out, _ = said(capsys, "compare", "--manifest", str(manifest), "-o", str(tmp_path / "r"), "--dry-run", "--json")
    rows = json.loads(out)
    assert [(row["id"], row["would"]) for row in rows] == [
        ("toy--picture--speech", "run"),
        ("loud--picture--speech", "run"),
        ("toy--picture--other", "run"),
        ("loud--picture--other", "run"),
    ]
    assert not (tmp_path / "r").exists()


def test_the_command_says_how_each_cell_ended_and_lists_what_is_kept(
    tmp_path: Path, picture: Path, speech: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report"
    command = ("compare", "-m", "toy", "-s", str(picture), "-a", str(speech), "-o", str(report), "--metrics", "none")
    _, err = said(capsys, *command)
    notice, end, summary = err.splitlines()
    assert notice == "note: toy: the toy avatar sees a face everywhere"
    assert end.startswith("done          toy--picture--speech (")
    assert summary == f"1 of 1 cell is done: {report / 'index.html'}"
    out, _ = said(capsys, *command, "--dry-run", "--json")
    assert json.loads(out)[0]["would"] == "keep"
    assert said(capsys, *command, "--quiet") == ("", "")


@pytest.mark.usefixtures("weighty_method")
def test_missing_weights_are_known_before_anything_runs(
    tmp_path: Path, picture: Path, speech: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report"
    command = ("compare", "-m", "weighty", "-s", str(picture), "-a", str(speech), "-o", str(report))
    out, _ = said(capsys, *command, "--dry-run", "--json")
    assert json.loads(out)[0]["would"] == "missing"
    _, err = said(capsys, *command, status=1)
    assert err.splitlines()[-1] == f"dh: 0 of 1 cell is done, 1 missing: {report / 'index.html'}"
    cell = results_of(report)["cells"][0]
    assert (cell["state"], cell["video"]) == ("missing", None)
    assert cell["remedy"].startswith("run: dh checkpoints pull")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"-m": "tooy"}, "--methods tooy: there is no 'tooy'; did you mean 'toy'?"),
        ({"-m": "toy+toi"}, "--methods toy+toi: --driver: there is no 'toi'; did you mean 'toy'?"),
        ({"-m": "toy:gian=2"}, "--methods toy:gian=2: gian: unknown option 'gian'; did you mean 'gain'?"),
        ({"-m": "toy:gain=-2"}, "--methods toy:gain=-2: gain=-2: input should be greater than or equal to 0"),
        ({"-m": "toy,toy"}, "--methods: toy is named twice"),
        ({"-m": "to y"}, "--methods to y: write METHOD[@PROFILE]"),
        ({"-m": "toy@best"}, "--methods toy@best: --profile best: method toy has no profiles"),
        ({"-s": "none.png"}, "none.png: no such file"),
        ({"-a": "picture.png"}, "picture.png: is no picture, video or sound"),
        ({"-o": "full"}, "--output full: holds something other than a comparison"),
        ({"-o": "picture.png"}, "--output picture.png: is a file"),
        ({"--jobs": "0"}, "--jobs 0: give 1 or more"),
        ({"--memory": "0"}, "--memory 0: give GiB above 0"),
        ({"--timeout": "-1"}, "--timeout -1: give seconds above 0"),
        ({"--device": "tpu"}, "--device 'tpu'"),
        ({"--metrics": "sharpnes"}, "--metrics sharpnes: there is no such metric"),
        ({"--reference": "picture.png"}, "--reference picture.png: is a picture"),
        ({"--manifest": "all.yaml"}, "--manifest all.yaml: no such file"),
    ],
)
def test_mistakes_are_found_before_anything_runs(
    tmp_path: Path,
    picture: Path,
    speech: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").touch()
    given = {"-m": "toy", "-s": "picture.png", "-a": "speech.wav", "-o": "report", **changes}
    assert words in complaint(capsys, "compare", *(part for pair in given.items() for part in pair))
    assert not (tmp_path / "report").exists()
