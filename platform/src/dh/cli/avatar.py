"""``dh avatar``: register once, reuse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dh.cli import parameters
from dh.cli.output import Json, print_json
from dh.errors import InputError, OptionError

app = typer.Typer(help="Register a person once and reuse the avatar.", no_args_is_help=True)


@app.command()
def create(
    method: parameters.Method = None,
    source: parameters.Source = None,
    profile: parameters.Profile = None,
    output: Annotated[str | None, typer.Option("--output", "-o", help="Avatar file to write (.dhavatar).")] = None,
    sets: parameters.Set = None,
    fps: parameters.Fps = None,
    device: parameters.Device = None,
    quiet: parameters.Quiet = False,
) -> None:
    """Register a picture or video with a method's avatar component and write the avatar to a file."""
    from dh.api import create_avatar
    from dh.cli.display import Display
    from dh.files import check_writable

    if method is None or source is None or output is None:
        missing = [n for n, v in (("--method", method), ("--source", source), ("--output", output)) if v is None]
        raise OptionError(
            f"{missing[0]} is missing; for example: dh avatar create -m face-mesh -s face.jpg -o me.dhavatar"
        )
    target = Path(output)
    check_writable(target, "--output")
    if target.exists() and Path(source).exists() and target.samefile(source):
        raise InputError(f"--output {target}: is the --source file itself; choose another name")
    with Display(quiet=quiet) as display:
        avatar = create_avatar(
            method,
            source,
            profile=profile,
            options=parameters.parse_sets(sets) or None,
            fps=fps,
            device=device,
            on_event=display,
        )
        avatar.save(target)
    if not quiet:
        display.console.print(f"{target}: {avatar.kind} avatar, {avatar.width}x{avatar.height}", markup=False)


@app.command()
def show(file: Annotated[str, typer.Argument(help="An avatar file.")], json: Json = False) -> None:
    """Show what an avatar file holds."""
    from dh.avatar import Avatar

    avatar = Avatar.load(file)
    description = {
        "file": file,
        "kind": avatar.kind,
        "width": avatar.width,
        "height": avatar.height,
        "fps": avatar.fps,
        "meta": dict(avatar.meta),
        "arrays": {name: f"{array.dtype} {array.shape}" for name, array in avatar.arrays.items()},
        "files": avatar.file_names(),
    }
    if json:
        print_json(description)
        return
    for key, value in description.items():
        if isinstance(value, dict):
            typer.echo(f"{key}:")
            for name, entry in value.items():
                typer.echo(f"  {name}: {entry}")
        else:
            typer.echo(f"{key}: {value}")
