"""``dh run``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from dh.cli import parameters
from dh.cli.output import Json, print_json, times_real_time
from dh.errors import OptionError

if TYPE_CHECKING:
    from dh.mode import Mode


def run(
    method: parameters.Method = None,
    source: parameters.Source = None,
    audio: parameters.Audio = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="File to write, '-' for standard output, or an rtmp, srt, udp or tcp URL."),
    ] = None,
    avatar: parameters.AvatarFile = None,
    config: parameters.Config = None,
    from_record: Annotated[
        str | None,
        typer.Option("--from", help="Repeat a run from its record (OUTPUT.json); other options change it."),
    ] = None,
    profile: parameters.Profile = None,
    driver: parameters.DriverName = None,
    renderer: parameters.RendererName = None,
    sets: parameters.Set = None,
    mode: parameters.Mode = None,
    controls: Annotated[
        str | None,
        typer.Option("--controls", help="Keyframes of head pose, gaze, fades and more: CSV, JSON or YAML."),
    ] = None,
    seed: parameters.Seed = None,
    fps: parameters.Fps = None,
    device: parameters.Device = None,
    codec: Annotated[
        str | None, typer.Option("--codec", help="h264, hevc, vp9, av1, ffv1 or prores.  [default: the container's]")
    ] = None,
    crf: Annotated[
        int | None, typer.Option("--crf", help="Quality of the codec, smaller is better.  [default: the codec's own]")
    ] = None,
    commercial_only: parameters.CommercialOnly = False,
    quiet: parameters.Quiet = False,
    json: Json = False,
) -> None:
    """Make one video of the person speaking.

    The output appears whole or not at all, and replaces a file of that name. Beside it lies its run record,
    OUTPUT.json, which --from repeats.
    """
    from dh.api import run as run_method
    from dh.cli.display import Display

    if output is None:
        raise OptionError("--output is missing; name the video to write, for example -o out.mp4")
    if output == "-" and json:
        raise OptionError("--json: standard output carries the video; write it to a file")
    with Display(quiet=quiet) as display:
        record = run_method(
            method,
            audio=audio,
            output=output,
            source=source,
            avatar=avatar,
            config=config,
            from_record=from_record,
            profile=profile,
            driver=driver,
            renderer=renderer,
            options=parameters.parse_sets(sets) or None,
            mode=cast("Mode | None", mode),  # the request checks it
            controls=controls,
            seed=seed,
            fps=fps,
            device=device,
            codec=codec,
            crf=crf,
            commercial_only=commercial_only or None,
            on_event=display,
        )
    if json:
        print_json(record)
    elif not quiet:
        display.console.print(_summary(record), markup=False)


def _summary(record: dict[str, Any]) -> str:
    output, timing = record["output"], record["timing"]
    made = f"{output['frames']} frames, {output['duration']:.1f} s of {output['width']}x{output['height']} video"
    spent = f"{timing['seconds']['render']:.1f} s ({times_real_time(timing['real_time_factor'])})"
    return f"{output['path']}: {made} in {spent}"
