"""``dh bench`` measures whole runs, delays online and parts, draws them and compares two files of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from command_line import complaint, said
from dh.bench.online import CHUNK_SECONDS, PacedSpeech
from dh.bench.runs import PATIENCE, TRIAL_SECONDS, fitting_seconds
from dh.testing import write_distribution
from weighty_components import write_weights
from weighty_plugin import FILE

SHORT = ("--seconds", "0.4", "--repeats", "1", "-q")


@pytest.fixture
def inputs(picture: Path, speech: Path) -> tuple[str, ...]:
    """A small source and a short audio."""
    return ("-s", str(picture), "-a", str(speech))


def figures_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """What a measurement prints as JSON."""
    figures: dict[str, Any] = json.loads(said(capsys, "bench", *arguments, "--json")[0])
    return figures


def measured(tmp_path: Path, name: str, **changes: Any) -> Path:
    """A file of figures as ``dh bench -o`` writes it."""
    speed = {"frames_per_second": 20.0, "real_time_factor": 0.8, "slowest": 19.0, "fastest": 21.0}
    stage = {"name": "driver toy", "items": 5, "mean_ms": 4.0, "p50_ms": 3.9, "p95_ms": 5.0, "share": 1.0}
    figures = {
        "method": "toy",
        "options": {},
        "profile": None,
        "mode": "offline",
        "frame": [96, 64],
        "fps": 25.0,
        "register_seconds": 0.0,
        "driver": speed,
        "renderer": speed,
        "end_to_end": {**speed, "stages": [{**stage, "ms_per_frame": 2.0}]},
        "online": {
            "look_ahead_ms": 200.0,
            "first_frame_ms": {"cold": {"p50": 400.0, "p95": 500.0}, "warm": {"p50": 250.0, "p95": 260.0}},
            "delay_ms": {"p50": 255.0, "p95": 280.0},
            "chunk_ms": 40.0,
        },
        "parts": [{"name": "mouth", "ms": 2.0, "plain_ms": 3.0, "p95_ms": None, "note": "", "times_faster": 1.5}],
        "peak_memory_mib": 100.0,
        "machine": {"processor": "P", "cores": 2, "python": "3.11"},
    }
    path = tmp_path / name
    path.write_text(json.dumps({**figures, **changes}), encoding="utf-8")
    return path


def test_whole_runs_are_measured_stage_by_stage(
    toy_method: str, capsys: pytest.CaptureFixture[str], inputs: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "figures.json"
    arguments = ("-m", "toy", *inputs, "--seconds", "2", "--repeats", "1", "-q", "--set", "gain=2", "-o", str(file))
    figures = figures_of(capsys, *arguments)
    assert figures == json.loads(file.read_text())
    assert (figures["frames"], figures["mode"], figures["options"]) == (50, "offline", {"gain": "2"})
    assert figures["components"]["driver"] == {"name": "toy", "device": "cpu", "options": {"gain": 2.0}}
    assert [stage["name"] for stage in figures["renderer"]["stages"]] == ["renderer toy: draw"]
    for part in ("driver", "renderer", "end_to_end"):
        assert figures[part]["real_time_factor"] == pytest.approx(figures[part]["frames_per_second"] / 25, rel=0.01)
    assert figures["end_to_end"]["frames_per_second"] < figures["driver"]["frames_per_second"]
    assert figures["peak_memory_mib"] > 10
    stages = {stage["name"]: stage for stage in figures["end_to_end"]["stages"]}
    assert [*stages] == ["audio", "driver toy", "motion", "renderer toy: draw", "encode"]
    assert sum(stage["share"] for stage in stages.values()) == pytest.approx(1, abs=0.01)
    assert stages["encode"]["items"] == 50
    for stage in stages.values():
        assert 0 <= stage["p50_ms"] <= stage["p95_ms"]
        assert stage["mean_ms"] * stage["items"] == pytest.approx(stage["ms_per_frame"] * 50, abs=0.2)


def test_delays_are_measured_online_whatever_the_mode_of_the_runs(
    toy_method: str, capsys: pytest.CaptureFixture[str], inputs: tuple[str, ...]
) -> None:
    for mode in ("offline", "online"):
        figures = figures_of(capsys, "toy", *inputs, *SHORT, "--mode", mode)
        online = figures["online"]
        assert figures["mode"] == mode
        assert (online["look_ahead_ms"], online["chunk_ms"]) == (0.0, 40.0)
        assert 0 < online["first_frame_ms"]["cold"]["p50"] <= online["first_frame_ms"]["cold"]["p95"]
        assert online["first_frame_ms"]["warm"]["p50"] > 0
        assert 0 < online["delay_ms"]["p50"] <= online["delay_ms"]["p95"]


def test_a_driver_that_needs_the_whole_speech_has_no_delays(
    toy_method: str, site: Path, capsys: pytest.CaptureFixture[str], inputs: tuple[str, ...]
) -> None:
    source = """
import dh

@dh.hookimpl
def dh_drivers():
    yield dh.DriverSpec(
        name="patient", summary="", implementation="dh.testing.toy_components:ToyDriver", motion_space="arkit",
        look_ahead=None, options="dh.testing.toy_components:ToyDriverOptions",
    )
"""
    write_distribution(site, "patient", "patient_plugin", source=source)
    assert figures_of(capsys, "toy", "--driver", "patient", *inputs, *SHORT)["online"] is None
    assert (
        "online: the driver needs the whole speech"
        in said(capsys, "bench", "toy", "--driver", "patient", *inputs, *SHORT)[0]
    )
    complained = complaint(capsys, "bench", "toy", "--driver", "patient", *inputs, *SHORT, "--mode", "online")
    assert complained.startswith("--mode online: driver patient needs the whole speech")


def test_paced_speech_tells_when_the_sound_of_a_frame_has_arrived() -> None:
    samples = np.arange(1000, dtype=np.float32)
    speech = PacedSpeech(samples)
    speech.began = -1e9  # long ago: everything is there at once
    chunks = [chunk for chunk, _ in zip(speech, range(5), strict=False)]
    assert [chunk.start for chunk in chunks] == [0, 640, 1280, 1920, 2560]
    assert np.array_equal(np.concatenate([chunk.samples for chunk in chunks]), np.resize(samples, 3200))
    for frame, chunk in ((0, 0), (1, 1), (7, 7)):
        assert speech.heard(frame, 25) == speech.began + chunk * CHUNK_SECONDS
    # Frame 2 of 30 a second ends with sample 1599, in the third chunk.
    assert speech.heard(2, 30) == speech.began + 2 * CHUNK_SECONDS


def test_parts_are_measured_without_weights_and_runs_left_out_with_a_note(
    weighty_method: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "figures.json"
    out, error = said(capsys, "bench", "weighty", "--repeats", "7", "--json", "-o", str(file))
    figures = json.loads(out)
    assert figures == json.loads(file.read_text())
    calls, left_out = error.splitlines()
    assert calls == "note: 7 calls on cpu"
    assert left_out.startswith("note: whole runs are left out: ")
    assert "missing weights" in left_out
    assert figures["method"] == "weighty"
    assert figures["parts"] == [
        {"name": "mouth", "ms": 2.0, "plain_ms": 3.0, "note": "one frame", "p95_ms": 2.5, "times_faster": 1.5},
        {"name": "nose", "ms": 0.5, "plain_ms": None, "note": "", "p95_ms": None, "times_faster": None},
    ]
    assert "end_to_end" not in figures
    printed, _ = said(capsys, "bench", "-m", "weighty", "-q", "--only", "parts", "--set", "label=bf16")
    assert [line.split() for line in printed.splitlines() if line.startswith(("mouth", "nose"))] == [
        ["mouth", "2.0", "2.5", "3.0", "1.50", "bf16"],
        ["nose", "0.5"],
    ]


@pytest.mark.parametrize("asking", ["--seconds", "--source", "--only"])
def test_runs_that_were_asked_for_are_never_left_out(
    weighty_method: str,
    checkpoint_root: Path,
    capsys: pytest.CaptureFixture[str],
    picture: Path,
    inputs: tuple[str, ...],
    asking: str,
) -> None:
    values = {"--seconds": "0.4", "--source": str(picture), "--only": "runs"}
    assert "missing weights" in complaint(capsys, "bench", "weighty", asking, values[asking], "-q", status=3)
    write_weights(checkpoint_root / "weighty-free", "0.5")
    figures = figures_of(capsys, "weighty", *inputs, *SHORT)
    assert (len(figures["parts"]), figures["frames"], figures["fps"]) == (2, 8, 20.0)
    (checkpoint_root / "weighty-free" / FILE).unlink()


@pytest.mark.usefixtures("weighty_method")
@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("weighty", "-m", "toy"), 2, "two methods are named, weighty and toy; give one"),
        (("weighty", "--device", "cuda"), 3, "--device cuda: this machine has cpu; choose one of these or 'auto'"),
        (("toy", "--only", "parts"), 2, "--only parts: method toy measures no parts of its own; leave it out"),
        (("toy", "--plot", "figures.jpg"), 2, "--plot figures.jpg: end its name in .png, .svg, .pdf"),
        (("toy", "--compare", "a", "b"), 2, "--compare measures nothing: give it the two files alone"),
        (("toy", "-s", "nowhere.png"), 2, "--source nowhere.png: no such file"),
    ],
)
def test_what_cannot_be_measured_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    status: int,
    words: str,
) -> None:
    monkeypatch.setattr("dh.states.available_devices", lambda: ("cpu",))
    assert complaint(capsys, "bench", *arguments, status=status) == words


def test_figures_are_printed_for_people(
    toy_method: str, capsys: pytest.CaptureFixture[str], inputs: tuple[str, ...]
) -> None:
    printed = said(capsys, "bench", "toy", *inputs, *SHORT)[0]
    rows = [line.split("  ")[0] for line in printed.splitlines()]
    for words in ("driver alone", "everything, with encoding", "renderer toy: draw", "first frame, warm"):
        assert words in rows
    assert "look-ahead 0 ms of it" in printed


def test_without_matplotlib_a_picture_is_refused_before_anything_is_measured(
    toy_method: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("dh.bench.plot.importable", lambda module: False)
    monkeypatch.delenv("DH_LAUNCHER", raising=False)
    line = complaint(capsys, "bench", "toy", "--plot", str(tmp_path / "figures.png"), status=3)
    assert line == "--plot: missing extra: needs matplotlib; run: pip install 'dh-platform[plot]'"


def test_figures_are_drawn(toy_method: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from dh.bench.plot import plot

    figures = json.loads(measured(tmp_path, "a.json").read_text())
    plot(figures, tmp_path / "all.svg")
    drawn = (tmp_path / "all.svg").read_text(encoding="utf-8")
    for words in ("driver toy", "look-ahead", "mouth", "everything"):
        assert f"<!-- {words} -->" in drawn
    plot({key: figures[key] for key in ("method", "parts", "machine")}, tmp_path / "parts.svg")
    assert "<!-- everything -->" not in (tmp_path / "parts.svg").read_text(encoding="utf-8")
    plot({**figures, "online": None}, tmp_path / "offline.png")
    assert (tmp_path / "offline.png").read_bytes().startswith(b"\x89PNG")


def test_two_files_are_compared_figure_by_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    speed = {"frames_per_second": 40.0}
    first = measured(tmp_path, "first.json")
    second = measured(tmp_path, "second.json", driver=speed, peak_memory_mib=200.0, register_seconds=1.0, online=None)
    rows = {
        row["name"]: row for row in json.loads(said(capsys, "bench", "--compare", str(first), str(second), "--json")[0])
    }
    assert rows["driver alone, frames/s"] == {
        "name": "driver alone, frames/s",
        "first": 20.0,
        "second": 40.0,
        "times_better": 2.0,
    }
    assert rows["peak memory, MiB"]["times_better"] == 0.5
    assert rows["registration, s"]["times_better"] is None
    assert rows["part mouth, ms"]["times_better"] == 1.0
    assert not any("first frame" in name for name in rows)
    printed = said(capsys, "bench", "--compare", str(first), str(second))[0].splitlines()
    assert printed[0].split() == ["figure", "first.json", "second.json", "times", "better"]
    assert [line.split() for line in printed if line.startswith("driver alone")] == [
        ["driver", "alone,", "frames/s", "20", "40", "2.00"]
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"method": "other"}, "method is toy in the first and other in the second; measure both alike"),
        ({"frame": [64, 64]}, "frame is 96x64 in the first and 64x64 in the second; measure both alike"),
    ],
)
def test_files_of_different_work_are_not_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], words: str
) -> None:
    files = [str(measured(tmp_path, "a.json")), str(measured(tmp_path, "b.json", **changes))]
    assert complaint(capsys, "bench", "--compare", *files) == f"--compare {' '.join(files)}: {words}"


@pytest.mark.parametrize("content", [None, "no JSON", "[1]", '{"method": "toy"}'])
def test_a_file_of_something_else_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    other = tmp_path / "other.json"
    if content is not None:
        other.write_text(content, encoding="utf-8")
    assert str(other) in complaint(capsys, "bench", "--compare", str(other), str(measured(tmp_path, "a.json")))


def test_a_slow_machine_is_given_less_speech() -> None:
    assert fitting_seconds(rate=1000.0, fps=25.0) == 20.0
    assert fitting_seconds(rate=2.5, fps=25.0) == pytest.approx(PATIENCE / 10)
    assert fitting_seconds(rate=0.01, fps=25.0) == TRIAL_SECONDS
