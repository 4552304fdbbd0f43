"""``dh methods``: what can run, and every option of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

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
    rows = [row for row in method_rows() if not commercial_only or row["commercial"] == "allowed"]
    if json:
        print_json(rows)
        return
    print_table(
        ("method", "state", "avatar + driver + renderer", "commercial use", "summary"),
        [
            (
                row["name"],
                row["state"],
                f"{row['avatar']} + {row['driver']} + {row['renderer']}",
                row["commercial"],
                row["summary"],
            )
            for row in rows
        ],
    )
    for row in rows:
        if row["remedy"]:
            typer.echo(f"{row['name']}: {row['detail']}; {row['remedy']}")


def method_rows() -> list[dict[str, Any]]:
    """Every method with its state, as ``dh methods --json`` prints it."""
    from dh.errors import DHError
    from dh.licences import commercial_use
    from dh.registry import installed

    registry = installed()
    rows = []
    for method in registry.methods.values():
        status = registry.method_status(method)
        try:
            uses = {commercial_use(component.spec) for component in registry.chain(method.name).components}
        except DHError:
            uses = {"unknown"}
        rows.append(
            {
                "name": method.name,
                "summary": method.summary,
                "avatar": method.avatar,
                "driver": method.driver,
                "renderer": method.renderer,
                "state": status.state.value,
                "detail": status.detail,
                "remedy": status.remedy,
                "commercial": next(use for use in ("refused", "unknown", "allowed") if use in uses),
            }
        )
    return rows


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A method.", autocompletion=complete_method)],
    driver: Annotated[str | None, typer.Option("--driver", help="Show with another driver.")] = None,
    renderer: Annotated[str | None, typer.Option("--renderer", help="Show with another renderer.")] = None,
    json: Json = False,
) -> None:
    """Show a method's components, licences, weights and every option."""
    from dh.describe import describe_method

    description = describe_method(name, driver=driver, renderer=renderer)
    if json:
        print_json(description)
        return
    typer.echo(f"{description['name']}: {description['summary']}")
    typer.echo(f"state: {description['state']}" + (f"; {description['remedy']}" if description["remedy"] else ""))
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
