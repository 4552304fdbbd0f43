"""The toy method keeps the contract that it is the example of."""

from __future__ import annotations

from dh.testing import FakeEntryPoint, PluginContract, toy


class TestContract(PluginContract):
    plugin = FakeEntryPoint("toy", toy, "dh.testing.toy")
