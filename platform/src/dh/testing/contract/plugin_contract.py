"""The contract as pytest tests: a class to derive from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar

from dh.plugins import EntryPoint
from dh.testing.contract.bench import Settings
from dh.testing.contract.clause import ContractBroken, NotApplicable
from dh.testing.contract.trial import Trial, trials


class PluginContract:
    """Derive a test class from it and name a plugin: pytest runs a test for each component and clause.

        class TestContract(PluginContract):
            plugin = "loudness"

    A clause that cannot be tried here, for want of weights or a device, is skipped with the reason.

    Attributes:
        plugin: name of an installed plugin; or an entry point, such as ``dh.testing.FakeEntryPoint``, which need not be
            installed.
        source: picture or video that avatars are registered from; None: a picture and a video of a face.
        options: options that differ from their defaults, by component and option.
        live_values: a new value for each live option whose field tells none by its range or choices.
        device: that components run on, as ``--device`` takes it.
        components: names of what to try; None: everything that the plugin declares.
        skip: clauses to leave out, each with the reason. A key is a clause's name, or "CLAUSE of NAME" for one
            component.
        tolerance: by how much two results that should be the same may differ, as a share of their range; pictures by
            one level of 255.
        patience: seconds within which what is closed must have ended.
    """

    plugin: ClassVar[str | EntryPoint]
    source: ClassVar[Path | None] = None
    options: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    live_values: ClassVar[Mapping[str, Any]] = {}
    device: ClassVar[str] = "auto"
    components: ClassVar[Collection[str] | None] = None
    skip: ClassVar[Mapping[str, str]] = {}
    tolerance: ClassVar[float] = Settings.tolerance
    patience: ClassVar[float] = Settings.patience

    @classmethod
    def pytest_generate_tests(cls, metafunc: Any) -> None:
        """Called by pytest: one test for each component and clause."""
        if "trial" in metafunc.fixturenames:
            found = cls._trials()
            metafunc.parametrize("trial", found, ids=[_identifier(trial) for trial in found])

    @classmethod
    def _trials(cls) -> list[Trial]:
        settings = Settings(
            source=cls.source,
            options=cls.options,
            live_values=cls.live_values,
            device=cls.device,
            tolerance=cls.tolerance,
            patience=cls.patience,
        )
        return list(trials(cls.plugin, settings, components=cls.components, skip=dict(cls.skip)))

    def test_contract(self, trial: Trial) -> None:
        """The component keeps the clause."""
        __tracebackhide__ = True
        import pytest

        try:
            trial.run()
        except NotApplicable as reason:
            pytest.skip(f"{trial}: {reason}")
        except ContractBroken as broken:
            if broken.__cause__ is not None:  # what the component raised: its traceback tells more than words
                raise
            complaint = f"{trial}: {broken}\nThe promise: {trial.clause.promise}"
        else:
            return
        pytest.fail(complaint, pytrace=False)


def _identifier(trial: Trial) -> str:
    return f"{trial.case.kind}-{trial.case.name}-{trial.clause.name}"
