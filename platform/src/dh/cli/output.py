"""How commands print: tables for people, JSON for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]


def print_json(value: Any) -> None:
    """Prints a value as indented JSON on standard output."""
    json.dump(value, sys.stdout, indent=2, default=str)
    sys.stdout.write("\n")


def print_notice(text: str) -> None:
    """Prints a line for the user on standard error, where it cannot get into a command's result."""
    typer.echo(text, err=True)


def times_real_time(factor: float) -> str:
    """A real-time factor in words; slow ones keep a digit that tells."""
    return f"{factor:.1f}x real time" if factor >= 0.1 else f"{factor:.1g}x real time"


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints rows under column heads; wraps to the terminal, and never in a pipe."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console = Console(width=400)
    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(_plain(cell) for cell in row))
    console.print(table)


def _plain(cell: str) -> str:
    from rich.markup import escape

    return escape(cell)
