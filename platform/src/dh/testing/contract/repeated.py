"""Clauses on what a second run shares with the first, and with everything else in the process."""

from __future__ import annotations

from dh.testing.contract.case import Case
from dh.testing.contract.clause import ContractBroken, require
from dh.testing.contract.rehearsal import Rehearsal
from dh.testing.contract.running import difference


def seed(case: Case) -> None:
    """The seed and the input decide the result, whatever else draws random numbers or was built before."""
    seen = _seen(case)
    apart = difference(seen.first, seen.second, 0.0 if case.device == "cpu" else case.bench.settings.tolerance)
    require(not apart, f"the same seed and input a second time: {apart}")


def no_leaks(case: Case) -> None:
    """A run leaves no thread, no open file, no temporary file and no file in the working folder."""
    seen = _seen(case)
    left = [*seen.held, *seen.files]
    require(not left, f"it leaves {', '.join(left)}")


def global_state(case: Case) -> None:
    """A run changes nothing that belongs to the whole process: generators, environment, warnings, signals, torch."""
    seen = _seen(case)
    require(not seen.changes, f"it changes {', '.join(seen.changes)}")


def offline(case: Case) -> None:
    """A run does not reach for the network."""
    seen = case.rehearsal
    if seen.attempts:
        raise ContractBroken(f"it reaches for the network: {'; '.join(dict.fromkeys(seen.attempts))}")
    _seen(case)


def _seen(case: Case) -> Rehearsal:
    seen = case.rehearsal
    if seen.error is not None:
        raise seen.error
    return seen
