"""``dh bench --tune`` keeps a method's best configuration, and later runs take it where nothing else is said."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tunable_plugin import Clock

import dh
from command_line import said
from dh.bench.tuning import LEAST_FRAMES, PATIENCE, fitting_frames
from dh.testing import write_distribution

Record = dict[str, Any]


@pytest.fixture
def tunable(toy_method: str, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The methods of ``tunable_plugin``, timed by its clock; the file of what is tuned."""
    write_distribution(site, "tunable", "tunable_plugin")
    clock = SimpleNamespace(perf_counter=lambda: 1e-3 * time.perf_counter() + Clock.spent)
    monkeypatch.setattr("dh.bench.tuning.time", clock)
    file = tmp_path / "home" / "tuned.json"
    monkeypatch.setenv("DH_TUNED", str(file))
    return file


@pytest.fixture
def inputs(picture: Path, speech: Path) -> tuple[str, ...]:
    return ("-s", str(picture), "-a", str(speech))


@pytest.fixture
def tune(tunable: Path, inputs: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> Callable[..., Record]:
    """Tunes a method; gives the figures."""

    def run(method: str = "tunable", *arguments: str) -> Record:
        common = (*inputs, "--seconds", "0.4", "--repeats", "1", "-q", "--json")
        figures: Record = json.loads(said(capsys, "bench", method, "--tune", *common, *arguments)[0])
        return figures

    return run


@pytest.fixture
def run(tunable: Path, picture: Path, speech: Path, tmp_path: Path) -> Callable[..., Record]:
    """Runs a method; gives the renderer's part of the record."""

    def renderer(**changes: Any) -> Record:
        values: dict[str, Any] = {"method": "tunable", "source": picture, "audio": speech, **changes}
        record = dh.run(**values, output=tmp_path / "out.mp4")
        part: Record = record["components"]["renderer"]
        return part

    return renderer


def test_the_fastest_whose_frames_are_the_references_is_kept(tunable: Path, tune: Callable[..., Record]) -> None:
    output = tunable.with_name("figures.json")
    tunable.parent.mkdir()
    figures = tune("tunable", "-o", str(output))
    assert figures == json.loads(output.read_text())
    rows = {row["options"]["way"]: row for row in figures["candidates"]}
    assert list(rows) == ["plain", "wrong", "broken", "close", "same"]
    assert {way: row["result"] for way, row in rows.items()} == {
        "plain": "slower",
        "wrong": "refused",
        "broken": "left out",
        "close": "chosen",
        "same": "slower",
    }
    assert [way for way, row in rows.items() if row["reference"]] == ["plain"]
    speeds = {way: row["frames_per_second"] for way, row in rows.items()}
    assert speeds == {"plain": pytest.approx(5, 0.01), "wrong": pytest.approx(100, 0.01), "broken": None,
                      "close": pytest.approx(10, 0.01), "same": pytest.approx(5.1, 0.01)}  # fmt: skip
    assert (rows["plain"]["psnr"], rows["close"]["psnr"], rows["same"]["psnr"]) == (None, pytest.approx(48.13), 100.0)
    assert rows["wrong"]["psnr"] < 20
    assert rows["broken"]["reason"] == "way=broken: this machine cannot do it"
    assert {row["frames"] for row in rows.values()} == {10, 0}
    assert figures["tuned"] == {"options": {"way": "close"}, "device": "cpu", "file": str(tunable)}
    assert sorted(path.name for path in tunable.parent.iterdir()) == ["figures.json", "tuned.json"]


def test_what_is_hardly_faster_than_the_reference_is_not_kept(tune: Callable[..., Record]) -> None:
    figures = tune("steady")
    assert [row["result"] for row in figures["candidates"]] == ["chosen", "slower"]


def test_the_table_says_what_became_of_every_candidate(
    tunable: Path, inputs: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("bench", "tunable", "--tune", *inputs, "--seconds", "0.4", "--repeats", "1", "-q")
    lines = said(capsys, *arguments)[0].splitlines()
    rows = {line.split()[0]: line.rstrip() for line in lines if line.startswith("way=")}
    assert rows["way=plain"].endswith("reference, slower")
    assert rows["way=close"].split() == ["way=close", "10", "10", "48.1", "chosen"]
    assert rows["way=wrong"].endswith("refused: below 45 dB")
    assert rows["way=broken"].endswith("left out: way=broken: this machine cannot do it")
    assert f"later runs take way=close, where nothing else is said: {tunable}" in lines


def test_later_runs_take_it_and_say_so_in_their_record(tune: Callable[..., Record], run: Callable[..., Record]) -> None:
    before = run()
    assert (before["options"]["way"], before["tuned"]) == ("plain", {})
    tune()
    after = run()
    assert (after["options"]["way"], after["tuned"]) == ("close", {"way": "close"})
    beside = run(options={"colour": 7})
    assert (beside["options"], beside["tuned"]) == ({"way": "close", "colour": 7}, {"way": "close"})
    other = run(method="steady")
    assert other["tuned"] == {}


def test_all_that_the_user_says_comes_before(
    tune: Callable[..., Record], run: Callable[..., Record], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tune()
    said_so = run(options={"way": "same"})
    assert (said_so["options"]["way"], said_so["tuned"]) == ("same", {})
    preset = tmp_path / "preset.yaml"
    preset.write_text("method: tunable\noptions:\n  renderer: {way: plain}\n", encoding="utf-8")
    assert run(config=str(preset))["tuned"] == {}
    monkeypatch.setenv("DH_OPT_WAY", "auto")
    in_environment = run()
    assert (in_environment["options"]["way"], in_environment["tuned"]) == ("plain", {})


def test_a_record_repeats_it_wherever_nothing_is_tuned(
    tunable: Path, tune: Callable[..., Record], run: Callable[..., Record], tmp_path: Path
) -> None:
    tune()
    first = run()
    tunable.unlink()
    record = dh.run(from_record=tmp_path / "out.mp4.json", output=tmp_path / "again.mp4")
    again = record["components"]["renderer"]
    assert (again["options"], again["tuned"]) == (first["options"], {})
    assert run()["options"]["way"] == "plain"


@pytest.mark.parametrize(
    "change",
    [
        lambda tuning: tuning["machine"].update(cores=1000),
        lambda tuning: tuning["machine"]["packages"].update(toy="0.1"),
        lambda tuning: tuning["work"].update(device="cuda"),
        lambda tuning: tuning["work"].update(weights=["/elsewhere"]),
        lambda tuning: tuning["work"].update(components=["toy", "other", "tunable"]),
    ],
)
def test_it_counts_for_the_work_and_the_machine_that_were_measured(
    tunable: Path, tune: Callable[..., Record], run: Callable[..., Record], change: Callable[[Any], None]
) -> None:
    tune()
    held = json.loads(tunable.read_text())
    change(held["tunings"][0])
    tunable.write_text(json.dumps(held))
    assert run()["tuned"] == {}


def test_tuning_again_replaces_what_was_tuned_before(tunable: Path, tune: Callable[..., Record]) -> None:
    tune()
    held = json.loads(tunable.read_text())
    held["tunings"][0]["machine"]["packages"]["toy"] = "0.1"  # of an older plugin
    tunable.write_text(json.dumps(held))
    tune()
    tune("steady")
    tunings = json.loads(tunable.read_text())["tunings"]
    assert [tuning["work"]["method"] for tuning in tunings] == ["tunable", "steady"]
    assert "0.1" not in tunings[0]["machine"]["packages"].values()


def test_doctor_tells_what_is_tuned_and_what_could_be(
    tune: Callable[..., Record], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DH_LAUNCHER", raising=False)
    tune()
    lines = said(capsys, "doctor")[0].splitlines()
    words = "ok    tuning of method tunable: way=close on cpu: 10 frames/s, 2.00 times way=plain"
    assert [line for line in lines if "method tunable:" in line and "tuning" in line] == [words]
    remedy = "to measure what is fastest here run: dh bench steady --tune"
    assert f"note  tuning of method steady: not tuned for this machine as it is now; {remedy}" in lines
    assert not any("method toy" in line and "tuning" in line for line in lines)


def test_what_was_tuned_is_forgotten(
    tunable: Path, tune: Callable[..., Record], run: Callable[..., Record], capsys: pytest.CaptureFixture[str]
) -> None:
    tune()
    tune("steady")
    assert said(capsys, "bench", "tunable", "--forget")[0] == "1 tuned configuration of tunable forgotten\n"
    assert [tuning["work"]["method"] for tuning in json.loads(tunable.read_text())["tunings"]] == ["steady"]
    assert run()["tuned"] == {}
    forgotten = json.loads(said(capsys, "bench", "tunable", "--forget", "--json")[0])
    assert forgotten == {"method": "tunable", "profile": None, "forgotten": 0}


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("toy", "--tune"), 2, "--tune: method toy declares nothing to choose from; leave --tune out"),
        (("tunable", "--tune", "--set", "renderer.way=same"), 2, "--set renderer.way: --tune chooses this option"),
        (("hopeless", "--tune"), 3, "way=broken: this machine cannot do it"),
        (("tunable", "--tune", "--only", "runs"), 2, "--tune: measures whole runs of candidates; leave --only out"),
        (("tunable", "--forget", "--tune"), 2, "--forget measures nothing"),
        (("--forget",), 2, "--forget: name a method, as in 'dh bench METHOD --forget'"),
        (("tunable", "--forget", "--profile", "best"), 2, "--profile best: method tunable has no such profile"),
        (("--tune", "--compare", "a", "b"), 2, "--compare measures nothing: give it the two files alone"),
    ],
)
def test_what_cannot_be_tuned_is_told_in_one_line(
    tunable: Path,
    picture: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    status: int,
    words: str,
) -> None:
    measures = "--tune" in arguments and not {"--compare", "--forget"} & set(arguments)
    given = ("-s", str(picture)) if measures else ()
    out, error = said(capsys, "bench", *arguments, *given, "-q", status=status)
    notices = [line for line in error.splitlines() if line.startswith("note:")]
    assert out == ""
    assert error.splitlines() == [*notices, error.splitlines()[-1]]
    assert error.splitlines()[-1].startswith(f"dh: {words}")
    assert not tunable.exists()


@pytest.mark.parametrize("content", ["no JSON", '{"version": 2}', '{"tunings": [{"work": 1}]}'])
def test_a_damaged_file_is_named(
    tunable: Path, run: Callable[..., Record], capsys: pytest.CaptureFixture[str], content: str
) -> None:
    tunable.parent.mkdir()
    tunable.write_text(content)
    with pytest.raises(dh.InputError, match=r"tuned\.json: not a file of 'dh bench --tune' of this version; delete it"):
        run()
    assert "FAIL  tuning of method tunable:" in said(capsys, "doctor", status=1)[0]


@pytest.mark.parametrize(
    ("rate", "wanted", "frames"),
    [(1000.0, 50, 50), (1.0, 50, round(PATIENCE)), (0.25, 50, round(PATIENCE / 4)), (0.01, 50, LEAST_FRAMES)],
)
def test_a_slow_candidate_makes_few_frames(rate: float, wanted: int, frames: int) -> None:
    assert fitting_frames(rate, wanted) == frames


def test_two_tunings_are_compared_candidate_by_candidate(
    tune: Callable[..., Record], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tmp_path / name) for name in ("a.json", "b.json")]
    for file in files:
        tune("tunable", "-o", file)
    rows = json.loads(said(capsys, "bench", "--compare", *files, "--json")[0])
    names = [row["name"] for row in rows if row["name"].startswith("candidate")]
    assert names == [f"candidate way={way}, frames/s" for way in ("plain", "wrong", "close", "same")]


@pytest.mark.parametrize("candidates", [({},), ("torch",)])
def test_a_candidate_without_options_is_refused(candidates: Any) -> None:
    with pytest.raises(ValueError, match="each candidate is a mapping"):
        dh.MethodSpec(name="m", summary="", avatar="a", driver="d", renderer="r", candidates=candidates)
