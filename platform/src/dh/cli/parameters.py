"""Options that more than one command takes."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dh.cli.completion import complete_driver, complete_method, complete_preset, complete_profile, complete_renderer
from dh.errors import OptionError

Method = Annotated[
    str | None,
    typer.Option("--method", "-m", help="Method to run; see 'dh methods'.", autocompletion=complete_method),
]
Source = Annotated[str | None, typer.Option("--source", "-s", help="Picture or video of the person.")]
AvatarFile = Annotated[
    str | None, typer.Option("--avatar", help="Avatar made by 'dh avatar create', in place of a source.")
]
Audio = Annotated[
    str | None, typer.Option("--audio", "-a", help="Speech: an audio file, or a video with an audio track.")
]
Config = Annotated[
    str | None,
    typer.Option(
        "--config", "-c", help="Preset: a name in configs/ or the path of a YAML file.", autocompletion=complete_preset
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        help="Profile of the method, or auto: the best whose weights are here.  [default: auto]",
        autocompletion=complete_profile,
    ),
]
DriverName = Annotated[
    str | None,
    typer.Option("--driver", help="Driver in place of the method's own.", autocompletion=complete_driver),
]
RendererName = Annotated[
    str | None,
    typer.Option("--renderer", help="Renderer in place of the method's own.", autocompletion=complete_renderer),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Set a component's option; 'dh methods show NAME' lists them. Repeatable."
    ),
]
Mode = Annotated[
    str | None,
    typer.Option(
        "--mode",
        help="offline, or online: the driver hears no more of the speech that follows than it would live.  "
        "[default: offline]",
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of every random choice.  [default: 0]")]
Fps = Annotated[
    float | None,
    typer.Option("--fps", help="Frames per second.  [default: the motion space's, the source video's, or 25]"),
]
Device = Annotated[str | None, typer.Option("--device", help="auto, cpu, cuda, cuda:N or mps.  [default: auto]")]
CommercialOnly = Annotated[bool, typer.Option("--commercial-only", help="Refuse what does not allow commercial use.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]


def parse_sets(sets: list[str] | None) -> dict[str, Any]:
    """``["key=value", ...]`` as a mapping.

    Raises:
        OptionError: an item without '=' or without a key.
    """
    values: dict[str, Any] = {}
    for item in sets or []:
        key, sign, value = item.partition("=")
        if not sign or not key.strip():
            raise OptionError(f"--set {item}: write KEY=VALUE, for example --set seed=3")
        values[key.strip()] = value
    return values
