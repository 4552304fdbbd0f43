"""The starter's motion row: rotation, translation and blendshapes of the ``arkit`` motion space side by side.

One column differs: in place of ``mouthClose`` stands how far the lips part, ``jawOpen`` - ``mouthClose``. As the
difference of two large weights a closure would have the errors of both; so it is one number near 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import dh
from dh_ditto.motion import Array

SLICES: Mapping[str, slice] = {"rotation": slice(0, 3), "translation": slice(3, 6), "blendshapes": slice(6, 58)}
"""Columns of a row by field: degrees, face heights, weights in Apple's order, the lips' parting among them."""

SIZE = 58
"""Columns of a row."""

_JAW, _CLOSE = (dh.ARKIT_BLENDSHAPES.index(name) for name in ("jawOpen", "mouthClose"))


def rows_from(blendshapes: ArrayLike, rotation: ArrayLike, translation: ArrayLike) -> Array:
    """Rows [n, 58] of n frames from [n, 52] weights, [n, 3] degrees and [n, 3] face heights."""
    weights = np.array(blendshapes, np.float32)
    weights[:, _CLOSE] = weights[:, _JAW] - weights[:, _CLOSE]
    return np.concatenate([np.asarray(rotation, np.float32), np.asarray(translation, np.float32), weights], axis=1)


def blendshapes_of(rows: NDArray[Any]) -> NDArray[Any]:
    """Weights [n, 52] of rows [n, 58], as they are: a model's may lie outside of 0 to 1."""
    weights = np.array(rows[:, SLICES["blendshapes"]])
    weights[:, _CLOSE] = weights[:, _JAW] - weights[:, _CLOSE]
    return weights


def fields_of(rows: Array) -> Mapping[str, Array]:
    """Fields of the motion space from rows [n, 58], each within its valid range."""
    fields = {name: rows[:, columns] for name, columns in SLICES.items()} | {"blendshapes": blendshapes_of(rows)}
    limits = dh.ARKIT.fields
    return {name: np.clip(values, limits[name].low, limits[name].high) for name, values in fields.items()}
