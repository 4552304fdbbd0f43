"""Required, alternative and optional weights: what a run uses, what it lacks, and a folder in their place."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import dh
from dh.checkpoints.needs import absent, find_weights, present, without_modules
from dh.cli import run_command
from dh.licences import commercial_use, require_commercial
from dh.plugins import load_plugins
from dh.registry import Chain, Registry
from dh.request import make_request
from dh.session import Session
from dh.states import State
from dh.testing import FakeEntryPoint, toy
from weighty_components import write_weights
from weighty_plugin import CHECKPOINTS, FILE, FREE, RESEARCH, checkpoint

BASE = checkpoint("base", "required")


def component(*checkpoints: dh.CheckpointSpec, **changes: Any) -> dh.DriverSpec:
    values: dict[str, Any] = {"look_ahead": 0.0, "motion_space": "arkit", "licence": FREE, **changes}
    return dh.DriverSpec(name="needy", summary="", implementation="made:X", checkpoints=checkpoints, **values)


def put(root: Path, *names: str, opening: str = "0.5") -> None:
    for name in names:
        write_weights(root / name, opening)


def registry_with(spec: dh.DriverSpec) -> Registry:
    made = types.ModuleType("made")

    def dh_drivers() -> list[dh.DriverSpec]:
        return [spec]

    vars(made)["dh_drivers"] = dh.hookimpl(dh_drivers)
    return Registry(load_plugins([FakeEntryPoint("toy", toy), FakeEntryPoint("made", made)]))


def chain_of(spec: dh.DriverSpec) -> Chain:
    return registry_with(spec).chain("toy", driver=spec.name)


@pytest.mark.parametrize(
    ("there", "lacks"),
    [
        ((), ["base", "weighty-research"]),
        (("base",), ["weighty-research"]),
        (("weighty-free",), ["base"]),
        (("base", "weighty-free"), []),
        (("base", "weighty-research", "weighty-free"), []),
        (("base", "weighty-extra"), ["weighty-research"]),
    ],
)
def test_every_required_and_one_alternative_must_be_there(
    checkpoint_root: Path, there: Sequence[str], lacks: list[str]
) -> None:
    put(checkpoint_root, *there)
    spec = component(BASE, *CHECKPOINTS)
    assert absent(spec) == lacks
    assert present(spec) == {name: checkpoint_root / name for name in there}


def needing(name: str, need: dh.CheckpointNeed, *modules: str) -> dh.CheckpointSpec:
    return dataclasses.replace(checkpoint(name, need), requires=modules, extra="more")


@pytest.mark.parametrize(
    ("specs", "useless"),
    [
        ((needing("one", "required"),), None),
        ((needing("one", "required", "json"),), None),
        ((needing("one", "required", "no_such_module"),), "one"),
        ((needing("one", "alternative", "no_such_module"), needing("two", "alternative")), None),
        ((needing("one", "alternative", "no_such_module"), needing("two", "optional")), "one"),
        ((needing("one", "optional", "no_such_module"),), None),
    ],
)
def test_a_checkpoint_that_cannot_be_used_is_as_good_as_none(
    checkpoint_root: Path, specs: tuple[dh.CheckpointSpec, ...], useless: str | None
) -> None:
    put(checkpoint_root, "one", "two")
    spec = component(*specs, options="made:Options", weights_option="weights")
    found = without_modules(spec)
    assert (found.name if found else None) == useless
    chain = chain_of(spec)
    assert chain.status.state is (State.MISSING_EXTRA if useless else State.OK)
    if useless:
        assert "needs no_such_module for the checkpoint one" in chain.status.detail
        chain.require(with_weights=["driver"])  # a folder of the user's own may need other modules
        with pytest.raises(dh.ExtraMissing, match="no_such_module"):
            chain.require()


def test_the_state_names_what_to_pull_and_the_option_that_spares_it(checkpoint_root: Path) -> None:
    options = {"options": "made:Options", "weights_option": "weights"}
    status = chain_of(component(BASE, *CHECKPOINTS, **options)).status
    assert status.state is State.MISSING_WEIGHTS
    assert status.detail == "needy needs the checkpoints base, weighty-research"
    assert status.remedy == "run: dh checkpoints pull base weighty-research; or --set weights=FOLDER"
    assert chain_of(component(BASE)).status.remedy == "run: dh checkpoints pull base"


def test_optional_weights_are_never_missed(checkpoint_root: Path) -> None:
    assert chain_of(component(checkpoint("extra", "optional"))).status.ok


def test_a_folder_of_weights_replaces_all_but_what_is_optional(checkpoint_root: Path) -> None:
    put(checkpoint_root, "base", "weighty-free", "weighty-extra")
    spec = component(BASE, *CHECKPOINTS)
    assert list(present(spec, weights=checkpoint_root / "mine")) == ["weighty-extra"]


def test_a_method_is_as_free_as_its_freest_alternative(checkpoint_root: Path) -> None:
    research, free, extra = CHECKPOINTS
    assert commercial_use(component(research, free, extra)) == "allowed"
    assert commercial_use(component(research, extra)) == "refused"
    assert commercial_use(component(checkpoint("strict", "required", RESEARCH), free)) == "refused"
    assert commercial_use(component(extra)) == "allowed"
    with pytest.raises(dh.OptionError, match=r"weighty-research/opening\.txt \(CC-BY-NC-4\.0: refused\)"):
        require_commercial(chain_of(component(research)))
    require_commercial(chain_of(component(research, free, extra)))


def test_commercial_only_counts_and_uses_only_free_weights(checkpoint_root: Path) -> None:
    put(checkpoint_root, "weighty-research", "weighty-extra")
    spec = component(*CHECKPOINTS)
    assert absent(spec) == []
    assert absent(spec, commercial_only=True) == ["weighty-free"]
    assert present(spec, commercial_only=True) == {}
    chain = chain_of(spec)
    chain.require()
    with pytest.raises(dh.CheckpointMissing, match="checkpoints pull weighty-free"):
        chain.require(commercial_only=True)


def test_a_folder_that_nobody_states_the_terms_of_is_not_for_commerce(checkpoint_root: Path, tmp_path: Path) -> None:
    chain = chain_of(component(*CHECKPOINTS))
    with pytest.raises(dh.OptionError, match=rf"{tmp_path} \(not stated: unknown\)"):
        require_commercial(chain, {"driver": tmp_path})
    with pytest.raises(dh.OptionError, match=r"weighty-research/opening\.txt"):
        require_commercial(chain, {"driver": checkpoint_root / "weighty-research"})
    require_commercial(chain, {"driver": checkpoint_root / "weighty-free"})


def test_a_folder_is_found_by_path_and_by_its_name_among_checkpoints(
    checkpoint_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    put(tmp_path, "mine")
    put(checkpoint_root, "shelved")
    for named in ("mine", "./mine", "~/mine", str(tmp_path / "mine")):
        assert find_weights(named, "--weights") == tmp_path / "mine"
    assert find_weights("shelved", "--weights") == checkpoint_root / "shelved"
    put(checkpoint_root, "mine")
    assert find_weights("mine", "--weights") == tmp_path / "mine"


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("nowhere", "no such folder, neither here nor in "),
        ("file", "no such folder"),
        ("x" * 300, "the name is too long; choose a shorter one"),
        ("~nobody-of-that-name/weights", "give the whole path"),
    ],
)
def test_a_folder_that_is_not_there_is_told_in_one_line(
    checkpoint_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(dh.InputError) as caught:
        find_weights(named, f"--set weights={named}")
    assert str(caught.value).startswith(f"--set weights={named}: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_declaration_that_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ValueError, match="need must be 'required', 'alternative' or 'optional'"):
        checkpoint("a", "perhaps")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="weights_option 'weights' needs a model of options"):
        component(weights_option="weights")
    with pytest.raises(ValueError, match="fps must be from 1 to 120, not 0"):
        component(fps=0)


def test_an_option_for_weights_that_the_model_lacks_is_the_plugins_fault(checkpoint_root: Path, picture: Path) -> None:
    spec = component(options="dh.testing.toy_components:ToyDriverOptions", weights_option="weights")
    with pytest.raises(dh.PluginError, match="made plugin: needy has no option 'weights' for its weights"):
        Session(make_request(method="toy", driver="needy", source=picture), registry=registry_with(spec))


def test_methods_show_tells_what_each_checkpoint_is_for(
    weighty_method: str, checkpoint_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(checkpoint_root, "weighty-free")
    assert run_command(["methods", "show", weighty_method]) == 0
    shown = capsys.readouterr().out
    assert "weights: weighty-research from owner/weighty-research (alternative, missing)" in shown
    assert "weights: weighty-free from owner/weighty-free (alternative, present)" in shown
    assert "weights: weighty-extra from owner/weighty-extra (optional, missing)" in shown
    assert "looks 0 s ahead; 20 frames per second" in shown


def test_pull_and_verify_of_a_method_take_what_is_there_and_what_is_needed(
    weighty_method: str, checkpoint_root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled: list[str] = []
    monkeypatch.setattr("dh.checkpoints.pull", lambda spec, force: pulled.append(spec.name))
    assert run_command(["checkpoints", "pull", weighty_method]) == 0
    put(checkpoint_root, "weighty-free", "weighty-extra")
    assert run_command(["checkpoints", "pull", weighty_method]) == 0
    assert pulled == ["weighty-research", "weighty-free", "weighty-extra"]
    capsys.readouterr()
    assert run_command(["checkpoints", "verify", weighty_method]) == 0
    assert FILE in capsys.readouterr().out
    (checkpoint_root / "weighty-free" / FILE).unlink()
    assert run_command(["checkpoints", "verify", weighty_method]) == 3
