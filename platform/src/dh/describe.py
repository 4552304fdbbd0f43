"""A method in full: components, licences, weights and options, for the command line and the docs alike."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from dh import checkpoints
from dh.declarations import AUTO_PROFILE, AdapterSpec, AvatarSpec, ComponentSpec, DriverSpec, RendererSpec
from dh.licences import commercial_use
from dh.listing import profile_rows
from dh.options import NoOptions, option_rows
from dh.registry import Component, installed


def describe_method(
    name: str, *, profile: str = AUTO_PROFILE, driver: str | None = None, renderer: str | None = None
) -> dict[str, Any]:
    """Everything about a method, as ``dh methods show --json`` prints it.

    Of a method with profiles, state and components are those of the profile that is named, or that a run would take.

    Raises:
        DHError: unknown names, or components that do not fit together.
    """
    registry = installed()
    chain = registry.chain(name, profile=profile, driver=driver, renderer=renderer)
    status = chain.status
    return {
        "name": name,
        "summary": chain.method.summary,
        "profile": chain.profile,
        "profiles": profile_rows(registry, chain.method),
        "training": chain.method.training is not None,
        "state": status.state.value,
        "detail": status.detail,
        "remedy": status.remedy,
        "components": [_describe(role, component) for role, component in chain.roles.items()],
    }


def _describe(role: str, component: Component[Any]) -> dict[str, Any]:
    spec = component.spec
    return {
        "role": role,
        "name": spec.name,
        "plugin": component.plugin,
        "summary": spec.summary,
        "meets": _meets(spec),
        "devices": list(spec.devices),
        "licence": spec.licence.name,
        "commercial": commercial_use(spec),
        "checkpoints": [
            {
                "name": checkpoint.name,
                "repository": checkpoint.repository,
                "revision": checkpoint.revision,
                "need": checkpoint.need,
                "state": "present" if checkpoints.state(checkpoint).present else "missing",
            }
            for checkpoint in spec.checkpoints
        ],
        "options": [asdict(row) for row in option_rows(component.options_model() or NoOptions)],
    }


def _meets(spec: ComponentSpec) -> str:
    """Where a component meets the others, in words."""
    if isinstance(spec, DriverSpec):
        ahead = "needs the whole speech" if spec.look_ahead is None else f"looks {spec.look_ahead:g} s ahead"
        ahead += ", less with --mode online" if spec.online_option else ""
        rate = f"; {spec.fps:g} frames per second" if spec.fps else ""
        return f"motion space {spec.motion_space}; {ahead}{rate}"
    if isinstance(spec, RendererSpec):
        return f"motion space {spec.motion_space}; avatars of kind {' or '.join(spec.avatar_kinds)}"
    if isinstance(spec, AdapterSpec):
        return f"motion space {spec.from_space} to {spec.to_space}"
    if isinstance(spec, AvatarSpec):
        return f"avatars of kind {spec.kind} from {' or '.join(spec.sources)}"
    return ""
