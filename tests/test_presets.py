"""Every preset that ships names a method that is here and options that it has."""

from __future__ import annotations

import pytest

from dh.options import resolve_options
from dh.presets import preset_names, read_preset
from dh.registry import installed


@pytest.mark.parametrize("name", preset_names())
def test_a_shipped_preset_fits_its_method_and_changes_something(name: str) -> None:
    preset = read_preset(name)
    assert preset.method is not None
    chain = installed().chain(preset.method, driver=preset.driver, renderer=preset.renderer)
    assert chain.status.ok
    changed = resolve_options(chain, preset.options, {}, {})
    assert changed != resolve_options(chain, {}, {}, {})


def test_presets_ship() -> None:
    assert "face-mesh-still" in preset_names()
