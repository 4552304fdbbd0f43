"""Declarations of the Live Link Face plugin; the implementations are imported when they are needed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import dh

if TYPE_CHECKING:
    import typer

DH_API_VERSION = 1


@dh.hookimpl
def dh_drivers() -> Iterable[dh.DriverSpec]:
    yield dh.DriverSpec(
        name="live-link-face",
        summary="plays the motion of a Live Link Face recording (CSV)",
        implementation="dh_live_link_face.driver:LiveLinkFaceDriver",
        options="dh_live_link_face.options:LiveLinkFaceOptions",
        motion_space="arkit",
        look_ahead=0.0,
        licence=dh.Licence(name="Apache-2.0", commercial="allowed"),
    )


@dh.hookimpl
def dh_commands(app: typer.Typer) -> None:
    from dh_live_link_face.command import app as commands

    app.add_typer(commands, name="live-link-face")
