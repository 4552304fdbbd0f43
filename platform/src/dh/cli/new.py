"""``dh new``."""

from __future__ import annotations

import shlex
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dh.package_template import PackageTemplate


class Kind(str, Enum):
    """What a new package brings."""

    DRIVER = "driver"
    RENDERER = "renderer"
    METHOD = "method"


def new(
    kind: Annotated[Kind, typer.Argument(help="What the package brings; a method is all of avatar, driver, renderer.")],
    name: Annotated[str, typer.Argument(help="Its name in commands, in lower case with hyphens, such as my-driver.")],
    output: Annotated[str | None, typer.Option("--output", "-o", help="Folder to write.  [default: dh-NAME]")] = None,
) -> None:
    """Write a package of your own, ready to install: code that works, tests, CI and a README.

    The folder must not hold anything yet. What it prints are the next commands.
    """
    from dh.package_template import PackageTemplate
    from dh.registry import installed

    template = PackageTemplate(kind.value, name)
    template.require_free(installed())
    folder = Path(output if output is not None else template.distribution)
    template.write(folder)
    typer.echo(f"{folder}: {kind.value} {name}\n")
    for line in _next_commands(template, folder):
        typer.echo(f"    {line}")


def _next_commands(template: PackageTemplate, folder: Path) -> list[str]:
    """From the new package to its first video."""
    from dh.home import command

    python, place = shlex.quote(_near(Path(sys.executable))), shlex.quote(str(folder))
    chosen = {
        "driver": f"--method face-mesh --driver {template.name}",
        "renderer": f"--method face-mesh --renderer {template.name}",
        "method": f"--method {template.name}",
    }[template.kind]
    return [
        f"{python} -m pip install -e {shlex.quote(f'{folder}[test]')}",
        f"{command()} plugins check {template.name}",
        f"{python} -m pytest {place}",
        f"{command()} run {chosen} --source face.jpg --audio speech.wav --output out.mp4",
    ]


def _near(path: Path) -> str:
    """A path as short as it is from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
