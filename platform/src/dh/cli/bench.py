"""``dh bench``."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dh.cli import parameters
from dh.cli.completion import complete_method
from dh.cli.figures import print_comparisons, print_figures
from dh.cli.output import Json, print_json
from dh.errors import InputError, MissingError, OptionError
from dh.text import nearest

if TYPE_CHECKING:
    from dh.bench import BenchRequest
    from dh.progress import Listener


class Only(str, Enum):
    """What can be measured alone."""

    RUNS = "runs"
    PARTS = "parts"


def bench(
    name: Annotated[
        str | None, typer.Argument(metavar="METHOD", help="Method to measure.", autocompletion=complete_method)
    ] = None,
    method: parameters.Method = None,
    source: parameters.Source = None,
    audio: parameters.Audio = None,
    profile: parameters.Profile = None,
    driver: parameters.DriverName = None,
    renderer: parameters.RendererName = None,
    sets: parameters.Set = None,
    device: parameters.Device = None,
    mode: parameters.Mode = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds",
            min=0.2,
            max=3600.0,
            help="Length of the speech of whole runs.  [default: 20, fewer on a slow machine]",
        ),
    ] = None,
    repeats: Annotated[
        int, typer.Option("--repeats", min=1, max=100, help="How often each is measured; the median counts.")
    ] = 3,
    only: Annotated[
        Only | None, typer.Option("--only", help="Measure whole runs alone, or the method's own parts alone.")
    ] = None,
    output: Annotated[str | None, typer.Option("--output", "-o", help="Also write the figures to this file.")] = None,
    plot: Annotated[
        str | None, typer.Option("--plot", metavar="FILE", help="Also draw the figures: .png, .svg or .pdf.")
    ] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option("--compare", metavar="FILE FILE", help="Measure nothing; compare two files that -o wrote."),
    ] = None,
    tune: Annotated[
        bool,
        typer.Option(
            "--tune",
            help="Measure the configurations that the method declares, such as its backends and precisions, and keep "
            "the best for later runs.",
        ),
    ] = False,
    forget: Annotated[
        bool,
        typer.Option("--forget", help="Measure nothing; forget what --tune kept of the method, or of its --profile."),
    ] = False,
    json: Json = False,
    quiet: parameters.Quiet = False,
) -> None:
    """Measure a method on this machine, or compare what was measured.

    Whole runs: driver alone, renderer alone, everything with encoding, each stage, and how late frames come while
    speech arrives. Then the method's own parts, where it has such, against the plain way of doing the same; parts need
    no weights. What cannot run here is left out with a note. --set chooses backend, precision and batch of both.
    Without --source and --audio runs take the project's examples, the portrait in a 1280x720 frame.

    --tune runs each configuration that the method declares for a short while, refuses those whose frames are not the
    reference's within 45 dB, and keeps the fastest on this machine. Later runs with the same weights take it wherever
    neither the user nor a preset sets one of its options; 'dh doctor' shows it.
    """
    if compare is not None:
        given = (
            name,
            method,
            source,
            audio,
            profile,
            driver,
            renderer,
            sets,
            device,
            mode,
            seconds,
            only,
            output,
            plot,
        )
        if tune or forget or any(option is not None for option in given):
            raise OptionError("--compare measures nothing: give it the two files alone")
        _compare(Path(compare[0]), Path(compare[1]), json)
        return
    _check_files({"--source": source, "--audio": audio}, output, plot)
    if name and method and name != method:
        raise OptionError(f"two methods are named, {name} and {method}; give one")
    if forget:
        others = (source, audio, driver, renderer, sets, device, mode, seconds, only, output, plot)
        if tune or any(option is not None for option in others):
            raise OptionError("--forget measures nothing: give it a method, and --profile for one of its profiles")
        _forget(name or method, profile, json)
        return
    if tune and (only or plot):
        raise OptionError(f"--tune: measures whole runs of candidates; leave {'--only' if only else '--plot'} out")

    from dh.bench import BenchRequest
    from dh.cli.display import Display

    request = BenchRequest(
        method=name or method or "face-mesh",
        profile=profile or "auto",
        source=Path(source) if source else None,
        audio=Path(audio) if audio else None,
        seconds=seconds,
        repeats=repeats,
        options=parameters.parse_sets(sets),
        driver=driver,
        renderer=renderer,
        device=device or "auto",
        mode=mode,
    )
    runs_asked = any(option is not None for option in (seconds, source, audio, profile, driver, renderer, mode))
    with Display(quiet=quiet) as display:
        if tune:
            from dh.bench import tune as tune_method

            figures = tune_method(request, display)
        else:
            figures = _measured(request, only, runs_asked, display)
    if output is not None:
        _write(figures, Path(output))
    if plot is not None:
        from dh.bench.plot import plot as draw

        draw(figures, Path(plot))
    if json:
        print_json(figures)
    else:
        print_figures(figures)


def _check_files(inputs: dict[str, str | None], output: str | None, plot: str | None) -> None:
    """Refuses, before anything is measured, files that cannot be read or written."""
    from dh.files import check_writable

    if output is not None:
        check_writable(Path(output), "--output")
    if plot is not None:
        from dh.bench.plot import check_plot

        check_plot(Path(plot))
    for option, path in inputs.items():
        if path is not None and not Path(path).is_file():
            raise InputError(f"{option} {path}: no such file")


def _measured(request: BenchRequest, only: Only | None, runs_asked: bool, listener: Listener) -> dict[str, Any]:
    """The figures of whole runs and of parts; what this machine lacks something for is left out with a notice.

    Raises:
        DHError: what was asked for cannot be measured, or nothing can.
    """
    from dh.bench import measure, measure_parts, parts_bench
    from dh.progress import Notice

    parts = parts_bench(request.method)
    if parts is None and only is Only.PARTS:
        raise OptionError(f"--only parts: method {request.method} measures no parts of its own; leave it out")
    steps: list[tuple[str, bool, Callable[[], dict[str, Any]]]] = []
    if only is not Only.PARTS:  # first, for they are what may fail
        steps.append(("whole runs", runs_asked, lambda: measure(request, listener)))
    if parts is not None and only is not Only.RUNS:
        steps.append(("parts", False, lambda: measure_parts(parts, request, listener)))
    figures: dict[str, Any] = {"method": request.method, "options": dict(request.options)}
    missing: list[tuple[str, MissingError]] = []
    for what, asked, step in steps:
        try:
            figures |= step()
        except MissingError as error:
            if asked or len(missing) + 1 == len(steps):
                raise
            missing.append((what, error))
    for what, reason in missing:
        listener(Notice(f"{what} are left out: {reason}"))
    return figures


def _write(figures: dict[str, Any], path: Path) -> None:
    import json

    from dh.files import whole_file

    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _forget(method: str | None, profile: str | None, json: bool) -> None:
    from dh.registry import installed
    from dh.tuned import read_tunings, write_tunings

    if method is None:
        raise OptionError("--forget: name a method, as in 'dh bench METHOD --forget'")
    spec = installed().method(method)
    known = [one.name for one in spec.profiles]
    if profile is not None and profile not in known:
        raise OptionError(f"--profile {profile}: method {method} has no such profile{nearest(profile, known)}")
    before = read_tunings()
    after = before.without(method, profile)
    count = len(before.tunings) - len(after.tunings)
    if count:
        write_tunings(after)
    if json:
        print_json({"method": method, "profile": profile, "forgotten": count})
    else:
        typer.echo(f"{count} tuned configuration{'' if count == 1 else 's'} of {method} forgotten")


def _compare(first: Path, second: Path, json: bool) -> None:
    from dataclasses import asdict

    from dh.bench import compare

    rows = compare(first, second)
    if json:
        print_json([asdict(row) for row in rows])
        return
    print_comparisons(rows, first.name, second.name)
