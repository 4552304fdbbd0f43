"""Clauses on what a plugin declares, told without running anything."""

from __future__ import annotations

import importlib.metadata
import math
from typing import Any

from dh.declarations import CheckpointSpec, ComponentSpec, DriverSpec, MethodSpec, MetricSpec
from dh.registry import import_dotted
from dh.states import State
from dh.testing.contract.case import Case
from dh.testing.contract.clause import require

WORK = {
    "avatar": "register",
    "driver": "drive",
    "renderer": "stages",
    "adapter": "adapt",
    "metric": "measure",
}
"""The method of each kind of component that does its work."""


def loads(case: Case) -> None:
    """The plugin loads: it imports, every hook gives what it should, and no name is taken."""
    status = case.bench.record.status
    require(status.ok, f"{status.state.value}: {status.detail}")
    require(bool(case.bench.record.declared), "it declares nothing")


def declaration(case: Case) -> None:
    """What a component declares is true and complete: its class, motion spaces, numbers, extra and licence."""
    spec: ComponentSpec = case.spec
    require(spec.summary.strip() != "" and "\n" not in spec.summary, "summary: give one line for 'dh methods'")
    require(spec.licence.name not in ("", "unstated"), "licence: state the terms of the component")
    _check_extras(case)
    for name in ("motion_space", "from_space", "to_space"):
        if hasattr(spec, name):
            case.bench.registry.space(getattr(spec, name), name)
    kinds = getattr(spec, "avatar_kinds", None)
    require(
        kinds is None or (isinstance(kinds, tuple) and bool(kinds)), f"avatar_kinds: a tuple of kinds, not {kinds!r}"
    )
    if isinstance(spec, DriverSpec):
        require(
            spec.look_ahead is None or _is_span(spec.look_ahead),
            f"look_ahead: seconds or None, not {spec.look_ahead!r}",
        )
    if isinstance(spec, MetricSpec):
        require(spec.explanation.strip() != "", "explanation: say in a few sentences what it measures and how")
    if case.status.state is State.MISSING_EXTRA:
        return
    implementation = case.component.implementation()
    method = WORK[case.kind]
    require(callable(getattr(implementation, method, None)), f"{spec.implementation} has no method {method!r}")


def method(case: Case) -> None:
    """A method's components are there and fit together, its options are theirs, and what its tools name is there."""
    from dh.options import resolve_options

    registry = case.bench.registry
    spec: MethodSpec = registry.method(case.name)
    require(spec.summary.strip() != "", "summary: give one line for 'dh methods'")
    for profile in [profile.name for profile in spec.profiles] or ["auto"]:
        chain = registry.chain(case.name, profile=profile)
        if chain.status.state is not State.MISSING_EXTRA:
            resolve_options(chain, {}, {}, environment={})
    for path in (spec.weights, spec.bench, spec.training):
        if path is not None:
            import_dotted(path, f"method {case.name}")


def has_options(case: Case) -> bool:
    """Whether it declares options."""
    return case.spec.options is not None


def options_model(case: Case) -> None:
    """Options are a frozen pydantic model that refuses unknown names and has a valid default for each."""
    from pydantic import BaseModel, ConfigDict

    model = _model(case)
    require(isinstance(model, type) and issubclass(model, BaseModel), f"{case.spec.options} is no pydantic model")
    require(model.model_config.get("extra") == "forbid", "unknown names are not refused: set extra='forbid'")
    require(model.model_config.get("frozen") is True, "options can be changed: set frozen=True")
    required = [name for name, info in model.model_fields.items() if info.is_required()]
    require(not required, f"{', '.join(required)}: give a default")
    strict = type(model.__name__, (model,), {"model_config": ConfigDict(validate_default=True)})
    try:
        strict()
    except ValueError as error:
        require(False, f"a default is not valid: {error}")
    option = case.spec.weights_option
    require(option is None or option in model.model_fields, f"weights_option {option!r} is none of its options")


def options_documented(case: Case) -> None:
    """'dh methods show' says of every option what it does."""
    from dh.options import option_rows

    silent = [row.key for row in option_rows(_model(case)) if not row.help.strip()]
    require(not silent, f"{', '.join(silent)}: give a description")


def has_online_option(case: Case) -> bool:
    """Whether mode online is another way to work for a driver."""
    return case.spec.online_option is not None


def online_option(case: Case) -> None:
    """The option that a driver names for mode online is a switch, and with it the driver states its look-ahead."""
    spec: DriverSpec = case.spec
    assert spec.online_option is not None
    info = _model(case).model_fields.get(spec.online_option)
    require(info is not None, f"{spec.online_option!r} is none of its options")
    assert info is not None
    require(info.annotation is bool, f"option {spec.online_option!r} is {info.annotation}, not bool")
    driver = case.build(online=True)
    ahead = getattr(driver, "look_ahead", spec.look_ahead)
    require(_is_span(ahead), f"with {spec.online_option}=true its look_ahead is {ahead!r}, not a number of seconds")


def _model(case: Case) -> Any:
    require(case.spec.options is not None, "it declares no options")
    if case.status.state is State.MISSING_EXTRA:
        case.require_runnable()
    return case.component.options_model()


def _is_span(seconds: object) -> bool:
    return (
        isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and math.isfinite(seconds) and seconds >= 0
    )


def _check_extras(case: Case) -> None:
    """Extras that are named exist in the distribution, and bring something that is required."""
    spec: ComponentSpec = case.spec
    parts: list[tuple[str, ComponentSpec | CheckpointSpec]] = [("", spec)]
    parts += [(f"checkpoint {checkpoint.name}: ", checkpoint) for checkpoint in spec.checkpoints]
    for owner, part in parts:
        complaint = f"{owner}extra {part.extra!r} without what it is required for"
        require(part.extra is None or bool(part.requires), complaint)
    try:
        metadata = importlib.metadata.metadata(case.component.distribution)
    except importlib.metadata.PackageNotFoundError:
        return
    known = metadata.get_all("Provides-Extra") or []
    for name in {part.extra for _, part in parts if part.extra is not None}:
        require(name in known, f"extra {name!r}: {case.component.distribution} has no such extra")
