"""How ``dh bench`` prints figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from dh.cli.output import print_table

if TYPE_CHECKING:
    from dh.bench import Comparison


def print_comparisons(rows: Sequence[Comparison], first: str, second: str) -> None:
    """Prints the figures of two files beside each other, below the files' names."""
    print_table(
        ("figure", first, second, "times better"),
        [
            (
                row.name,
                f"{row.first:g}",
                f"{row.second:g}",
                "" if row.times_better is None else f"{row.times_better:.2f}",
            )
            for row in rows
        ],
    )


def print_figures(figures: dict[str, Any]) -> None:
    """Prints what was measured."""
    from dh.bench.figures import title

    typer.echo(title(figures))
    if "end_to_end" in figures:
        _print_runs(figures)
    if "parts" in figures:
        _print_parts(figures["parts"])
    if "candidates" in figures:
        _print_candidates(figures["candidates"], figures["tuned"])
    typer.echo(f"peak memory {figures['peak_memory_mib']:.0f} MiB")
    if "peak_gpu_memory_mib" in figures:
        typer.echo(f"peak GPU memory {figures['peak_gpu_memory_mib']:.0f} MiB")


def _print_runs(figures: dict[str, Any]) -> None:
    from dh.bench.figures import rounded

    width, height = figures["frame"]
    typer.echo(f"{figures['frames']} frames of {width}x{height} at {figures['fps']:g} frames/s")
    print_table(
        ("measured", "frames/s", "x real time", "slowest", "fastest"),
        [
            (
                words,
                rounded(figures[key]["frames_per_second"]),
                rounded(figures[key]["real_time_factor"]),
                rounded(figures[key]["slowest"]),
                rounded(figures[key]["fastest"]),
            )
            for key, words in (
                ("driver", "driver alone"),
                ("renderer", "renderer alone"),
                ("end_to_end", "everything, with encoding"),
            )
        ],
    )
    print_table(
        ("stage", "items", "ms mean", "p50", "p95", "ms/frame", "share"),
        [
            (
                stage["name"],
                str(stage["items"]),
                f"{stage['mean_ms']:.2f}",
                f"{stage['p50_ms']:.2f}",
                f"{stage['p95_ms']:.2f}",
                f"{stage['ms_per_frame']:.2f}",
                f"{100 * stage['share']:.0f} %",
            )
            for stage in figures["end_to_end"]["stages"]
        ],
    )
    if figures["online"] is None:
        typer.echo("online: the driver needs the whole speech")
    else:
        _print_online(figures["online"])
    typer.echo(f"registration {figures['register_seconds']:.2f} s")


def _print_online(online: dict[str, Any]) -> None:
    print_table(
        ("online, from a frame's sound to the frame", "ms p50", "p95"),
        [
            (words, f"{times['p50']:.0f}", f"{times['p95']:.0f}")
            for words, times in (
                ("first frame, cold", online["first_frame_ms"]["cold"]),
                ("first frame, warm", online["first_frame_ms"]["warm"]),
                ("every frame, warm", online["delay_ms"]),
            )
        ],
    )
    if online["look_ahead_ms"] is not None:
        typer.echo(f"look-ahead {online['look_ahead_ms']:g} ms of it")


def _print_candidates(candidates: list[dict[str, Any]], tuned: dict[str, Any]) -> None:
    from dh.bench.figures import rounded, settings

    print_table(
        ("candidate", "frames/s", "frames", "PSNR dB", ""),
        [
            (
                settings(row["options"]),
                "" if row["frames_per_second"] is None else rounded(row["frames_per_second"]),
                str(row["frames"] or ""),
                "" if row["psnr"] is None else f"{row['psnr']:.1f}",
                _verdict(row),
            )
            for row in candidates
        ],
    )
    typer.echo(f"later runs take {settings(tuned['options'])}, where nothing else is said: {tuned['file']}")


def _verdict(row: dict[str, Any]) -> str:
    from dh.bench.tuning import FAITHFUL

    reasons = {
        "refused": f": below {FAITHFUL:g} dB",
        "left out": f": {row['reason']}",
    }
    result = f"{row['result']}{reasons.get(row['result'], '')}"
    return f"reference, {result}" if row["reference"] else result


def _print_parts(parts: list[dict[str, Any]]) -> None:
    print_table(
        ("part", "ms", "p95", "plain ms", "times faster", ""),
        [
            (
                part["name"],
                f"{part['ms']:.1f}",
                "" if part["p95_ms"] is None else f"{part['p95_ms']:.1f}",
                "" if part["plain_ms"] is None else f"{part['plain_ms']:.1f}",
                "" if part["times_faster"] is None else f"{part['times_faster']:.2f}",
                part["note"],
            )
            for part in parts
        ],
    )
