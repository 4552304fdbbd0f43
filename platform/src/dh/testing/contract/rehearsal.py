"""A component used twice from beginning to end, with an eye on everything that it should leave alone."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dh.testing.contract.audit import blocked_network, watched_environment
from dh.testing.contract.holdings import Holdings, empty_folders
from dh.testing.contract.running import Arrays, work
from dh.testing.contract.surroundings import Surroundings, seed_everything

if TYPE_CHECKING:
    from dh.testing.contract.case import Case

_SEED = 5


@dataclass(frozen=True)
class Rehearsal:
    """What came of it.

    The first use may import and open what stays for good; the second shows what every further run does.

    Args:
        first: result of one instance, with seed 5 and the process's own generators seeded in one way.
        second: result of another instance, with the same seed and those generators seeded in another way.
        changes: settings of the whole process that the second use changed.
        held: threads and open files that the second use left.
        files: that both left in the working folder or that of temporary files.
        attempts: to reach the network, of both.
        error: what the component raised, if it did; then the rest is what was seen until then.
    """

    first: Arrays
    second: Arrays
    changes: list[str]
    held: list[str]
    files: list[str]
    attempts: list[str]
    error: Exception | None = None


def rehearse(case: Case) -> Rehearsal:
    """Uses a component twice, without network, in empty folders; everything is put back afterwards.

    Raises:
        NotApplicable: it cannot run here.
    """
    case.prepare()
    seen = Rehearsal({}, {}, [], [], [], [])
    with warnings.catch_warnings(), empty_folders() as left, blocked_network() as attempts:
        entry = Surroundings.now()
        try:
            with watched_environment() as touched:
                seed_everything(1)
                seen = replace(seen, first=work(case, seed=_SEED))
            if entry.torch_settings is None:
                entry = replace(entry, torch_settings=Surroundings.now().torch_settings)
            held = Holdings.now()
            entry.plain(touched).put()
            seed_everything(2)
            before = Surroundings.now()
            seen = replace(seen, second=work(case, seed=_SEED))
            seen = replace(seen, changes=before.changes(Surroundings.now()))
            seen = replace(seen, held=held.wait_for_growth_to_go(case.bench.settings.patience), files=left())
        except Exception as error:
            seen = replace(seen, error=error)
        finally:
            entry.put()
        return replace(seen, attempts=list(attempts))
