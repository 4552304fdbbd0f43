"""Methods and their profiles with their states, cheap enough to list them all."""

from __future__ import annotations

from typing import Any

from dh.declarations import AUTO_PROFILE, CommercialUse, MethodSpec
from dh.errors import DHError
from dh.licences import chain_use
from dh.profiles import Demands
from dh.registry import Registry
from dh.states import State, Status
from dh.text import one_line


def method_rows(registry: Registry, *, commercial_only: bool = False) -> list[dict[str, Any]]:
    """Every method with its state, as ``dh methods --json`` prints it.

    Of a method with profiles, state and components are those of the profile that a run would take.

    Args:
        registry: what there is.
        commercial_only: what a run would take that refuses what does not clearly allow commercial use.
    """
    demands = Demands(commercial_only=commercial_only)
    return [
        {
            "name": method.name,
            "summary": method.summary,
            **_standing(registry, method, AUTO_PROFILE, demands),
            "profiles": profile_rows(registry, method),
        }
        for method in registry.methods.values()
    ]


def profile_rows(registry: Registry, method: MethodSpec) -> list[dict[str, Any]]:
    """A method's profiles with their states, best first."""
    return [
        {"name": profile.name, "summary": profile.summary, **_standing(registry, method, profile.name, Demands())}
        for profile in method.profiles
    ]


def _standing(registry: Registry, method: MethodSpec, profile: str, demands: Demands) -> dict[str, Any]:
    """Declared components, state and commercial use of a profile, or of the one that a run would take."""
    use: CommercialUse
    try:
        chain = registry.chain(method.name, profile=profile, demands=demands)
        status, use, taken = chain.status, chain_use(chain), chain.profile
    except DHError as error:
        status, use = Status(State.BROKEN, one_line(error)), "unknown"
        best = method.profiles[0].name if method.profiles else None
        taken = best if profile == AUTO_PROFILE else profile
    spec = method.profile(taken)
    return {
        "avatar": spec.avatar,
        "driver": spec.driver,
        "renderer": spec.renderer,
        "state": status.state.value,
        "detail": status.detail,
        "remedy": status.remedy,
        "commercial": use,
        **({"profile": taken} if profile == AUTO_PROFILE else {}),
    }
