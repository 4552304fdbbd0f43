"""For tests of plugins and of the host: the contract, a complete toy method, and plugins without installation."""

from __future__ import annotations

from dh.testing.contract.plugin_contract import PluginContract
from dh.testing.entry_points import FakeEntryPoint, write_distribution

__all__ = ["FakeEntryPoint", "PluginContract", "write_distribution"]
