"""``dh live-link-face``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import dh

app = typer.Typer(help="Live Link Face recordings.", no_args_is_help=True)


@app.callback()
def live_link_face() -> None:
    """Live Link Face recordings."""


@app.command("export")
def export(
    method: Annotated[str, typer.Option("--method", "-m", help="Method whose driver makes the motion.")],
    audio: Annotated[str, typer.Option("--audio", "-a", help="Speech: an audio file, or a video with an audio track.")],
    source: Annotated[str, typer.Option("--source", "-s", help="Picture or video of the person.")],
    output: Annotated[str, typer.Option("--output", "-o", help="CSV file to write.")],
    profile: Annotated[
        str | None, typer.Option("--profile", help="Profile of the method, or auto: the best whose weights are here.")
    ] = None,
    driver: Annotated[str | None, typer.Option("--driver", help="Driver in place of the method's own.")] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a component's option. Repeatable.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of every random choice.  [default: 0]")] = None,
    fps: Annotated[
        float | None,
        typer.Option("--fps", help="Rows per second; importers that only count rows expect 60.  [default: as a run's]"),
    ] = None,
) -> None:
    """Write the motion that a driver makes of speech as a recording of the Live Link Face app."""
    from dh_live_link_face.writing import write_recording

    motion = dh.drive(
        method,
        audio=audio,
        source=source,
        profile=profile,
        driver=driver,
        options=dh.parse_sets(sets) or None,
        seed=seed,
        fps=fps,
    )
    rows = write_recording(motion, Path(output))
    typer.echo(f"{output}: {rows} rows")
