"""``dh plugins``."""

from __future__ import annotations

from typing import Any

import typer

from dh.cli.output import Json, print_json, print_table


def plugins(json: Json = False) -> None:
    """List the plugins of this environment with their state, and what each brings."""
    rows = plugin_rows()
    if json:
        print_json(rows)
        return
    print_table(
        ("plugin", "version", "state", "brings"),
        [(row["name"], row["version"], row["state"], ", ".join(row["brings"])) for row in rows],
    )
    for row in rows:
        if row["detail"]:
            typer.echo(f"{row['name']}: {row['detail']}" + (f"; {row['remedy']}" if row["remedy"] else ""))


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


def _kind(spec: object) -> str:
    return type(spec).__name__.removesuffix("Spec").lower().replace("motionspace", "motion space")
