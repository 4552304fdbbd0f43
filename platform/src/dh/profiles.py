"""Which of a method's profiles a run takes, where its user names none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dh.home import command

if TYPE_CHECKING:
    from dh.registry import Chain


def _names_none(chain: Chain) -> bool:
    """Of a run whose user names no folder of weights."""
    return False


@dataclass(frozen=True)
class Demands:
    """What a run asks of the profile that it leaves to the host.

    Args:
        avatar_kind: of the saved avatar that it reads, None where it registers a source.
        names_weights: whether its options name a folder of weights that a component of a chain takes.
        commercial_only: whether it refuses what does not clearly allow commercial use.
    """

    avatar_kind: str | None = None
    names_weights: Callable[[Chain], bool] = _names_none
    commercial_only: bool = False


def choose_profile(best: str, chains: Sequence[Chain], demands: Demands, named: str) -> tuple[Chain, str]:
    """The first chain that meets the demands and has its weights; where none has them, the last that meets them.

    A folder of weights that the user names stands for those that are missing. Modules or devices that are missing do
    not count: that the weights are there says what the user wants, and the run's own error says what it lacks.

    Args:
        best: the method's first profile.
        chains: of the profiles that can be joined, best first; at least one.
        demands: each of them counts unless no chain meets it.
        named: the options that make profiles unfit to be joined, for the words.

    Returns:
        The chain, and why it is not of the best profile, in words; "" where it is.
    """
    left = list(chains)
    why = "" if left[0].profile == best else f"profile {best} does not fit {named}"
    for meets, reason in _conditions(best, demands):
        left = [chain for chain in left if meets(chain)] or left
        if not why and left[0].profile != best:
            why = reason
    if demands.names_weights(left[0]):
        return left[0], why
    commercial_only = demands.commercial_only
    chosen = next((chain for chain in left if not chain.absent(commercial_only=commercial_only)), left[-1])
    if not why and chosen.profile != best:
        pull = " ".join(left[0].absent(commercial_only=commercial_only))
        why = f"the weights of profile {best} are not here; to get them run: {command()} checkpoints pull {pull}"
    return chosen, why


def _conditions(best: str, demands: Demands) -> list[tuple[Callable[[Chain], bool], str]]:
    """What a chain must meet, most telling first, with why the best profile is not taken where it does not."""
    conditions: list[tuple[Callable[[Chain], bool], str]] = []
    kind = demands.avatar_kind
    if kind is not None:
        again = f"register the source again with '{command()} avatar create --profile {best}'"
        conditions.append(
            (
                lambda chain: kind in chain.renderer.spec.avatar_kinds,
                f"profile {best} reads no avatars of kind {kind}; for one that it reads {again}",
            )
        )
    conditions.append((demands.names_weights, f"profile {best} has no option for the folder of weights"))
    if demands.commercial_only:
        conditions.append((_allows_commerce, f"profile {best} does not clearly allow commercial use"))
    return conditions


def _allows_commerce(chain: Chain) -> bool:
    from dh.licences import chain_use

    return chain_use(chain) == "allowed"
