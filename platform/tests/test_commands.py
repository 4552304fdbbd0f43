"""The commands around a run: what they list, measure and say, for people and for scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dh.cli import run_command
from dh.testing import write_distribution

pytestmark = pytest.mark.usefixtures("toy_method")

HEAVY = """
import dh

@dh.hookimpl
def dh_drivers():
    yield dh.DriverSpec(
        name="heavy", summary="", implementation="nowhere:Heavy", motion_space="arkit", look_ahead=None,
        requires=("no_such_module",), extra="torch",
    )

@dh.hookimpl
def dh_methods():
    yield dh.MethodSpec(name="heavy", summary="needs more", avatar="toy", driver="heavy", renderer="toy")
"""


def output(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert run_command(list(arguments)) == status
    return capsys.readouterr().out


def rows(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    return {row["name"]: row for row in json.loads(output(capsys, *arguments, "--json"))}


def test_a_method_that_needs_more_is_listed_with_the_one_command_that_adds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], picture: Path, speech: Path
) -> None:
    write_distribution(tmp_path / "site", "dh-heavy", "heavy_plugin", source=HEAVY)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setenv("DH_LAUNCHER", "./dh")
    method = rows(capsys, "methods")["heavy"]
    assert (method["state"], method["remedy"]) == ("missing extra", "run: ./dh setup all")
    assert "heavy: heavy needs no_such_module; run: ./dh setup all" in output(capsys, "methods")
    run = ["run", "-m", "heavy", "-s", str(picture), "-a", str(speech), "-o", str(tmp_path / "out.mp4")]
    assert run_command(run) == 3
    assert capsys.readouterr().err == "dh: heavy: missing extra: needs no_such_module; run: ./dh setup all\n"


COMMANDS = """
import dh

@dh.hookimpl
def dh_commands(app):
    @app.command("wave")
    def wave() -> None:
        "Say hello."
        print("hello")
    {then}
"""


def test_a_plugin_may_bring_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_distribution(tmp_path / "site", "waving", "waving_plugin", source=COMMANDS.format(then=""))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert output(capsys, "wave") == "hello\n"
    assert "Say hello." in output(capsys, "--help")


def test_a_plugin_whose_commands_fail_leaves_none_and_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = COMMANDS.format(then="raise RuntimeError('no hands')")
    write_distribution(tmp_path / "site", "failing", "failing_commands_plugin", source=source)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert "wave" not in output(capsys, "--help")
    plugins = rows(capsys, "plugins")
    assert plugins["failing"]["state"] == "broken"
    assert "commands failed: RuntimeError: no hands" in plugins["failing"]["detail"]
    assert plugins["toy"]["state"] == "ok"


def test_methods_show_prints_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    shown = output(capsys, "methods", "show", "toy")
    for words in ("gain", "0 to 100", "mouth opening per unit of loudness", "colour", "grey level of the mouth"):
        assert words in shown
    described = json.loads(output(capsys, "methods", "show", "toy", "--json"))
    assert [component["role"] for component in described["components"]] == ["avatar", "driver", "renderer"]
    assert described["components"][1]["options"][0]["default"] == "4.0"


def test_plugins_show_what_each_brings(capsys: pytest.CaptureFixture[str]) -> None:
    assert rows(capsys, "plugins")["toy"]["brings"] == ["avatar toy", "driver toy", "renderer toy", "method toy"]


def test_doctor_looks_at_everything(capsys: pytest.CaptureFixture[str]) -> None:
    findings = {finding["subject"]: finding for finding in json.loads(output(capsys, "doctor", "--json"))}
    assert {"python", "video", "devices", "disk", "plugin toy", "method toy"} <= set(findings)
    assert findings["method toy"]["level"] == "ok"


def test_an_avatar_file_can_be_looked_into(capsys: pytest.CaptureFixture[str], picture: Path, tmp_path: Path) -> None:
    avatar = str(tmp_path / "me.dhavatar")
    assert run_command(["avatar", "create", "-m", "toy", "-s", str(picture), "-o", avatar, "-q"]) == 0
    shown = json.loads(output(capsys, "avatar", "show", avatar, "--json"))
    assert (shown["kind"], shown["width"], shown["height"]) == ("toy", 96, 64)
    assert shown["arrays"] == {"picture": "uint8 (64, 96, 3)"}


@pytest.mark.parametrize("arguments", [[], ["avatar"], ["--help"], ["run", "--help"]])
def test_help_is_a_page_and_no_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, *arguments).startswith("Usage: dh")


def test_an_unexpected_failure_is_one_line_and_debug_shows_where(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise RuntimeError("cannot\nbe")

    monkeypatch.setattr("dh.doctor.examine", fails)
    assert run_command(["doctor"]) == 1
    assert capsys.readouterr().err == "dh: internal error: RuntimeError: cannot be (--debug shows where)\n"
    assert run_command(["doctor", "--debug"]) == 1
    assert "in fails" in capsys.readouterr().err
