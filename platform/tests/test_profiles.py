"""Profiles of a method: which one a run takes, that it says so, and that every command counts all of them."""

from __future__ import annotations

import dataclasses
import json
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dh
from dh.cli import run_command
from dh.plugins import load_plugins
from dh.presets import read_preset
from dh.profiles import Demands
from dh.registry import Registry, installed
from dh.testing import FakeEntryPoint, toy, write_distribution
from weighty_components import write_weights
from weighty_plugin import FREE, RESEARCH, checkpoint

NOTICE = (
    "profile small: the weights of profile full are not here; to get them run: dh checkpoints pull weighty-research"
)


@pytest.fixture
def weights(checkpoint_root: Path) -> Path:
    """Weights of the profile "full", pulled."""
    return write_weights(checkpoint_root / "weighty-free", "0.5")


def profile(name: str, driver: str = "toy", renderer: str = "toy", avatar: str = "toy", **changes: Any) -> Any:
    return dh.ProfileSpec(name=name, summary="", avatar=avatar, driver=driver, renderer=renderer, **changes)


def method(*profiles: dh.ProfileSpec, **changes: Any) -> dh.MethodSpec:
    return dh.MethodSpec(name="made", summary="", profiles=profiles, **changes)


NEEDY = dh.DriverSpec(
    name="needy",
    summary="",
    implementation="made:X",
    motion_space="arkit",
    look_ahead=0.0,
    checkpoints=(checkpoint("heavy", "required"),),
    licence=FREE,
)
CUBE = dh.AvatarSpec(name="cube", summary="", implementation="made:X", kind="cube", licence=FREE)
CUBES = dh.RendererSpec(
    name="cube",
    summary="",
    implementation="made:X",
    options="dh.testing.toy_components:ToyRendererOptions",
    motion_space="arkit",
    avatar_kinds=("cube",),
    weights_option="shapes",
    licence=FREE,
)
CUBIC = profile("cubic", renderer="cube", avatar="cube")


def registry(*profiles: dh.ProfileSpec, **components: list[Any]) -> Registry:
    """The toy's components, the above ones and the method "made" of these profiles."""
    made = types.ModuleType("made")
    declared = {"dh_drivers": [NEEDY], "dh_avatars": [CUBE], "dh_renderers": [CUBES], "dh_methods": [method(*profiles)]}
    for name, specs in (declared | components).items():
        implementation = eval("lambda: specs", {"specs": specs})
        implementation.__name__ = name
        setattr(made, name, dh.hookimpl(implementation))
    return Registry(load_plugins([FakeEntryPoint("toy", toy), FakeEntryPoint("made", made)]))


def run(picture: Path, speech: Path, output: Path, **changes: Any) -> tuple[dict[str, Any], list[str]]:
    """The record of a run of "profiled", and its notices."""
    events: list[Any] = []
    given = {"method": "profiled", "source": picture, "audio": speech, "on_event": events.append, **changes}
    record = dh.run(output=output, **given)
    return record, [event.text for event in events if isinstance(event, dh.Notice)]


def test_without_the_weights_of_the_best_the_last_profile_runs_and_says_so_once(
    profiled_method: str, picture: Path, speech: Path, tmp_path: Path
) -> None:
    record, notices = run(picture, speech, tmp_path / "out.mp4")
    assert record["request"]["profile"] == "small"
    assert record["components"]["driver"]["options"]["gain"] == 2.0
    assert [text for text in notices if text.startswith("profile")] == [NOTICE]


def test_with_its_weights_the_best_profile_runs_without_a_word(
    profiled_method: str, weights: Path, picture: Path, speech: Path, tmp_path: Path
) -> None:
    record, notices = run(picture, speech, tmp_path / "out.mp4")
    assert record["request"]["profile"] == "full"
    assert record["components"]["driver"]["name"] == "weighty"
    assert not [text for text in notices if text.startswith("profile")]


def test_a_record_repeats_its_profile_whatever_weights_came_since(
    profiled_method: str, checkpoint_root: Path, picture: Path, speech: Path, tmp_path: Path
) -> None:
    record, _ = run(picture, speech, tmp_path / "out.mp4", options={"gain": 3})
    write_weights(checkpoint_root / "weighty-free", "0.5")
    again = dh.run(from_record=tmp_path / "out.mp4.json", output=tmp_path / "again.mp4")
    assert again["request"]["profile"] == "small"
    assert again["components"] == record["components"]
    other = dh.run(from_record=tmp_path / "out.mp4.json", profile="full", output=tmp_path / "other.mp4")
    assert (other["request"]["profile"], other["output"]["fps"]) == ("full", 20)
    toys = dh.run("toy", from_record=tmp_path / "out.mp4.json", output=tmp_path / "toy.mp4")
    assert (toys["request"]["method"], toys["request"]["profile"]) == ("toy", None)
    assert toys["components"]["driver"]["options"]["gain"] == 3.0


def test_a_named_profile_runs_or_says_what_it_lacks(
    profiled_method: str, picture: Path, speech: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["-m", profiled_method, "-s", str(picture), "-a", str(speech), "-o", str(tmp_path / "out.mp4"), "--profile"]
    assert run_command(["run", *words, "full"]) == 3
    assert capsys.readouterr().err.startswith("dh: weighty: missing weights: needs the checkpoint weighty-research; ")
    assert run_command(["run", *words, "small"]) == 0
    assert "note: profile" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("profiled", "smal"), "--profile smal: method profiled has no such profile; did you mean 'small'?"),
        (("toy", "small"), "--profile small: method toy has no profiles; leave --profile out"),
    ],
)
def test_a_profile_that_is_not_there_is_told_in_one_line(
    profiled_method: str, picture: Path, arguments: tuple[str, str], words: str
) -> None:
    with pytest.raises(dh.OptionError) as caught:
        dh.create_avatar(arguments[0], picture, profile=arguments[1])
    assert str(caught.value) == words


def test_weights_that_lack_only_their_modules_are_no_reason_for_another_profile(checkpoint_root: Path) -> None:
    write_weights(checkpoint_root / "heavy", "0.5")
    heavy = dataclasses.replace(NEEDY.checkpoints[0], requires=("no_such_module",), extra="more")
    lacking = dataclasses.replace(NEEDY, checkpoints=(heavy,))
    chain = registry(profile("best", "needy"), profile("last"), dh_drivers=[lacking]).chain("made")
    assert (chain.profile, chain.notice) == ("best", "")
    with pytest.raises(dh.ExtraMissing, match="needs no_such_module for the checkpoint heavy"):
        chain.require()


def test_the_first_profile_that_has_its_weights_is_taken_else_the_last(checkpoint_root: Path) -> None:
    spare = dataclasses.replace(NEEDY, name="spare", checkpoints=(checkpoint("light", "required"),))
    made = registry(
        profile("best", "needy"), profile("middle", "spare"), profile("last", "needy"), dh_drivers=[NEEDY, spare]
    )
    assert made.chain("made").profile == "last"
    write_weights(checkpoint_root / "light", "0.5")
    assert made.chain("made").profile == "middle"
    write_weights(checkpoint_root / "heavy", "0.5")
    assert made.chain("made").profile == "best"


def test_a_saved_avatar_decides_by_its_kind(checkpoint_root: Path) -> None:
    made = registry(CUBIC, profile("plain"))
    assert made.chain("made", demands=Demands(avatar_kind="cube")).profile == "cubic"
    chain = made.chain("made", demands=Demands(avatar_kind="toy"))
    assert chain.notice == (
        "profile plain: profile cubic reads no avatars of kind toy; for one that it reads register the source again "
        "with 'dh avatar create --profile cubic'"
    )
    assert made.chain("made", demands=Demands(avatar_kind="sphere")).profile == "cubic"


def test_an_avatar_of_one_profile_runs_with_it(
    site: Path, toy_method: str, picture: Path, speech: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = """
import dh

@dh.hookimpl
def dh_renderers():
    yield dh.RendererSpec(
        name="cube", summary="", implementation="nowhere:X", motion_space="arkit", avatar_kinds=("cube",)
    )

@dh.hookimpl
def dh_avatars():
    yield dh.AvatarSpec(name="cube", summary="", implementation="nowhere:X", kind="cube")

@dh.hookimpl
def dh_methods():
    parts = dict(summary="", driver="toy")
    profiles = (
        dh.ProfileSpec(name="cubic", avatar="cube", renderer="cube", **parts),
        dh.ProfileSpec(name="plain", avatar="toy", renderer="toy", **parts),
    )
    yield dh.MethodSpec(name="shapes", summary="", profiles=profiles)
"""
    write_distribution(site, "shapes", "shapes_plugin", source=source)
    saved = tmp_path / "me.dhavatar"
    create = ["avatar", "create", "-m", "shapes", "--profile", "plain", "-s", str(picture), "-o", str(saved), "-q"]
    assert run_command(create) == 0
    record = dh.run("shapes", avatar=saved, audio=speech, output=tmp_path / "out.mp4")
    assert record["request"]["profile"] == "plain"
    with pytest.raises(dh.InputError, match=r"register the source again with .*--method shapes --profile cubic'"):
        dh.run("shapes", profile="cubic", avatar=saved, audio=speech, output=tmp_path / "out.mp4")


def test_profiles_that_a_driver_or_renderer_does_not_fit_are_passed_over(checkpoint_root: Path) -> None:
    bones = dh.MotionSpace("bones", "", {})
    skeleton = dataclasses.replace(NEEDY, name="skeleton", motion_space="bones", checkpoints=())
    skin = dataclasses.replace(CUBES, name="skin", motion_space="bones", avatar_kinds=("toy",))
    made = registry(
        profile("best"),
        profile("bony", "skeleton", "skin"),
        dh_motion_spaces=[bones],
        dh_drivers=[skeleton],
        dh_renderers=[skin],
    )
    assert made.chain("made").profile == "best"
    chain = made.chain("made", driver="skeleton")
    assert (chain.profile, chain.notice) == ("bony", "profile bony: profile best does not fit --driver skeleton")
    with pytest.raises(dh.OptionError, match="--driver: there is no 'nobody'"):
        made.chain("made", driver="nobody")
    with pytest.raises(dh.OptionError, match=r"driver skeleton makes motion in space 'bones', but .* toy"):
        made.chain("made", profile="best", driver="skeleton")


def test_a_best_profile_that_is_broken_is_not_replaced_silently(checkpoint_root: Path) -> None:
    made = registry(profile("best", "gone"), profile("last"))
    with pytest.raises(dh.OptionError, match="method made, profile best: there is no 'gone'"):
        made.chain("made")
    assert made.chain("made", profile="last").profile == "last"
    assert [chain.profile for chain in made.chains("made")] == ["last"]


@pytest.mark.parametrize("way", ["option", "role", "environment", "preset", "preset of the profile"])
def test_a_named_folder_of_weights_takes_the_profile_that_has_an_option_for_it(
    profiled_method: str, picture: Path, speech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    mine = str(write_weights(tmp_path / "mine", "0.5"))
    preset = tmp_path / "preset.yaml"
    changes: dict[str, Any] = {
        "option": {"options": {"weights": mine}},
        "role": {"options": {"driver.weights": mine}},
        "environment": {},
    }.get(way, {"config": str(preset)})
    if way == "environment":
        monkeypatch.setenv("DH_OPT_WEIGHTS", mine)
    tree = {"driver": {"weights": mine}}
    preset.write_text(json.dumps({"profiles": {"full": tree}} if "profile" in way else {"options": tree}))
    record, notices = run(picture, speech, tmp_path / "out.mp4", **changes)
    assert record["request"]["profile"] == "full"
    assert record["components"]["driver"]["weights"] == mine
    assert not [text for text in notices if text.startswith("profile")]


def test_an_option_for_weights_that_is_set_to_nothing_names_no_folder(
    profiled_method: str, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DH_OPT_WEIGHTS", "null")
    with pytest.raises(dh.OptionError, match="DH_OPT_WEIGHTS: unknown option 'weights'"):
        dh.create_avatar("profiled", picture)  # taken by the profile "small", which has no such option


def test_a_folder_of_weights_that_the_best_profile_has_no_option_for(checkpoint_root: Path) -> None:
    made = registry(profile("best"), CUBIC)
    chain = made.chain("made", demands=Demands(names_weights=lambda chain: chain.renderer.name == "cube"))
    assert chain.notice == "profile cubic: profile best has no option for the folder of weights"


def test_for_commerce_a_profile_that_allows_it_is_taken(
    profiled_method: str, checkpoint_root: Path, picture: Path, speech: Path, tmp_path: Path
) -> None:
    write_weights(checkpoint_root / "weighty-research", "0.5")
    assert installed().chain(profiled_method).profile == "full"
    chain = installed().chain(profiled_method, demands=Demands(commercial_only=True))
    assert chain.notice == NOTICE.replace("weighty-research", "weighty-free")
    limited = dataclasses.replace(NEEDY, checkpoints=(), licence=RESEARCH)
    made = registry(profile("best", "needy"), profile("last"), dh_drivers=[limited])
    assert made.chain("made").profile == "best"
    chain = made.chain("made", demands=Demands(commercial_only=True))
    assert chain.notice == "profile last: profile best does not clearly allow commercial use"


def test_a_preset_names_a_profile_and_options_for_each(
    profiled_method: str, weights: Path, picture: Path, speech: Path, tmp_path: Path
) -> None:
    preset = tmp_path / "preset.yaml"
    preset.write_text("""
method: profiled
options: {driver: {label: both}}
profiles:
  full: {driver: {label: mine, shares: {mouthFunnel: 0.5}}}
""")
    record, _ = run(picture, speech, tmp_path / "out.mp4", method=None, config=str(preset))
    assert record["components"]["driver"]["options"] == {
        "weights": None,
        "label": "mine",
        "shares": {"mouthFunnel": 0.5},
    }
    preset.write_text("{method: profiled, profile: small, profiles: {small: {driver: {gain: 5}}, full: {}}}")
    record, _ = run(picture, speech, tmp_path / "out.mp4", method=None, config=str(preset))
    assert (record["request"]["profile"], record["components"]["driver"]["options"]["gain"]) == ("small", 5.0)
    assert read_preset(str(preset)).profile == "small"
    preset.write_text("{method: profiled, profiles: {smal: {driver: {gain: 5}}}}")
    with pytest.raises(dh.OptionError, match="preset: method profiled has no profile 'smal'; did you mean 'small'"):
        run(picture, speech, tmp_path / "out.mp4", method=None, config=str(preset))
    preset.write_text("{method: profiled, profile: small, profiles: {small: {driver: {gian: 5}}}}")
    with pytest.raises(dh.OptionError, match=r"preset, profile small: driver\.gian: unknown option"):
        run(picture, speech, tmp_path / "out.mp4", method=None, config=str(preset))


def test_streams_take_a_profile_too(profiled_method: str, weights: Path, picture: Path, speech: Path) -> None:
    samples = [dh.AudioChunk(np.zeros(16000, np.float32), 0)]
    for name, frames in (("full", 20), ("small", 25)):
        with dh.stream(profiled_method, profile=name, source=picture, audio=samples) as stream:
            assert len(list(stream)) == frames


PARTS = {"avatar": "toy", "driver": "toy", "renderer": "toy"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "name its avatar, driver and renderer, or list profiles"),
        ({"avatar": "toy", "driver": "toy"}, "name its avatar, driver and renderer, or list profiles"),
        ({"profiles": (profile("a"),), "avatar": "toy"}, "it lists profiles, so components, options and candidates"),
        (
            {"profiles": (profile("a"),), "options": {"driver": {"gain": 1}}},
            "it lists profiles, so components, options and",
        ),
        ({"profiles": (profile("a"),), "candidates": ({"gain": 1},)}, "it lists profiles, so components, options and"),
        ({"profiles": (profile("a"), profile("a"))}, "two of its profiles have the same name: a, a"),
        ({**PARTS, "training": "nowhere"}, "'nowhere' is not a dotted path"),
    ],
)
def test_a_method_names_components_or_lists_profiles(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        dh.MethodSpec(name="made", summary="", **changes)


def test_a_profile_has_a_name_of_its_own_and_options_of_its_roles() -> None:
    with pytest.raises(ValueError, match="'auto': this name means the host's choice"):
        profile("auto")
    with pytest.raises(ValueError, match=r"profile a: options for unknown roles \['voice'\]"):
        profile("a", options={"voice": {}})
