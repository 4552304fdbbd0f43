"""Writes motion as the app would have recorded it."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np

import dh
from dh_live_link_face.columns import HEADER, rotation_values
from dh_live_link_face.timecode import Timecode


def write_recording(motion: Iterable[dh.Motion], path: Path) -> int:
    """Writes ``arkit`` motion to a CSV file, a row for each frame; the file appears whole or not at all.

    Timecodes begin at 00:00:00:00.000 and count 60 frames in a second with thousandths, at any frame rate of the
    motion. Values have ten decimals, as the app's. The head's translation has no column and is lost.

    Returns:
        The number of rows.

    Raises:
        InputError: the motion is in another space, or the file cannot be written.
    """
    rows = 0
    with dh.whole_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for chunk in motion:
            if chunk.space.name != dh.ARKIT.name:
                raise dh.InputError(
                    f"{path}: motion in the space {chunk.space.name!r} has no ARKit blendshapes to write; choose a "
                    "method, --profile or --driver whose motion is in 'arkit'"
                )
            rate = dh.exact_rate(chunk.fps)
            values = np.concatenate([chunk["blendshapes"], rotation_values(chunk)], axis=1)
            for row in values:
                writer.writerow([Timecode.of_row(rows, rate), values.shape[1], *(f"{value:.10f}" for value in row)])
                rows += 1
    return rows
