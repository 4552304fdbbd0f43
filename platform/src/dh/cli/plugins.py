"""``dh plugins``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dh.cli import parameters
from dh.cli.completion import complete_plugin
from dh.cli.output import Json, print_json, print_notice, print_table

_LISTED = 6
"""Things of a kind that a table still names."""

app = typer.Typer(
    help="List the plugins of this environment with their state, and try what one promises.",
    invoke_without_command=True,
)


@app.callback()
def plugins(context: typer.Context, json: Json = False) -> None:
    """List the plugins of this environment with their state, and what each brings."""
    if context.invoked_subcommand:
        return
    rows = plugin_rows()
    if json:
        print_json(rows)
        return
    print_table(
        ("plugin", "version", "state", "brings"),
        [(row["name"], row["version"], row["state"], _grouped(row["brings"])) for row in rows],
    )
    for row in rows:
        if row["detail"]:
            typer.echo(f"{row['name']}: {row['detail']}" + (f"; {row['remedy']}" if row["remedy"] else ""))


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="A plugin, as 'dh plugins' lists it.", autocompletion=complete_plugin)],
    component: Annotated[
        list[str] | None, typer.Option("--component", help="Try this of what it declares alone. Repeatable.")
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--source", "-s", help="Picture or video to register.  [default: a picture and a video of a face]"
        ),
    ] = None,
    sets: parameters.Set = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    json: Json = False,
) -> None:
    """Try on this machine what every plugin promises. Exit status 1 if a promise is broken."""
    from rich.console import Console
    from rich.markup import escape

    from dh.testing.contract import Settings, trials

    found = list(trials(name, Settings(source, _options(name, sets), device=device), components=component))
    if not json:
        print_notice(f"trying {len(found)} promises; this may take a minute")
    with Console(stderr=True).status("") as status:  # shown on a terminal alone
        results = []
        for trial in found:
            status.update(escape(str(trial)))
            results.append(trial.result())
    broken = sum(result.outcome == "broken" for result in results)
    if json:
        print_json([result.as_json() for result in results])
    else:
        print_table(
            ("component", "clause", "result", "promise, or what is wrong"),
            [(result.component, result.clause, result.outcome, result.reason or result.promise) for result in results],
        )
        kept = sum(result.outcome == "ok" for result in results)
        typer.echo(f"{kept} kept, {broken} broken, {len(results) - kept - broken} not applicable here")
    if broken:
        raise typer.Exit(1)


def _options(plugin: str, sets: list[str] | None) -> dict[str, dict[str, Any]]:
    """What ``--set`` gives to components of a plugin, by "KIND NAME" and option."""
    if not sets:
        return {}
    from dh.options import resolve_sets
    from dh.registry import installed

    models = {
        f"{_kind(component.spec)} {component.name}": component.options_model()
        for component in installed().components()
        if component.plugin == plugin and component.spec.options is not None
    }
    found = resolve_sets(models, parameters.parse_sets(sets))
    return {
        name: {key: _from_anywhere(value) for key, value in model.model_dump(exclude_unset=True).items()}
        for name, model in found.items()
    }


def _from_anywhere(value: Any) -> Any:
    """A value of an option; a path so that it means the same in the empty folders that clauses are tried in."""
    return value.absolute() if isinstance(value, Path) and value.exists() else value


def plugin_rows() -> list[dict[str, Any]]:
    """Every plugin, as ``dh plugins --json`` prints it."""
    from dh.plugins import installed_plugins

    return [
        {
            "name": record.name,
            "distribution": record.distribution,
            "version": record.version,
            "entry_point": record.entry_point,
            "state": record.status.state.value,
            "detail": record.status.detail,
            "remedy": record.status.remedy,
            "brings": [f"{_kind(spec)} {spec.name}" for spec in record.declared],
        }
        for record in installed_plugins().records
    ]


def _grouped(brings: list[str]) -> str:
    """What a plugin brings, by kind; many of a kind as their number."""
    kinds: dict[str, list[str]] = {}
    for what in brings:
        kind, _, name = what.rpartition(" ")
        kinds.setdefault(kind, []).append(name)
    return ", ".join(
        f"{len(names)} {kind}s" if len(names) > _LISTED else ", ".join(f"{kind} {name}" for name in names)
        for kind, names in kinds.items()
    )


def _kind(spec: object) -> str:
    return type(spec).__name__.removesuffix("Spec").lower().replace("motionspace", "motion space")
