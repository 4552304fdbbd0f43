"""What the commands around a run say of a method's profiles: all of them count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dh.cli import run_command
from dh.cli.reference import method_reference
from weighty_components import write_weights


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run_command(list(arguments)) == 0
    return capsys.readouterr().out


def test_methods_list_and_show_profiles_with_their_states(
    profiled_method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    row = next(row for row in json.loads(output(capsys, "methods", "--json")) if row["name"] == profiled_method)
    assert (row["state"], row["profile"], row["driver"]) == ("ok", "small", "toy")
    assert [(p["name"], p["state"]) for p in row["profiles"]] == [("full", "missing weights"), ("small", "ok")]
    listed = output(capsys, "methods")
    assert "profiled, profile full: weighty needs the checkpoint weighty-research; run: dh checkpoints pull" in listed
    shown = output(capsys, "methods", "show", profiled_method)
    assert "profile full: missing weights; run: dh checkpoints pull weighty-research" in shown
    assert "profile small, shown here: ok" in shown
    assert "training: dh prepare profiled, dh train profiled" in shown
    assert "avatar: toy" in shown
    assert "driver: weighty" in output(capsys, "methods", "show", profiled_method, "--profile", "full")


def test_methods_for_commerce_show_what_such_a_run_would_take(
    profiled_method: str, checkpoint_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_weights(checkpoint_root / "weighty-research", "0.5")
    for arguments, expected in (((), "full"), (("--commercial-only",), "small")):
        rows = {row["name"]: row for row in json.loads(output(capsys, "methods", "--json", *arguments))}
        assert rows[profiled_method]["profile"] == expected


def test_doctor_looks_at_every_profile(profiled_method: str, capsys: pytest.CaptureFixture[str]) -> None:
    findings = {finding["subject"]: finding["level"] for finding in json.loads(output(capsys, "doctor", "--json"))}
    assert findings["method profiled"] == findings["method profiled, profile small"] == "ok"
    assert findings["method profiled, profile full"] == "missing"


def test_pull_and_export_count_the_weights_of_every_profile(
    profiled_method: str, checkpoint_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pulled: list[str] = []
    monkeypatch.setattr("dh.checkpoints.pull", lambda spec, force: pulled.append(spec.name))
    assert run_command(["checkpoints", "pull", profiled_method]) == 0
    assert pulled == ["weighty-research"]
    assert run_command(["export", profiled_method]) == 3
    assert "run: dh checkpoints pull weighty-research; or name a folder with --weights" in capsys.readouterr().err
    write_weights(checkpoint_root / "weighty-free", "0.5")
    assert output(capsys, "export", profiled_method) == f"{checkpoint_root / 'weighty-free' / 'onnx-fp32'}\n"


def test_bench_measures_one_profile_and_names_it(
    profiled_method: str, picture: Path, speech: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["-s", str(picture), "-a", str(speech), "--seconds", "1", "--repeats", "1", "--json"]
    assert run_command(["bench", profiled_method, *words]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["profile"] == "small"
    assert said.err.count("note: profile small: ") == 1
    assert run_command(["bench", profiled_method, *words, "--profile", "full"]) == 3


def test_the_reference_of_a_method_has_every_profile_whatever_is_here(
    profiled_method: str, checkpoint_root: Path
) -> None:
    page = method_reference(profiled_method)
    assert "| `full` | a box that weights move |" in page
    assert page.index("## profile `full`") < page.index("### driver: `weighty`") < page.index("## profile `small`")
    assert "### driver: `toy`" in page
    write_weights(checkpoint_root / "weighty-free", "0.5")
    assert method_reference(profiled_method) == page
