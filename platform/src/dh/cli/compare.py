"""``dh compare``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from dh.cli import parameters
from dh.cli.completion import complete_method
from dh.cli.output import Json, print_json, print_table
from dh.errors import DHError

if TYPE_CHECKING:
    from dh.comparison.plan import Plan
    from dh.mode import Mode


class Again(str, Enum):
    """Which cells that have ended are tried again."""

    FAILED = "failed"
    ALL = "all"


def compare(
    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--methods",
            "-m",
            metavar="LIST",
            help="Methods or variants of them, with commas between: METHOD[@PROFILE][+DRIVER][/RENDERER]"
            "[:KEY=VALUE,...]. For example ditto:emotion=happy,face-mesh. Repeatable.",
            autocompletion=complete_method,
        ),
    ] = None,
    sources: Annotated[
        list[str] | None, typer.Option("--source", "-s", help="Picture or video of a person. Repeatable.")
    ] = None,
    audios: Annotated[
        list[str] | None,
        typer.Option("--audio", "-a", help="Speech: an audio file, or a video with an audio track. Repeatable."),
    ] = None,
    references: Annotated[
        list[str] | None,
        typer.Option(
            "--reference",
            help="Ground-truth video of a pair of source and audio; one for each pair, the first source's first. "
            "Repeatable.",
        ),
    ] = None,
    manifest: Annotated[
        str | None,
        typer.Option("--manifest", help="YAML or CSV file that names the inputs, and perhaps methods and settings."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Folder of the report. What is done in it already is kept.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", help="Processes at a time, as far as memory allows.  [default: 1]"),
    ] = None,
    memory: Annotated[
        float | None,
        typer.Option(
            "--memory", metavar="GIB", help="Memory that a cell may take.  [default: nearly all that is left]"
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout", metavar="S", help="Seconds without progress after which a cell counts as hung.  [default: 120]"
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics",
            metavar="LIST",
            help="Metrics to measure, with commas between, or none; see 'dh metrics'.  "
            "[default: all that can run here]",
        ),
    ] = None,
    again: Annotated[
        Again | None,
        typer.Option("--again", help="Try again what is not done, or every cell.  [default: failed]"),
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Title of the report.")] = None,
    sets: parameters.Set = None,
    mode: parameters.Mode = None,
    seed: parameters.Seed = None,
    fps: parameters.Fps = None,
    device: parameters.Device = None,
    commercial_only: parameters.CommercialOnly = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Run nothing; list the cells with what would become of each.")
    ] = False,
    quiet: parameters.Quiet = False,
    json: Json = False,
) -> None:
    """Make a video of every method on every source and audio, measure them, and show all side by side.

    Each video, a cell, is made in a process of its own: a crash, missing weights or a lack of memory is that cell's
    result, and never the end of the rest. Called again with the same output, it keeps the cells that are done, so what
    was interrupted goes on. The report is OUTPUT/index.html. --set sets an option of every method that is named.
    The exit status is 0 when every cell is done, else 1.
    """
    from dh.cli.comparison_display import ComparisonDisplay
    from dh.comparison.compare import prepare, run_plan
    from dh.comparison.manifest import read_manifest
    from dh.comparison.request import request_from
    from dh.comparison.results import count_states
    from dh.comparison.variant import split_variants
    from dh.errors import OptionError

    if output is None:
        raise OptionError("--output is missing; name the folder of the report, for example -o report")
    request = request_from(
        [variant for text in methods or () for variant in split_variants(text)] or None,
        None if manifest is None else read_manifest(Path(manifest)),
        output=output,
        sources=sources,
        audios=audios,
        references=references,
        title=title,
        options=parameters.parse_sets(sets),
        mode=cast("Mode | None", mode),  # each run's request checks it
        seed=seed,
        fps=fps,
        device=device,
        commercial_only=commercial_only or None,
        metrics=_metrics(metrics),
        jobs=jobs,
        memory_mib=None if memory is None else memory * 1024,
        timeout=timeout,
        again=again.value if again else None,
    )
    plan, limits = prepare(request)
    if dry_run:
        _list(plan, as_json=json)
        return
    with ComparisonDisplay(plan, quiet=quiet) as display:
        results = run_plan(plan, limits, display)
    if json:
        print_json(results)
    states = [cell["state"] for cell in results["cells"]]
    said = f"{count_states(states)}: {request.output / 'index.html'}"
    if set(states) != {"done"}:
        raise DHError(said)
    if not (quiet or json):
        display.console.print(said, markup=False)


def _metrics(text: str | None) -> tuple[str, ...] | None:
    if text is None or text == "none":
        return None if text is None else ()
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _list(plan: Plan, *, as_json: bool) -> None:
    """Prints what would become of each cell."""
    from dh.comparison.course import first_look

    rows = []
    for cell in plan.cells:
        outcome, evaluation = first_look(cell, plan)
        would: str = "run" if outcome is None else "keep" if outcome.done else outcome.state
        if would == "keep" and plan.metrics and evaluation is None:
            would = "keep and measure"
        why = "" if outcome is None or outcome.done else "; ".join(filter(None, (outcome.reason, outcome.remedy)))
        rows.append(
            {
                "id": cell.id,
                "variant": cell.variant.variant.title,
                "profile": cell.variant.resolved.get("profile"),
                "source": str(cell.source.path),
                "audio": str(cell.audio.path),
                "would": would,
                "why": why,
            }
        )
    if as_json:
        print_json(rows)
        return
    columns = ("variant", "profile", "source", "audio", "would", "why")
    print_table(columns, [[str(row[column] or "") for column in columns] for row in rows])
