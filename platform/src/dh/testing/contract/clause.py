"""One promise of the contract, and the two ways in which a component does not keep it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from dh.testing.contract.case import Case

Kind = Literal["plugin", "method", "avatar", "driver", "renderer", "adapter", "metric"]
"""What a clause is about: the plugin as a whole, or something that it declares."""


class ContractBroken(AssertionError):
    """A component does not keep a clause; the message says what it did, in one line."""


class NotApplicable(Exception):
    """A clause does not concern a component, or cannot be tried here; the message says why, in one line."""


@dataclass(frozen=True)
class Clause:
    """A promise that everything of some kinds must keep.

    Args:
        name: lower case with hyphens.
        kinds: what it is about.
        check: raises ContractBroken or NotApplicable; the first sentence of its docstring is the promise.
        concerns: whether it is about something of these kinds, by its declaration.
    """

    name: str
    kinds: tuple[Kind, ...]
    check: Callable[[Case], None]
    concerns: Callable[[Case], bool] = lambda case: True

    @property
    def promise(self) -> str:
        """The promise in one sentence."""
        return " ".join((inspect.getdoc(self.check) or "").partition("\n\n")[0].split())


def require(kept: bool, complaint: str) -> None:
    """Raises ContractBroken with ``complaint`` unless ``kept``."""
    if not kept:
        raise ContractBroken(complaint)
