"""What a metric returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Series = Mapping[str, Sequence[float | None]]
"""Curves by name: a value for each frame, None where there is none."""


@dataclass(frozen=True)
class Measure:
    """A metric's value on one video, with what it rests on.

    Args:
        value: in the metric's unit; None where there is none, and ``note`` says why.
        count: of the items that the value is over: frames, windows, or 1 for the whole video.
        crop: which part of each frame was looked at, in words.
        series: per-frame curves for plots. Names that several metrics may give mean the same everywhere: "mouth
            opening" (face heights), "loudness" (0 to 1), "pitch", "yaw", "roll" (degrees), "eye opening" (share of
            the person's open eyes), "blink" (0 or 1).
        note: one line on what a reader must know of this value.
        weights: SHA-256 by file of weights that the metric used and that no ``CheckpointSpec`` of it declares.
    """

    value: float | None
    count: int
    crop: str = "whole frame"
    series: Series = field(default_factory=dict)
    note: str = ""
    weights: Mapping[str, str] = field(default_factory=dict)
