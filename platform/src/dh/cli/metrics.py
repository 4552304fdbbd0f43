"""``dh metrics``: what ``dh evaluate`` can measure."""

from __future__ import annotations

import typer

from dh.cli.output import Json, print_json, print_table

_BETTER = {True: "higher", False: "lower", None: ""}


def metrics(json: Json = False) -> None:
    """List the metrics that 'dh evaluate' computes, with their state.

    Tier 0 needs no weights, 1 weights that permit use, 2 research-only weights.
    """
    from dh.evaluation.listing import metric_rows
    from dh.registry import installed

    rows = metric_rows(installed())
    if json:
        print_json(rows)
        return
    print_table(
        ("metric", "state", "tier", "unit", "better", "needs", "summary"),
        [
            (
                row["name"],
                row["state"],
                str(row["tier"]),
                row["unit"],
                _BETTER[row["higher_is_better"]],
                ", ".join(row["needs"]),
                row["summary"],
            )
            for row in rows
        ],
    )
    for row in rows:
        if row["remedy"]:
            typer.echo(f"{row['name']}: {row['detail']}; {row['remedy']}")
