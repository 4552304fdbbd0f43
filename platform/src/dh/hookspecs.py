"""The hooks that a plugin may implement. All of them are called once, at load; none is called per frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

from dh.declarations import (
    AdapterSpec,
    AvatarSpec,
    DriverSpec,
    MethodSpec,
    MetricSpec,
    RendererSpec,
)

if TYPE_CHECKING:
    import typer

    from dh.motion import MotionSpace

hookspec = pluggy.HookspecMarker("dh")
hookimpl = pluggy.HookimplMarker("dh")


@hookspec
def dh_avatars() -> Iterable[AvatarSpec]:
    """Components that register an identity from a source."""
    raise AssertionError("a specification is not called")


@hookspec
def dh_drivers() -> Iterable[DriverSpec]:
    """Components that turn speech into motion."""
    raise AssertionError("a specification is not called")


@hookspec
def dh_renderers() -> Iterable[RendererSpec]:
    """Components that turn motion into frames."""
    raise AssertionError("a specification is not called")


@hookspec
def dh_adapters() -> Iterable[AdapterSpec]:
    """Components that convert one motion space into another."""
    raise AssertionError("a specification is not called")


@hookspec
def dh_motion_spaces() -> Iterable[MotionSpace]:
    """Motion spaces beyond the host's own."""
    raise AssertionError("a specification is not called")


@hookspec
def dh_methods() -> Iterable[MethodSpec]:
    """Named presets of components."""
    raise AssertionError("a specification is not called")


@hookspec
def dh_metrics() -> Iterable[MetricSpec]:
    """Components that measure videos."""
    raise AssertionError("a specification is not called")


@hookspec
def dh_commands(app: typer.Typer) -> None:
    """Adds commands to ``dh``."""
