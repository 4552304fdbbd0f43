"""What every plugin promises, tried on the plugin: ``PluginContract`` in its tests, or ``dh plugins check NAME``."""

from __future__ import annotations

from dh.testing.contract.bench import Settings
from dh.testing.contract.clause import Clause, ContractBroken, NotApplicable
from dh.testing.contract.plugin_contract import PluginContract
from dh.testing.contract.trial import Result, Trial, check_plugin, trials

__all__ = [
    "Clause",
    "ContractBroken",
    "NotApplicable",
    "PluginContract",
    "Result",
    "Settings",
    "Trial",
    "check_plugin",
    "trials",
]
