"""``dh evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dh.cli import parameters
from dh.cli.completion import complete_metrics
from dh.cli.output import Json, print_json, print_table
from dh.errors import InputError


def evaluate(
    video: Annotated[str, typer.Argument(metavar="VIDEO", help="Video to measure.")],
    reference: Annotated[
        str | None, typer.Option("--reference", "-r", help="Ground-truth video of the same content and size.")
    ] = None,
    audio: Annotated[
        str | None, typer.Option("--audio", "-a", help="The speech.  [default: the video's own sound]")
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics",
            metavar="NAME,NAME",
            help="Metrics to compute; 'dh metrics' lists them.  [default: all of tiers 0 and 1 that can be]",
            autocompletion=complete_metrics,
        ),
    ] = None,
    tiers: Annotated[
        list[int] | None,
        typer.Option("--tier", min=0, max=2, help="Every metric of this tier that can be computed. Repeatable."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Also write the result to this JSON file.")
    ] = None,
    sets: parameters.Set = None,
    device: parameters.Device = None,
    quiet: parameters.Quiet = False,
    json: Json = False,
) -> None:
    """Measure a video: lips, motion, freezes, hands, and how near it is to a reference.

    What cannot be computed says why. Speed and memory are those of the run record beside the video.
    """
    from dh.cli.display import Display
    from dh.evaluation.evaluate import evaluate as evaluate_video
    from dh.files import check_writable, whole_file

    if output is not None:
        check_writable(Path(output), "--output")
        if any(given and Path(given).absolute() == Path(output).absolute() for given in (video, reference, audio)):
            raise InputError(f"--output {output}: is one of the inputs; choose another name")
    with Display(quiet=quiet) as display:
        result = evaluate_video(
            video,
            reference=reference,
            audio=audio,
            metrics=[name.strip() for name in metrics.split(",") if name.strip()] if metrics is not None else None,
            tiers=tiers,
            options=parameters.parse_sets(sets),
            device=device or "auto",
            on_event=display,
        )
    if output is not None:
        from json import dumps

        with whole_file(Path(output)) as temporary:
            temporary.write_text(dumps(result, indent=1) + "\n", encoding="utf-8")
    if json:
        print_json(result)
    else:
        _print(result)


def _print(result: dict[str, Any]) -> None:
    print_table(
        ("metric", "value", "unit", "over", "note"),
        [
            (
                row["title"],
                "-" if row["value"] is None else f"{row['value']:.4g}",
                row["unit"],
                str(row["count"]) if row["count"] else "",
                row["note"] if row["why"] is None else row["why"],
            )
            for row in result["metrics"]
        ],
    )
    for row in result["left_out"]:
        typer.echo(f"{row['name']}: left out: {row['why']}")
