"""``dh bench``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dh.cli import parameters
from dh.cli.output import Json, print_json, print_table
from dh.errors import InputError


def bench(
    method: parameters.Method = None,
    source: parameters.Source = None,
    audio: parameters.Audio = None,
    driver: parameters.DriverName = None,
    renderer: parameters.RendererName = None,
    sets: parameters.Set = None,
    device: parameters.Device = None,
    seconds: Annotated[float, typer.Option("--seconds", min=1.0, max=3600.0, help="Length of the speech.")] = 20.0,
    repeats: Annotated[int, typer.Option("--repeats", min=1, max=100, help="Runs; the median counts.")] = 3,
    output: Annotated[str | None, typer.Option("--output", "-o", help="Also write the figures to this file.")] = None,
    json: Json = False,
    quiet: parameters.Quiet = False,
) -> None:
    """Measure a method's stages on this machine: driver alone, renderer alone, and everything with encoding.

    Without --source and --audio it takes the project's examples, the portrait in a 1280x720 frame.
    """
    import json as json_library

    from dh.bench import BenchRequest, measure
    from dh.cli.display import Display
    from dh.files import check_writable, whole_file

    if output is not None:
        check_writable(Path(output), "--output")
    for option, path in (("--source", source), ("--audio", audio)):
        if path is not None and not Path(path).is_file():
            raise InputError(f"{option} {path}: no such file")
    request = BenchRequest(
        method=method or "face-mesh",
        source=Path(source) if source else None,
        audio=Path(audio) if audio else None,
        seconds=seconds,
        repeats=repeats,
        options=parameters.parse_sets(sets),
        driver=driver,
        renderer=renderer,
        device=device or "auto",
    )
    with Display(quiet=quiet) as display:
        figures = measure(request, display)
    if output is not None:
        with whole_file(Path(output)) as temporary:
            temporary.write_text(json_library.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if json:
        print_json(figures)
        return
    _print(figures)


def _print(figures: dict[str, Any]) -> None:
    width, height = figures["frame"]
    machine = figures["machine"]
    typer.echo(f"{figures['method']}: {figures['frames']} frames of {width}x{height} at {figures['fps']:g} frames/s")
    typer.echo(f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}")
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
    typer.echo(f"registration {figures['register_seconds']:.2f} s, peak memory {figures['peak_memory_mib']:.0f} MiB")
