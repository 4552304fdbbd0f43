"""Whether what a chain uses may be used commercially."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from dh import checkpoints
from dh.declarations import CheckpointSpec, CommercialUse, ComponentSpec
from dh.errors import OptionError
from dh.registry import Chain

_ORDER: tuple[CommercialUse, ...] = ("allowed", "unknown", "refused")


def parts(spec: ComponentSpec, weights: Path | None = None) -> Iterator[tuple[str, str, CommercialUse]]:
    """Name, licence and commercial use of a component and of every file of the weights that it needs.

    Of alternatives the one with the fewest limits counts; optional weights do not count. ``weights`` is a folder in
    their place: nobody states its terms, unless it is that of a declared checkpoint.
    """
    yield spec.name, spec.licence.name, spec.licence.commercial
    if weights is None:
        needed = [checkpoint for checkpoint in spec.checkpoints if checkpoint.need == "required"]
        alternatives = [checkpoint for checkpoint in spec.checkpoints if checkpoint.need == "alternative"]
        if alternatives:
            needed.append(min(alternatives, key=lambda checkpoint: _ORDER.index(weights_use(checkpoint))))
    else:
        needed = [checkpoint for checkpoint in spec.checkpoints if checkpoints.folder(checkpoint) == weights]
        if not needed:
            yield str(weights), "not stated", "unknown"
    for checkpoint in needed:
        for file in checkpoint.files:
            yield f"{checkpoint.name}/{file.path}", file.licence.name, file.licence.commercial


def weights_use(checkpoint: CheckpointSpec) -> CommercialUse:
    """The strictest answer of a checkpoint's files."""
    return _strictest(file.licence.commercial for file in checkpoint.files)


def commercial_use(spec: ComponentSpec) -> CommercialUse:
    """The strictest answer of the component and its weights: "refused" before "unknown" before "allowed"."""
    return _strictest(use for _, _, use in parts(spec))


def chain_use(chain: Chain) -> CommercialUse:
    """The strictest answer of a chain's components and their weights."""
    return _strictest(commercial_use(component.spec) for component in chain.components)


def require_commercial(chain: Chain, weights: Mapping[str, Path] | None = None) -> None:
    """Refuses a chain with any part that does not clearly allow commercial use.

    Args:
        chain: the components.
        weights: folders that a user named in place of a component's checkpoints, by role.

    Raises:
        OptionError: naming the parts and their licences.
    """
    against = dict.fromkeys(
        f"{name} ({licence}: {use})"
        for role, component in chain.roles.items()
        for name, licence, use in parts(component.spec, (weights or {}).get(role))
        if use != "allowed"
    )
    if against:
        raise OptionError(
            f"--commercial-only: method {chain.title} uses {', '.join(against)}; choose another driver, "
            "renderer or method ('dh methods --commercial-only' lists them)"
        )


def _strictest(uses: Iterable[CommercialUse]) -> CommercialUse:
    return max(uses, key=_ORDER.index)
