"""The contract's own ways: what is tried, what is left out and why, and how ``dh plugins check`` tells it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from command_line import complaint, said
from dh.errors import OptionError
from dh.testing import FakeEntryPoint, toy, write_distribution
from dh.testing.contract import NotApplicable, Settings, trials
from dh.testing.contract.clauses import CLAUSES

TOY = FakeEntryPoint("toy", toy, "dh.testing.toy")

HALF = """
import dh

@dh.hookimpl
def dh_drivers():
    yield dh.DriverSpec(
        name="half", summary="", implementation="dh.testing.toy_components:ToyDriver", motion_space="arkit",
        look_ahead=0.0, requires=("no_such_module",),
    )
"""

PRESET = """
import dh

@dh.hookimpl
def dh_methods():
    yield dh.MethodSpec(name="louder", summary="a box that shouts", avatar="toy", driver="toy", renderer="toy")
"""


PICKY = """
from pathlib import Path

import dh
from pydantic import BaseModel, ConfigDict, Field

class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    file: Path | None = Field(default=None, description="what it plays")

class Picky:
    def __init__(self, options, context):
        if options.file is None:
            raise dh.OptionError("driver picky: give --set file=TAKE")
        self.gain, self.fps = float(options.file.read_text()), context.fps

    def drive(self, avatar, speech):
        for frame, _ in enumerate(dh.split_frames(speech, self.fps)):
            yield dh.arkit_motion(frame, self.fps, jawOpen=self.gain)
"""

PICKY_PLUGIN = """
import dh

@dh.hookimpl
def dh_drivers():
    yield dh.DriverSpec(
        name="picky", summary="plays a file", implementation="picky_driver:Picky", options="picky_driver:Options",
        motion_space="arkit", look_ahead=0.0, licence=dh.Licence(name="MIT", commercial="allowed"),
    )
"""


def test_every_clause_states_its_promise_in_one_sentence() -> None:
    for clause in CLAUSES:
        assert clause.promise.endswith(".")
        assert ". " not in clause.promise


def test_everything_that_a_plugin_declares_is_tried(toy_method: str) -> None:
    tried = [str(trial) for trial in trials("toy")]
    assert {trial.partition(":")[0] for trial in tried} == {
        "plugin toy", "avatar toy", "driver toy", "renderer toy", "method toy",
    }  # fmt: skip
    assert len(set(tried)) == len(tried)


def test_a_clause_that_is_left_out_says_why() -> None:
    skip = {"silence of toy": "it hums"}
    (left_out,) = [trial for trial in trials(TOY, skip=skip) if trial.clause.name == "silence"]
    with pytest.raises(NotApplicable, match="left out: it hums"):
        left_out.run()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"skip": {"silense": "x"}}, "no clause 'silense'; did you mean 'silence'"),
        ({"components": ["toi"]}, "declares no 'toi'; did you mean 'toy'"),
        ({"settings": Settings(options={"toi": {}})}, "declares no 'toi'"),
    ],
)
def test_a_wrong_name_is_an_error(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        list(trials(TOY, **arguments))  # type: ignore[arg-type]


def test_a_component_that_cannot_run_here_is_reported_with_its_state(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_distribution(site, "half", "half_plugin", source=HALF)
    out, _ = said(capsys, "plugins", "check", "half", "--json", status=1)
    rows = {row["clause"]: row for row in json.loads(out)}
    assert rows["motion"]["outcome"] == "not applicable"
    assert rows["motion"]["reason"].startswith("missing extra: needs no_such_module; run: ")
    assert rows["declaration"]["outcome"] == "broken"
    assert rows["declaration"]["reason"] == "summary: give one line for 'dh methods'"
    assert not {"options-model", "options-documented", "online-option", "live-options"} & set(rows)  # it has none
    sys.modules.pop("half_plugin", None)


def test_check_of_a_good_plugin_shows_every_promise_and_ends_well(
    toy_method: str, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_distribution(site, "preset", "preset_plugin", source=PRESET)
    out, error = said(capsys, "plugins", "check", "preset", "--component", "louder")
    assert "A method's components are there and fit together" in out
    assert out.splitlines()[-1] == "3 kept, 0 broken, 0 not applicable here"
    assert error == "trying 3 promises; this may take a minute\n"
    sys.modules.pop("preset_plugin", None)


def test_check_of_a_component_that_needs_an_option_takes_it(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_distribution(site, "picky", "picky_plugin", source=PICKY_PLUGIN)
    (site / "picky_driver.py").write_text(PICKY, encoding="utf-8")
    out, _ = said(capsys, "plugins", "check", "picky", "--json")
    motion = next(row for row in json.loads(out) if row["clause"] == "motion")
    assert (motion["outcome"], motion["reason"]) == (
        "not applicable",
        "it runs with options of its user alone: driver picky: give --set file=TAKE",
    )
    (tmp_path / "take").write_text("0.5", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    out, _ = said(capsys, "plugins", "check", "picky", "--set", "file=take", "--json")
    rows = {row["clause"]: row["outcome"] for row in json.loads(out)}
    assert {rows[clause] for clause in ("motion", "seed", "no-leaks", "live")} == {"ok"}
    assert "broken" not in rows.values()
    (tmp_path / "take").write_text("loud", encoding="utf-8")
    out, _ = said(capsys, "plugins", "check", "picky", "--set", "file=take", "--json", status=1)
    for module in ("picky_plugin", "picky_driver"):
        sys.modules.pop(module, None)


def test_check_of_a_plugin_that_is_not_there_names_the_nearest(
    toy_method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "plugin 'toi' is not installed; did you mean 'toy'?" in complaint(capsys, "plugins", "check", "toi")
