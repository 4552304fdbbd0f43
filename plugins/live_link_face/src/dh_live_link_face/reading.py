"""Reads a recording from the app's CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

import dh
from dh_live_link_face.columns import COUNT, HEAD, SHAPES, TIMECODE
from dh_live_link_face.recording import Recording
from dh_live_link_face.timecode import Timecode, counting_rate, elapsed

_EXPORT = "give the CSV of a take that Live Link Face recorded, or one of 'dh live-link-face export'"


def read_recording(path: Path, timecode_fps: float | None = None) -> Recording:
    """Reads a whole recording. Columns may stand in any order, and the head's may be missing.

    A row without values, as the app writes it while it sees no face, is a gap, and so is a row that is not there.
    Weights beyond 0..1, which calibrated takes have, are clipped; rotations likewise beyond 90 degrees.

    Args:
        path: CSV file.
        timecode_fps: frames in a second of timecode; None: told by the timecodes, see ``counting_rate``.

    Raises:
        InputError: it cannot be read, names no such columns, or has a row with a value that cannot be meant.
    """
    numbers, timecodes, poses = [], [], []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file)
            columns = _columns(next(rows, []), path)
            for number, row in enumerate(rows, start=2):
                if not any(row):
                    continue
                if len(row) > columns[COUNT] and row[columns[COUNT]].strip() == "0":
                    continue
                timecode, pose = _read_row(row, columns, f"{path}, row {number}")
                numbers.append(number)
                timecodes.append(timecode)
                poses.append(pose)
    except OSError as error:
        raise dh.InputError(f"{path}: {(error.strerror or str(error)).lower()}; {_EXPORT}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise dh.InputError(f"{path}: is not a CSV file in UTF-8; {_EXPORT}") from error
    if not poses:
        raise dh.InputError(f"{path}: has no row with a face; {_EXPORT}")
    times = np.array(elapsed(timecodes, timecode_fps or counting_rate(timecodes)))
    for index in np.flatnonzero(np.diff(times) <= 0)[:1]:
        raise dh.InputError(
            f"{path}, row {numbers[index + 1]}: its timecode is not later than that of row {numbers[index]}; cut the "
            "file there, or state the frames in a second with --set timecode_fps"
        )
    values = np.array(poses)
    shapes, head = values[:, : len(SHAPES)], np.degrees(values[:, len(SHAPES) :])
    return Recording(times, np.concatenate([np.clip(shapes, 0, 1), np.clip(head, -90, 90)], axis=1))


def _columns(header: Sequence[str], path: Path) -> Mapping[str, int]:
    """Where each known column stands; capitals do not matter, as versions of the app differ in them."""
    places = {name.strip().lower(): index for index, name in enumerate(header)}
    missing = [name for name in (TIMECODE, COUNT, *SHAPES) if name.lower() not in places]
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise dh.InputError(f"{path}, row 1: lacks the columns {', '.join(missing[:3])}{more}; {_EXPORT}")
    return {name: places[name.lower()] for name in (TIMECODE, COUNT, *SHAPES, *HEAD) if name.lower() in places}


def _read_row(row: Sequence[str], columns: Mapping[str, int], where: str) -> tuple[Timecode, list[float]]:
    if len(row) <= max(columns.values()):
        raise dh.InputError(f"{where}: has {len(row)} values, fewer than the header names; was the file cut off?")
    try:
        timecode = Timecode.parse(row[columns[TIMECODE]])
    except ValueError as error:
        raise dh.InputError(f"{where}: {error}; {_EXPORT}") from None
    return timecode, list(_values(row, columns, where))


def _values(row: Sequence[str], columns: Mapping[str, int], where: str) -> Iterator[float]:
    for name in (*SHAPES, *HEAD):
        text = row[columns[name]] if name in columns else "0"
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise dh.InputError(f"{where}: {name} is {text!r}, not a number; correct it or remove the row")
        yield value
