"""``dh methods``: what can run, and every option of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from dh.cli import parameters
from dh.cli.completion import complete_method
from dh.cli.output import Json, print_json, print_table

app = typer.Typer(help="List methods, and show one with every option.", invoke_without_command=True)


@app.callback()
def methods(
    context: typer.Context,
    json: Json = False,
    commercial_only: Annotated[
        bool, typer.Option("--commercial-only", help="Only methods that allow commercial use.")
    ] = False,
) -> None:
    """List the methods with their state."""
    if context.invoked_subcommand:
        return
    from dh.listing import method_rows
    from dh.registry import installed

    rows = method_rows(installed(), commercial_only=commercial_only)
    if commercial_only:
        rows = [row for row in rows if row["commercial"] == "allowed"]
    if json:
        print_json(rows)
        return
    print_table(
        ("method", "state", "avatar + driver + renderer", "commercial use", "summary"),
        [cells for row in rows for cells in _cells(row)],
    )
    for row in rows:
        owners = {f"{row['name']}, profile {profile['name']}": profile for profile in row["profiles"]}
        for owner, part in (owners or {row["name"]: row}).items():
            if part["remedy"]:
                typer.echo(f"{owner}: {part['detail']}; {part['remedy']}")


def _cells(row: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """A method's line of the table, and one for each of its profiles."""
    for name, part in ((row["name"], row), *((f"  {profile['name']}", profile) for profile in row["profiles"])):
        components = f"{part['avatar']} + {part['driver']} + {part['renderer']}"
        made_of = f"profile {part['profile']}" if part.get("profile") else components
        yield name, part["state"], made_of, part["commercial"], part["summary"]


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A method.", autocompletion=complete_method)],
    profile: parameters.Profile = None,
    driver: Annotated[str | None, typer.Option("--driver", help="Show with another driver.")] = None,
    renderer: Annotated[str | None, typer.Option("--renderer", help="Show with another renderer.")] = None,
    json: Json = False,
) -> None:
    """Show a method's components, licences, weights and every option."""
    from dh.declarations import AUTO_PROFILE
    from dh.describe import describe_method
    from dh.home import command

    description = describe_method(name, profile=profile or AUTO_PROFILE, driver=driver, renderer=renderer)
    if json:
        print_json(description)
        return
    typer.echo(f"{description['name']}: {description['summary']}")
    typer.echo(f"state: {description['state']}" + (f"; {description['remedy']}" if description["remedy"] else ""))
    for row in description["profiles"]:
        remedy = f"; {row['remedy']}" if row["remedy"] else ""
        shown = ", shown here" if row["name"] == description["profile"] else ""
        typer.echo(f"profile {row['name']}{shown}: {row['state']}{remedy} - {row['summary']}")
    if description["training"]:
        typer.echo(f"training: {command()} prepare {name}, {command()} train {name}")
    for component in description["components"]:
        typer.echo(f"\n{component['role']}: {component['name']} ({component['plugin']}) - {component['summary']}")
        typer.echo(component["meets"])
        typer.echo(f"licence: {component['licence']}, commercial use {component['commercial']}")
        for checkpoint in component["checkpoints"]:
            state = f"{checkpoint['need']}, {checkpoint['state']}"
            typer.echo(f"weights: {checkpoint['name']} from {checkpoint['repository']} ({state})")
        if component["options"]:
            print_table(
                ("--set", "type", "default", "range", "meaning"),
                [
                    (
                        ", ".join((option["key"], *option["aliases"])),
                        option["type"],
                        option["default"],
                        option["range"],
                        option["help"],
                    )
                    for option in component["options"]
                ],
            )
