"""The plugin keeps what every plugin promises."""

from __future__ import annotations

from dh.testing import PluginContract


class TestContract(PluginContract):
    plugin = "face-mesh"
