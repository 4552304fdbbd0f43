"""Two files of figures, beside each other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dh.bench.figures import settings
from dh.errors import InputError

SAME = ("method", "profile", "frame", "fps")
"""What two files must agree in, or their figures mean different work."""


@dataclass(frozen=True)
class Comparison:
    """One figure of two files.

    Args:
        name: of the figure, with its unit.
        first: its value in the first file.
        second: its value in the second file.
        times_better: how many times better the second is, below 1 where it is worse; None where one of them is 0.
    """

    name: str
    first: float
    second: float
    times_better: float | None


def read_figures(path: Path) -> dict[str, Any]:
    """Reads a file that ``dh bench -o`` wrote.

    Raises:
        InputError: there is none, or it is something else.
    """
    try:
        figures = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"--compare {path}: no such file; 'dh bench -o {path}' writes one") from error
    except ValueError as error:
        raise InputError(f"--compare {path}: is no file that 'dh bench -o' wrote") from error
    if (
        not isinstance(figures, dict)
        or "method" not in figures
        or not {"parts", "end_to_end", "candidates"} & set(figures)
    ):
        raise InputError(f"--compare {path}: is no file that 'dh bench -o' wrote")
    return figures


def compare(first: Path, second: Path) -> list[Comparison]:
    """The figures that two files share, in the first one's order.

    Raises:
        InputError: a file cannot be read; they are of different methods, profiles, frame sizes or rates; they share no
            figure.
    """
    one, other = read_figures(first), read_figures(second)
    for key in SAME:
        if one.get(key) != other.get(key) and key in one and key in other:
            raise InputError(
                f"--compare {first} {second}: {key} is {_word(one[key])} in the first and {_word(other[key])} in the "
                "second; measure both alike"
            )
    there = {name: value for name, value, _ in _figures(other)}
    rows = [
        Comparison(name, value, there[name], _times_better(value, there[name], higher))
        for name, value, higher in _figures(one)
        if name in there
    ]
    if not rows:
        raise InputError(f"--compare {first} {second}: they share no figure; measure the same in both")
    return rows


def _times_better(first: float, second: float, higher_is_better: bool) -> float | None:
    if not first or not second:
        return None
    return round(second / first if higher_is_better else first / second, 3)


def _figures(figures: Mapping[str, Any]) -> Iterator[tuple[str, float, bool]]:
    """Name with unit, value, and whether higher is better, of every figure of a file."""
    for key, words in (("driver", "driver alone"), ("renderer", "renderer alone"), ("end_to_end", "everything")):
        if key in figures:
            yield f"{words}, frames/s", figures[key]["frames_per_second"], True
    online = figures.get("online")
    if online:
        if online["look_ahead_ms"] is not None:
            yield "look-ahead, ms", online["look_ahead_ms"], False
        for state, times in online["first_frame_ms"].items():
            yield from ((f"first frame, {state}, {rank}, ms", value, False) for rank, value in times.items())
        yield from ((f"delay, {rank}, ms", value, False) for rank, value in online["delay_ms"].items())
    for stage in figures.get("end_to_end", {}).get("stages", ()):
        yield f"{stage['name']}, ms/frame", stage["ms_per_frame"], False
    for candidate in figures.get("candidates", ()):
        if candidate["frames_per_second"] is not None:
            yield f"candidate {settings(candidate['options'])}, frames/s", candidate["frames_per_second"], True
    for part in figures.get("parts", ()):
        yield f"part {part['name']}, ms", part["ms"], False
    for key, words in (("register_seconds", "registration, s"), ("peak_memory_mib", "peak memory, MiB")):
        if key in figures:
            yield words, figures[key], False
    if "peak_gpu_memory_mib" in figures:
        yield "peak GPU memory, MiB", figures["peak_gpu_memory_mib"], False


def _word(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, list) else str(value)
