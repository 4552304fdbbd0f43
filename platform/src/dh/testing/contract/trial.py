"""A clause tried on one thing that a plugin declares, and all the trials of a plugin."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dh.errors import DHError, MissingError, OptionError
from dh.plugins import EntryPoint
from dh.testing.contract.bench import Bench, Settings
from dh.testing.contract.clause import Clause, ContractBroken, NotApplicable
from dh.text import one_line

if TYPE_CHECKING:
    from dh.testing.contract.case import Case

Outcome = Literal["ok", "broken", "not applicable"]


@dataclass(frozen=True)
class Result:
    """How a trial ended; ``reason`` is one line, empty where the clause is kept."""

    component: str
    clause: str
    promise: str
    outcome: Outcome
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """As ``dh plugins check --json`` prints it."""
        return dict(vars(self))


@dataclass(frozen=True)
class Trial:
    """One clause and what it is tried on; ``skipped`` is a reason to leave it out, empty to try it."""

    clause: Clause
    case: Case
    skipped: str = ""

    def __str__(self) -> str:
        return f"{self.case}: {self.clause.name}"

    def run(self) -> None:
        """Tries it.

        Raises:
            ContractBroken: the clause is not kept, or what it tries raised something.
            NotApplicable: it does not concern the component, cannot be tried here, or was left out.
        """
        if self.skipped:
            raise NotApplicable(f"left out: {self.skipped}")
        try:
            self.clause.check(self.case)
        except (ContractBroken, NotApplicable):
            raise
        except MissingError as error:
            raise NotApplicable(one_line(error)) from error
        except OptionError as error:
            if self.case.given or self.case.kind in ("plugin", "method"):
                raise ContractBroken(one_line(error)) from error
            raise NotApplicable(f"it runs with options of its user alone: {one_line(error)}") from error
        except DHError as error:
            raise ContractBroken(one_line(error)) from error
        except Exception as error:
            raise ContractBroken(f"it raised {type(error).__name__}: {one_line(error)}") from error

    def result(self) -> Result:
        """Tries it, and says how it ended."""
        outcome: Outcome = "ok"
        reason = ""
        try:
            self.run()
        except NotApplicable as error:
            outcome, reason = "not applicable", one_line(error)
        except ContractBroken as error:
            outcome, reason = "broken", one_line(error)
        return Result(str(self.case), self.clause.name, self.clause.promise, outcome, reason)


def trials(
    plugin: str | EntryPoint,
    settings: Settings | None = None,
    *,
    components: Collection[str] | None = None,
    skip: dict[str, str] | None = None,
) -> Iterator[Trial]:
    """Every clause with everything in a plugin that it is about.

    Args:
        plugin: name of an installed plugin; or an entry point, which need not be installed.
        settings: how it is tried.
        components: names of what to try; None: everything that it declares.
        skip: clauses to leave out, each with the reason. A key is a clause's name, or "CLAUSE of NAME" for one
            component.

    Raises:
        OptionError: no such plugin, component or clause.
    """
    from dh.testing.contract.clauses import CLAUSES

    bench, skip = Bench(plugin, settings), dict(skip or {})
    cases = bench.cases()
    _check_names(bench, cases, components, skip, [clause.name for clause in CLAUSES])
    for case in cases:
        if components is not None and case.kind != "plugin" and case.name not in components:
            continue
        for clause in CLAUSES:
            if case.kind in clause.kinds and clause.concerns(case):
                yield Trial(clause, case, skip.get(f"{clause.name} of {case.name}") or skip.get(clause.name, ""))


def check_plugin(plugin: str | EntryPoint, settings: Settings | None = None) -> Iterator[Result]:
    """Tries every clause on everything that a plugin declares, one after the other.

    Args are those of ``trials``.
    """
    for trial in trials(plugin, settings):
        yield trial.result()


def _check_names(
    bench: Bench, cases: list[Case], components: Collection[str] | None, skip: dict[str, str], clauses: list[str]
) -> None:
    from dh.text import nearest

    declared = [case.name for case in cases if case.kind != "plugin"]
    for name in components or ():
        if name not in declared:
            raise OptionError(f"plugin {bench.record.name} declares no {name!r}{nearest(name, declared)}")
    for key in skip:
        clause = key.partition(" of ")[0]
        if clause not in clauses:
            raise OptionError(f"skip: there is no clause {clause!r}{nearest(clause, clauses)}")
    for name in bench.settings.options:
        if name not in (*declared, *map(str, cases)):
            raise OptionError(f"options: plugin {bench.record.name} declares no {name!r}{nearest(name, declared)}")
