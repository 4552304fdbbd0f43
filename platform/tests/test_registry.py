"""Components join into chains: adapters are found, misfits are refused with what would fit, states are told."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import pytest

import dh
from dh.plugins import load_plugins
from dh.registry import Registry
from dh.request import make_request
from dh.session import Session
from dh.states import State
from dh.testing import FakeEntryPoint, toy

LIMITED = dh.Licence(name="CC-BY-NC-4.0", commercial="refused")


def plugin(**hooks: list[Any]) -> FakeEntryPoint:
    made = types.ModuleType("made")
    for name, specs in hooks.items():
        implementation = eval("lambda: specs", {"specs": specs})
        implementation.__name__ = name
        setattr(made, name, dh.hookimpl(implementation))
    return FakeEntryPoint("made", made)


def driver(name: str, space: str, **changes: Any) -> dh.DriverSpec:
    return dh.DriverSpec(name=name, summary="", implementation="made:X", motion_space=space, look_ahead=0.0, **changes)


def adapter(name: str, begin: str, end: str, **changes: Any) -> dh.AdapterSpec:
    return dh.AdapterSpec(name=name, summary="", implementation="made:X", from_space=begin, to_space=end, **changes)


def registry(**hooks: list[Any]) -> Registry:
    return Registry(load_plugins([FakeEntryPoint("toy", toy), plugin(**hooks)]))


SPACES = [dh.MotionSpace("bones", "", {}), dh.MotionSpace("muscles", "", {})]


def test_a_method_is_its_three_components() -> None:
    chain = registry().chain("toy")
    assert [component.name for component in chain.components] == ["toy", "toy", "toy"]
    assert list(chain.roles) == ["avatar", "driver", "renderer"]


def test_another_driver_of_the_same_space_fits() -> None:
    assert registry(dh_drivers=[driver("mine", "arkit")]).chain("toy", driver="mine").driver.name == "mine"


def test_the_shortest_path_of_adapters_is_applied() -> None:
    made = registry(
        dh_motion_spaces=SPACES,
        dh_drivers=[driver("skeleton", "bones")],
        dh_adapters=[
            adapter("bones-to-muscles", "bones", "muscles"),
            adapter("muscles-to-arkit", "muscles", "arkit"),
            adapter("around", "arkit", "bones"),
        ],
    )
    chain = made.chain("toy", driver="skeleton")
    assert [component.name for component in chain.adapters] == ["bones-to-muscles", "muscles-to-arkit"]


def test_a_pair_that_does_not_fit_is_refused_with_what_would() -> None:
    made = registry(dh_motion_spaces=SPACES, dh_drivers=[driver("skeleton", "bones")])
    with pytest.raises(dh.OptionError, match=r"'bones'.*'arkit'.*no adapter.*drivers for 'arkit': toy"):
        made.chain("toy", driver="skeleton")


def test_an_adapter_that_lacks_its_extra_is_named_with_the_remedy() -> None:
    made = registry(
        dh_motion_spaces=SPACES,
        dh_drivers=[driver("skeleton", "bones")],
        dh_adapters=[adapter("bridge", "bones", "arkit", requires=("no_such_module",), extra="torch")],
    )
    with pytest.raises(dh.ExtraMissing, match=r"adapter bridge would join them.*no_such_module.*\[torch\]|setup all"):
        made.chain("toy", driver="skeleton")


def test_a_driver_that_reads_another_kind_of_avatar_is_refused() -> None:
    made = registry(dh_drivers=[driver("deep", "arkit", avatar_kinds=("ditto",))])
    with pytest.raises(dh.OptionError, match="driver deep reads avatars of kind ditto, but renderer toy uses toy"):
        made.chain("toy", driver="deep")


def test_a_renderer_of_another_kind_brings_its_avatar() -> None:
    made = registry(
        dh_avatars=[dh.AvatarSpec(name="cube", summary="", implementation="made:X", kind="cube")],
        dh_renderers=[
            dh.RendererSpec(
                name="cube", summary="", implementation="made:X", motion_space="arkit", avatar_kinds=("cube",)
            )
        ],
    )
    assert made.chain("toy", renderer="cube").avatar.name == "cube"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"method": "toi"}, "--method: there is no 'toi'; did you mean 'toy'?"),
        ({"method": "toy", "driver": "tay"}, "--driver: there is no 'tay'; did you mean 'toy'?"),
        ({"method": "toy", "renderer": "xyzzy"}, "--renderer: there is no 'xyzzy'; known: toy"),
    ],
)
def test_an_unknown_name_gets_the_nearest_known_one(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(dh.OptionError) as caught:
        registry().chain(**arguments)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "state", "remedy", "error"),
    [
        (
            {"requires": ("no_such_module",), "extra": "torch"},
            State.MISSING_EXTRA,
            "pip install 'test[torch]'",
            dh.ExtraMissing,
        ),
        ({"devices": ("mps",)}, State.UNSUPPORTED_DEVICE, "this machine has cpu", dh.DeviceMissing),
        (
            {
                "checkpoints": (
                    dh.CheckpointSpec(
                        name="heavy",
                        repository="owner/heavy",
                        revision="main",
                        files=(dh.CheckpointFile(path="a.safetensors", licence=LIMITED, size=3),),
                    ),
                )
            },
            State.MISSING_WEIGHTS,
            "checkpoints pull heavy",
            dh.CheckpointMissing,
        ),
    ],
)
def test_what_a_component_lacks_is_a_state_with_a_remedy(
    changes: dict[str, Any],
    state: State,
    remedy: str,
    error: type[dh.DHError],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
) -> None:
    monkeypatch.delenv("DH_LAUNCHER", raising=False)
    monkeypatch.setenv("DH_CHECKPOINTS", str(tmp_path))
    monkeypatch.setattr("dh.states.available_devices", lambda: ("cpu",))
    chain = registry(dh_drivers=[driver("lacking", "arkit", **changes)]).chain("toy", driver="lacking")
    assert chain.status.state is state
    assert remedy in chain.status.remedy
    with pytest.raises(error, match="lacking"):
        chain.require()


def test_a_component_that_lacks_packages_says_so_before_its_options_are_read(picture: Path) -> None:
    lacking = driver("lacking", "arkit", requires=("no_such_module",), options="no_such_module:Options")
    with pytest.raises(dh.ExtraMissing, match="lacking: missing extra: needs no_such_module"):
        Session(make_request(method="toy", driver="lacking", source=picture), registry=registry(dh_drivers=[lacking]))


def test_under_the_launcher_the_remedy_for_an_extra_is_the_launchers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DH_LAUNCHER", "./dh")
    chain = registry(dh_drivers=[driver("lacking", "arkit", requires=("no_such_module",))]).chain(
        "toy", driver="lacking"
    )
    assert chain.status.remedy == "run: ./dh setup all"


def test_a_motion_space_that_nobody_defines_is_an_error() -> None:
    made = registry(dh_drivers=[driver("lost", "nowhere")])
    with pytest.raises(dh.PluginError, match="driver lost: unknown motion space 'nowhere'"):
        made.chain("toy", driver="lost")


def test_commercial_only_names_what_forbids_it() -> None:
    from dh.licences import require_commercial

    made = registry(dh_drivers=[driver("academic", "arkit", licence=LIMITED)])
    require_commercial(made.chain("toy"))
    with pytest.raises(dh.OptionError, match=r"academic \(CC-BY-NC-4.0: refused\)"):
        require_commercial(made.chain("toy", driver="academic"))
