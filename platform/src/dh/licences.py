"""Whether what a chain uses may be used commercially."""

from __future__ import annotations

from collections.abc import Iterator

from dh.declarations import CommercialUse, ComponentSpec
from dh.errors import OptionError
from dh.registry import Chain

_ORDER: tuple[CommercialUse, ...] = ("allowed", "unknown", "refused")


def parts(spec: ComponentSpec) -> Iterator[tuple[str, str, CommercialUse]]:
    """Name, licence and commercial use of a component and of every file of its weights."""
    yield spec.name, spec.licence.name, spec.licence.commercial
    for checkpoint in spec.checkpoints:
        for file in checkpoint.files:
            yield f"{checkpoint.name}/{file.path}", file.licence.name, file.licence.commercial


def commercial_use(spec: ComponentSpec) -> CommercialUse:
    """The strictest answer of the component and its weights: "refused" before "unknown" before "allowed"."""
    return max((use for _, _, use in parts(spec)), key=_ORDER.index)


def require_commercial(chain: Chain) -> None:
    """Refuses a chain with any part that does not clearly allow commercial use.

    Raises:
        OptionError: naming the parts and their licences.
    """
    against = [
        f"{name} ({licence}: {use})"
        for component in chain.components
        for name, licence, use in parts(component.spec)
        if use != "allowed"
    ]
    if against:
        raise OptionError(
            f"--commercial-only: method {chain.method.name} uses {', '.join(against)}; choose another driver, "
            "renderer or method ('dh methods --commercial-only' lists them)"
        )
