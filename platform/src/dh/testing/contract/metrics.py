"""Clauses on metrics."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dh.errors import NotMeasurable
from dh.evaluation.material import Material
from dh.evaluation.measure import Measure
from dh.testing.contract.case import Case
from dh.testing.contract.clause import NotApplicable, require
from dh.testing.contract.videos import grey_video

RECORD: dict[str, Any] = {
    "output": {"width": 320, "height": 320, "fps": 10.0, "frames": 25, "duration": 2.5},
    "timing": {
        "seconds": {"prepare": 0.5, "render": 1.0},
        "frames_per_second": 50.0,
        "real_time_factor": 2.0,
        "first_frame_seconds": 0.6,
        "peak_memory_mib": 512.0,
        "stages": [],
    },
}
"""What metrics read of a run's record."""


def measured(case: Case, *, seed: int = 0) -> dict[str, NDArray[Any]]:
    """A metric's value and series of a short video of a face, as arrays.

    Raises:
        NotApplicable: it says that this video does not allow it.
    """
    try:
        measure = case.build(seed=seed).measure(_face_material(case))
    except NotMeasurable as reason:
        raise NotApplicable(f"it says of the kit's video: {reason}") from reason
    require(isinstance(measure, Measure), f"measure gave a {type(measure).__name__}, not a Measure")
    curves = {f"series {name}": np.array(curve, np.float64) for name, curve in measure.series.items()}
    return {"value": np.array([measure.value], np.float64), "count": np.array([measure.count]), **curves}


def measure(case: Case) -> None:
    """It gives a Measure: a finite number or none with a note, its count, and a value for each frame in its curves."""
    try:
        made = case.build().measure(_face_material(case))
    except NotMeasurable as reason:
        require("\n" not in str(reason) and str(reason).strip() != "", "NotMeasurable: say why in one line")
        return
    require(isinstance(made, Measure), f"measure gave a {type(made).__name__}, not a Measure")
    number = made.value is None or (isinstance(made.value, (int, float)) and math.isfinite(made.value))
    require(number, f"value {made.value!r} is neither a finite number nor None")
    require(made.value is not None or made.note.strip() != "", "no value, and no note that says why")
    require(isinstance(made.count, int) and made.count >= 0, f"count {made.count!r} is no number of items")
    for name, curve in made.series.items():
        plain = all(value is None or (isinstance(value, (int, float)) and math.isfinite(value)) for value in curve)
        require(plain, f"series {name!r} holds something else than finite numbers and None")


def not_measurable(case: Case) -> None:
    """On a video without face, sound, reference and record it says in one line why not, or gives what it can."""
    grey = case.bench.folder / "grey.mp4"
    if not grey.exists():
        grey_video(grey)
    try:
        made = case.build().measure(Material(grey))
    except NotMeasurable as reason:
        require("\n" not in str(reason) and str(reason).strip() != "", "NotMeasurable: say why in one line")
        return
    require(isinstance(made, Measure), f"measure gave a {type(made).__name__}, not a Measure")


def _face_material(case: Case) -> Material:
    video = case.bench.speaking_video
    return Material(video, reference=video, record=RECORD)
