"""Every preset that ships names a method that is here and options that it has."""

from __future__ import annotations

import pytest

from dh.options import resolve_options
from dh.presets import preset_names, read_preset
from dh.registry import installed
from dh.states import State

RESTATES_DEFAULTS = {"ditto-neutral"}  # so that there is a preset for each of the eight emotions


@pytest.mark.parametrize("name", preset_names())
def test_a_shipped_preset_fits_its_method_and_changes_something(name: str) -> None:
    preset = read_preset(name)
    assert preset.method is not None
    registry = installed()
    for profile in registry.methods[preset.method].profiles or (None,):
        named = "auto" if profile is None else profile.name
        chain = registry.chain(preset.method, profile=named, driver=preset.driver, renderer=preset.renderer)
        assert chain.status.state in (State.OK, State.MISSING_WEIGHTS)
        changed = resolve_options(chain, preset.options, {}, {}, profiles=preset.profiles)
        changes = bool(preset.run) or changed != resolve_options(chain, {}, {}, {})
        assert changes == (name not in RESTATES_DEFAULTS)


def test_presets_ship() -> None:
    emotions = {"angry", "disgust", "fear", "happy", "neutral", "sad", "surprise", "contempt"}
    assert {"face-mesh-still", "ditto-fast", "ditto-quality", *(f"ditto-{name}" for name in emotions)} <= set(
        preset_names()
    )
