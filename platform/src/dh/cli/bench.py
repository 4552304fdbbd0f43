"""``dh bench``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dh.cli import parameters
from dh.cli.completion import complete_method
from dh.cli.output import Json, print_json, print_table
from dh.errors import InputError, OptionError


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
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds",
            min=0.2,
            max=3600.0,
            help="Length of the speech of whole runs.  [default: 20]",
        ),
    ] = None,
    repeats: Annotated[int, typer.Option("--repeats", min=1, max=100, help="Runs; the median counts.")] = 3,
    output: Annotated[str | None, typer.Option("--output", "-o", help="Also write the figures to this file.")] = None,
    json: Json = False,
    quiet: parameters.Quiet = False,
) -> None:
    """Measure a method on this machine.

    A method's own parts, where it has such, against the plain way of doing the same. Then whole runs: driver alone,
    renderer alone, and everything with encoding; where a method has parts, only if an option asks for such runs
    (--seconds, --source, --audio, --profile, --driver, --renderer or --set). Without --source and --audio they take
    the project's examples, the portrait in a 1280x720 frame.
    """
    import json as json_library

    from dh.bench import BenchRequest, measure, measure_parts, parts_bench
    from dh.cli.display import Display
    from dh.files import check_writable, whole_file

    if output is not None:
        check_writable(Path(output), "--output")
    for option, path in (("--source", source), ("--audio", audio)):
        if path is not None and not Path(path).is_file():
            raise InputError(f"{option} {path}: no such file")
    if name and method and name != method:
        raise OptionError(f"two methods are named, {name} and {method}; give one")
    chosen = name or method or "face-mesh"
    parts = parts_bench(chosen)
    asked = bool(sets) or any(option is not None for option in (seconds, source, audio, profile, driver, renderer))
    figures: dict[str, Any] = {"method": chosen}
    request = BenchRequest(
        method=chosen,
        profile=profile or "auto",
        source=Path(source) if source else None,
        audio=Path(audio) if audio else None,
        seconds=seconds or 20.0,
        repeats=repeats,
        options=parameters.parse_sets(sets),
        driver=driver,
        renderer=renderer,
        device=device or "auto",
    )
    with Display(quiet=quiet) as display:
        if parts is None or asked:  # first, for it is what may fail
            figures |= measure(request, display)
        if parts is not None:
            figures |= measure_parts(parts, request, display)
    if output is not None:
        with whole_file(Path(output)) as temporary:
            temporary.write_text(json_library.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if json:
        print_json(figures)
        return
    machine = figures["machine"]
    measured = figures["method"] + (f", profile {figures['profile']}," if figures.get("profile") else "")
    typer.echo(f"{measured} on {machine['processor']}, {machine['cores']} cores, Python {machine['python']}")
    if "parts" in figures:
        _print_parts(figures["parts"])
    if "end_to_end" in figures:
        _print_whole(figures)
    typer.echo(f"peak memory {figures['peak_memory_mib']:.0f} MiB")


def _print_parts(parts: list[dict[str, Any]]) -> None:
    print_table(
        ("part", "ms", "plain ms", "times faster", ""),
        [
            (
                part["name"],
                f"{part['ms']:.1f}",
                "" if part["plain_ms"] is None else f"{part['plain_ms']:.1f}",
                "" if part["times_faster"] is None else f"{part['times_faster']:.2f}",
                part["note"],
            )
            for part in parts
        ],
    )


def _print_whole(figures: dict[str, Any]) -> None:
    width, height = figures["frame"]
    typer.echo(f"{figures['frames']} frames of {width}x{height} at {figures['fps']:g} frames/s")
    print_table(
        ("measured", "frames/s", "x real time", "slowest", "fastest"),
        [
            (
                words,
                f"{figures[key]['frames_per_second']:.0f}",
                f"{figures[key]['real_time_factor']:.2f}",
                f"{figures[key]['slowest']:.0f}",
                f"{figures[key]['fastest']:.0f}",
            )
            for key, words in (
                ("driver", "driver alone"),
                ("renderer", "renderer alone"),
                ("end_to_end", "everything, with encoding"),
            )
        ],
    )
    print_table(
        ("stage", "ms/frame", "share"),
        [
            (stage["name"], f"{stage['ms_per_frame']:.2f}", f"{100 * stage['share']:.0f} %")
            for stage in figures["end_to_end"]["stages"]
        ],
    )
    typer.echo(f"registration {figures['register_seconds']:.2f} s")
