"""Options come together in one order, and a wrong key or value is told in one line that helps."""

from __future__ import annotations

import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

import dh
from dh.options import option_rows, resolve_options
from dh.plugins import load_plugins
from dh.presets import read_preset
from dh.registry import Chain, Registry
from dh.request import combine, make_request
from dh.testing import FakeEntryPoint, toy
from dh.testing.toy_components import ToyDriverOptions


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


class Mapped(BaseModel):
    """Options with a mapping, a nested model, and one that other components share."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    class Fade(BaseModel):
        """A nested model."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        start: float = 0.0
        parts: dict[str, float] = {}

    table: dict[int, dict[str, float]] = Field({}, description="values by frame")
    fade: Fade = Fade()
    folder: str = Field("", json_schema_extra={"shared": True}, validation_alias="published_folder")
    own: str = ""


class MappedToo(BaseModel):
    """Options of another component."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    folder: str = Field("", json_schema_extra={"shared": True}, validation_alias="published_folder")
    own: str = ""


@pytest.fixture
def mapped() -> Chain:
    """The toy's chain with a driver and a renderer that have the options above."""
    made = types.ModuleType("made")

    def dh_drivers() -> list[dh.DriverSpec]:
        spec = replace(next(iter(toy.dh_drivers())), name="mapped", options=f"{__name__}:Mapped")
        return [spec]

    def dh_renderers() -> list[dh.RendererSpec]:
        return [replace(next(iter(toy.dh_renderers())), name="mapped", options=f"{__name__}:MappedToo")]

    for hook in (dh_drivers, dh_renderers):
        setattr(made, hook.__name__, dh.hookimpl(hook))
    registry = Registry(load_plugins([FakeEntryPoint("toy", toy), FakeEntryPoint("made", made)]))
    return registry.chain("toy", driver="mapped", renderer="mapped")


@pytest.mark.parametrize("key", ["folder", "published_folder"])
def test_one_key_sets_an_option_that_components_share(mapped: Chain, key: str) -> None:
    options = resolve(mapped, {key: "mine"})
    assert (options["driver"]["folder"], options["renderer"]["folder"]) == ("mine", "mine")
    options = resolve(mapped, {"renderer.folder": "other"}, None, {"DH_OPT_FOLDER": "mine"})
    assert (options["driver"]["folder"], options["renderer"]["folder"]) == ("mine", "other")


def test_an_option_of_several_components_that_is_not_shared_is_ambiguous(mapped: Chain) -> None:
    with pytest.raises(dh.OptionError, match=r"--set own: more than one .*; write driver\.own or renderer\.own"):
        resolve(mapped, {"own": "mine"})


def test_an_option_whose_value_is_a_mapping_is_taken_whole_from_everywhere(mapped: Chain) -> None:
    table = {3: {"pitch": 0.5}, 4: {}}
    assert resolve(mapped, {"table": "{3: {pitch: 0.5}, 4: {}}"})["driver"]["table"] == table
    assert resolve(mapped, {"table": table})["driver"]["table"] == table
    assert resolve(mapped, {}, {"driver": {"table": table}})["driver"]["table"] == table
    assert resolve(mapped, {}, None, {"DH_OPT_TABLE": "{3: {pitch: 0.5}, 4: {}}"})["driver"]["table"] == table
    assert resolve(mapped, {"table": {}}, {"driver": {"table": table}})["driver"]["table"] == {}


def test_a_mapping_of_a_nested_model_sets_only_what_it_names(mapped: Chain) -> None:
    preset = {"driver": {"fade": {"start": 2, "parts": {"jaw": 1}}}}
    assert resolve(mapped, {"fade.start": 3}, preset)["driver"]["fade"] == {"start": 3.0, "parts": {"jaw": 1.0}}
    assert resolve(mapped, {"fade": "{start: 3}"}, preset)["driver"]["fade"] == {"start": 3.0, "parts": {"jaw": 1.0}}


@pytest.mark.parametrize("value", ["{}", "{a: 1}", {}])
def test_a_mapping_for_an_unknown_option_is_not_passed_over(mapped: Chain, value: Any) -> None:
    with pytest.raises(dh.OptionError, match=r"--set tabel.*: unknown option 'tabel.*; did you mean 'table'"):
        resolve(mapped, {"tabel": value})


def test_an_option_table_shows_type_default_range_and_help() -> None:
    row = option_rows(ToyDriverOptions)[0]
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
