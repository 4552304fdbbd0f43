"""Options come together in one order, and a wrong key or value is told in one line that helps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import dh
from dh.options import option_rows, resolve_options
from dh.plugins import load_plugins
from dh.presets import read_preset
from dh.registry import Chain, Registry
from dh.request import combine, make_request
from dh.testing import FakeEntryPoint, toy


@pytest.fixture
def chain() -> Chain:
    return Registry(load_plugins([FakeEntryPoint("toy", toy)])).chain("toy")


def resolve(chain: Chain, sets: dict[str, Any], preset: Any = None, environment: Any = None) -> dict[str, Any]:
    options = resolve_options(chain, preset or {}, sets, environment or {})
    return {role: model.model_dump() for role, model in options.items()}


def test_later_places_win(chain: Chain) -> None:
    assert resolve(chain, {})["driver"]["gain"] == 4.0
    preset = {"driver": {"gain": 1.0}}
    assert resolve(chain, {}, preset)["driver"]["gain"] == 1.0
    environment = {"DH_OPT_GAIN": "2.0", "UNRELATED": "x"}
    assert resolve(chain, {}, preset, environment)["driver"]["gain"] == 2.0
    assert resolve(chain, {"gain": "3.0"}, preset, environment)["driver"]["gain"] == 3.0


def test_a_key_may_name_its_component(chain: Chain) -> None:
    assert resolve(chain, {"driver.gain": "3", "renderer.colour": 7})["renderer"]["colour"] == 7
    assert resolve(chain, {}, None, {"DH_OPT_DRIVER__GAIN": "5"})["driver"]["gain"] == 5.0


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        ({"gian": 1}, "--set gian: unknown option 'gian'; did you mean 'gain'?"),
        ({"driver.gian": 1}, "--set driver.gian: unknown option 'driver.gian'; did you mean 'driver.gain'?"),
        ({"renderer.gain": 1}, "unknown option 'renderer.gain'"),
        ({"gain": "loud"}, "--set gain='loud': input should be a valid number"),
        ({"gain": "-1"}, "greater than or equal to 0 (gain: float, 0 to 100; mouth opening per unit of loudness)"),
        ({"colour": "1.5"}, "--set colour=1.5: input should be a valid integer"),
        ({"gain": "[1, 2]"}, "--set gain=[1, 2]"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(chain: Chain, sets: dict[str, Any], words: str) -> None:
    with pytest.raises(dh.OptionError) as caught:
        resolve(chain, sets)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_option_table_shows_type_default_range_and_help() -> None:
    row = option_rows(toy.ToyDriverOptions)[0]
    assert (row.key, row.type, row.default, row.range) == ("gain", "float", "4.0", "0 to 100")
    assert row.help == "mouth opening per unit of loudness"


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_preset_names_a_method_and_options(tmp_path: Path) -> None:
    name = write(tmp_path / "p.yaml", "method: toy\nrun: {fps: 30}\noptions:\n  driver: {gain: 2}\n")
    values = combine(read_preset(name), source="a.png", seed=3)
    request = make_request(**values)
    assert (request.method, request.fps, request.seed) == ("toy", 30, 3)
    assert request.preset == {"driver": {"gain": 2}}
    assert combine(read_preset(name), fps=10)["fps"] == 10


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("methd: toy", "unknown key 'methd'; did you mean 'method'?"),
        ("run: {fsp: 3}", "unknown key 'run.fsp'; did you mean 'fps'?"),
        ("- a\n- b", "expected keys"),
        ("a: [", "not readable as YAML"),
        ("options: 3", "options: input should be a valid dictionary"),
    ],
)
def test_a_wrong_preset_is_told_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(dh.InputError) as caught:
        read_preset(write(tmp_path / "p.yaml", text))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_preset_is_told(tmp_path: Path) -> None:
    with pytest.raises(dh.InputError, match="no such preset"):
        read_preset(str(tmp_path / "none.yaml"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"method": "toy"}, "give either --source"),
        ({"method": "toy", "source": "a", "avatar": "b"}, "give either --source"),
        ({"method": "toy", "source": "a", "fps": 0}, "--fps 0"),
        ({"method": "toy", "source": "a", "fps": float("nan")}, "--fps nan"),
        ({"method": "toy", "source": "a", "seed": -1}, "--seed -1"),
        ({"method": "toy", "source": "a", "device": "gpu"}, "--device 'gpu'"),
    ],
)
def test_a_wrong_request_names_the_option(values: dict[str, Any], words: str) -> None:
    with pytest.raises(dh.OptionError) as caught:
        make_request(**values)
    assert words in str(caught.value)


def test_without_a_method_nothing_runs() -> None:
    with pytest.raises(dh.OptionError, match="--method is missing"):
        combine(None, source="a.png")
