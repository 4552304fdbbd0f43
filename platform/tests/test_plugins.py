"""A plugin cannot break the host: whatever it does, it gets a state and leaves nothing behind."""

from __future__ import annotations

import types
from typing import Any

import pytest

import dh
from dh.plugins import load_plugins
from dh.registry import Registry
from dh.states import State
from dh.testing import FakeEntryPoint, toy

TOY = FakeEntryPoint("toy", toy)


def module(**attributes: Any) -> types.ModuleType:
    made = types.ModuleType("made")
    vars(made).update(attributes)
    return made


def driver(name: str = "other", **changes: Any) -> dh.DriverSpec:
    values = {"summary": "", "implementation": "made:Driver", "motion_space": "arkit", "look_ahead": 0.0, **changes}
    return dh.DriverSpec(name=name, **values)


def declares(*specs: Any) -> types.ModuleType:
    @dh.hookimpl
    def dh_drivers() -> Any:
        yield from specs

    return module(dh_drivers=dh_drivers)


def raises_midway() -> types.ModuleType:
    @dh.hookimpl
    def dh_drivers() -> Any:
        yield driver("half")
        raise RuntimeError("no more")

    return module(dh_drivers=dh_drivers)


def unknown_hook() -> types.ModuleType:
    @dh.hookimpl
    def dh_driver() -> Any:
        return []

    return module(dh_driver=dh_driver)


@pytest.mark.parametrize(
    ("plugin", "state", "words"),
    [
        (ImportError("no module named x"), State.BROKEN, "import failed: ImportError: no module named x"),
        (OSError("libcuda.so.1: cannot open"), State.BROKEN, "OSError: libcuda.so.1"),
        (SystemExit(1), State.BROKEN, "SystemExit: 1"),
        (module(DH_API_VERSION=99), State.INCOMPATIBLE, "needs hook API 99, this host has 1"),
        (module(DH_API_VERSION="one"), State.INCOMPATIBLE, "needs hook API one"),
        (raises_midway(), State.BROKEN, "RuntimeError: no more"),
        (declares("viseme"), State.BROKEN, "dh_drivers gave a str, not a DriverSpec"),
        (declares(driver("toy")), State.BROKEN, "DriverSpec 'toy' is already declared by plugin 'toy'"),
        (declares(driver("twice"), driver("twice")), State.BROKEN, "already declared"),
        (unknown_hook(), State.BROKEN, "hook 'dh_driver' that this host does not have; did you mean 'dh_drivers'?"),
    ],
)
def test_a_failing_plugin_gets_a_state_and_is_undone(plugin: Any, state: State, words: str) -> None:
    plugins = load_plugins([TOY, FakeEntryPoint("zz-bad", plugin)])
    good, bad = plugins.records
    assert (good.name, good.status.state) == ("toy", State.OK)
    assert (bad.name, bad.status.state, bad.declared) == ("zz-bad", state, ())
    assert words in bad.status.detail
    assert "\n" not in bad.status.detail
    assert bad.status.remedy
    assert not plugins.manager.has_plugin("zz-bad")
    registry = Registry(plugins)
    assert set(registry.drivers) == {"toy"}
    assert registry.chain("toy").status.ok


def test_interrupting_an_import_is_not_a_plugins_fault() -> None:
    with pytest.raises(KeyboardInterrupt):
        load_plugins([FakeEntryPoint("slow", KeyboardInterrupt())])


def test_dh_plugins_limits_what_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DH_PLUGINS", "toy")
    plugins = load_plugins([TOY, FakeEntryPoint("other", declares(driver()))])
    assert [record.name for record in plugins.records] == ["toy"]


def test_dh_plugins_with_a_wrong_name_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DH_PLUGINS", "toys")
    (record,) = load_plugins([TOY]).records
    assert record.status.state is State.BROKEN
    assert "did you mean 'toy'?" in record.status.detail


def test_dh_strict_turns_a_state_into_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DH_STRICT", "1")
    with pytest.raises(dh.PluginError, match="plugin bad: broken: import failed"):
        load_plugins([TOY, FakeEntryPoint("bad", ImportError("gone"))])


def test_declaring_imports_no_implementation() -> None:
    plugins = load_plugins([FakeEntryPoint("lazy", declares(driver(implementation="does.not.exist:Driver")))])
    assert plugins.records[0].status.ok


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "Upper Case"}, "lower-case"),
        ({"implementation": "no colon"}, "dotted path"),
        ({"options": "no colon"}, "dotted path"),
        ({"devices": ("tpu",)}, "unknown devices"),
        ({"devices": ()}, "unknown devices"),
    ],
)
def test_invalid_declarations_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        driver(**changes)
