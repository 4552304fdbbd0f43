"""``dh prepare`` and ``dh train``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from dh.cli import parameters
from dh.cli.completion import complete_method, complete_training_config
from dh.errors import Interrupted, OptionError

MethodName = Annotated[str, typer.Argument(help="A method.", autocompletion=complete_method)]
Config = Annotated[
    str | None,
    typer.Option(
        "--config",
        "-c",
        help="Training configuration: a name in configs/training/ or the path of a YAML file.",
        autocompletion=complete_training_config,
    ),
]
Output = Annotated[str | None, typer.Option("--output", "-o", help="Folder to write, or to go on with.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a value of the configuration. Repeatable."),
]


def prepare(
    method: MethodName,
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Files and folders, such as talking videos, where it takes any."),
    ] = None,
    output: Output = None,
    config: Config = None,
    sets: Set = None,
    quiet: parameters.Quiet = False,
) -> None:
    """Prepare data to train a method with, and print their folder.

    Safe to interrupt: the same command goes on where it stopped.
    """
    from dh.cli.display import Display
    from dh.training import prepare as prepare_data

    if output is None:
        raise OptionError(f"--output is missing; for example: dh prepare {method} videos -o data")
    with _resumable(), Display(quiet=quiet) as display:
        folder = prepare_data(
            method,
            [Path(source) for source in sources or []],
            Path(output),
            config=config,
            options=parameters.parse_sets(sets),
            listener=display,
        )
    typer.echo(str(folder))


def train(
    method: MethodName,
    config: Config = None,
    output: Output = None,
    sets: Set = None,
    quiet: parameters.Quiet = False,
) -> None:
    """Train a method, and print the folder of its new weights.

    Safe to interrupt: the same command goes on where it stopped.
    """
    from dh.cli.display import Display
    from dh.training import train as train_method

    if config is None or output is None:
        missing = "--config" if config is None else "--output"
        raise OptionError(f"{missing} is missing; for example: dh train {method} --config my-training.yaml -o trained")
    with _resumable(), Display(quiet=quiet) as display:
        folder = train_method(method, config, Path(output), options=parameters.parse_sets(sets), listener=display)
    typer.echo(str(folder))


@contextlib.contextmanager
def _resumable() -> Iterator[None]:
    """Tells who interrupts work that it can go on."""
    try:
        yield
    except KeyboardInterrupt as stop:
        raise Interrupted("interrupted; the same command goes on where it stopped") from stop
