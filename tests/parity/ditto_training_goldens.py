"""Reads the goldens of Ditto's training: outputs of the published code for deterministic weights and inputs.

The folder is ``$DH_GOLDENS/ditto_training``, by default the copy in ``tests/goldens``. Networks, options, variants, the
seed and what was drawn come from its ``index.json``, the other inputs from the npz files themselves.
"""

from __future__ import annotations

import functools
import json
import os
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(os.environ.get("DH_GOLDENS") or Path(__file__).parents[1] / "goldens") / "ditto_training"

Arrays = dict[str, np.ndarray]
Case = dict[str, Any]
"""An entry of the index, with the npz file's arrays under "values"."""
Outputs = dict[str, Any]
Runner = Callable[[Case], Outputs]
"""Takes a case, and returns outputs under the names of the npz file's arrays, whole where those are samples."""

_INPUT_PREFIX = "in."
_SAMPLES, _STATS = "@samples", "@stats"


@functools.cache
def index() -> dict[str, Any]:
    return json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))


def names() -> list[str]:
    return list(index()["cases"])


def case(name: str) -> Case:
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as file:
        return {**index()["cases"][name], "values": {key: file[key] for key in file.files}}


def drawn(entry: Mapping[str, Any]) -> Arrays:
    """The inputs that the index tells how to draw."""
    arrays = {}
    for name, (kind, shape, scale) in entry["drawn"].items():
        assert kind == "normal", f"{name}: drawn by an unknown rule {kind!r}"
        generator = np.random.default_rng(zlib.crc32(f"{index()['seed']}:input:{name}".encode()))
        arrays[name] = (generator.standard_normal(shape) * scale).astype(np.float32)
    return arrays


TOLERANCE = 1e-5
"""Relative, for single terms."""

TOLERANCES = {
    # After five steps of an optimiser that divides by the gradient's size. Changing the gradients by one part in a
    # million moves totals and norms by up to 7e-4.
    "train_steps": 1e-4,
    "train_steps/totals": 1e-3,
    "train_steps/gradient_norms": 1e-3,
    # At time 0 it is the difference of nearly equal numbers, divided by 0.006.
    "q_sample/noise_from_start": 1e-4,
}
"""Of a golden, or of one array of it, in place of that."""

SHARES_OFF = {"train_steps/input_projection.weight@samples": 1e-3}
"""Share of an array's values that may differ by more: weights whose gradient is all rounding."""


def check(name: str, mine: Outputs) -> int:
    """Compares every array of a golden that is no input; returns how many were compared.

    A floating value may differ by the relative tolerance of itself and of its array's root mean square.
    """
    entry = case(name)
    expected = {key: value for key, value in entry["values"].items() if not key.startswith(_INPUT_PREFIX)}
    bases = {key.removesuffix(_SAMPLES).removesuffix(_STATS) for key in expected}
    assert set(mine) == bases, f"{name}: gave {sorted(set(mine) ^ bases)} more or less"
    for key, golden in expected.items():
        base = key.removesuffix(_SAMPLES).removesuffix(_STATS)
        values = np.asarray(mine[base])
        stored = _stored(key, values, entry["arrays"][base])
        assert stored.shape == golden.shape, f"{name}/{key}: shape {stored.shape} instead of {golden.shape}"
        if golden.dtype.kind != "f":
            assert np.array_equal(stored, golden), f"{name}/{key}: {stored} instead of {golden}"
            continue
        tolerance = TOLERANCES.get(f"{name}/{key}", TOLERANCES.get(name, TOLERANCE))
        scale = np.abs(golden) + np.sqrt(np.mean(np.square(golden)))
        off = np.abs(stored - golden)
        share = SHARES_OFF.get(f"{name}/{key}", 0)
        assert np.mean(off > tolerance * scale) <= share, (
            f"{name}/{key}: off by {np.max(off):.3g}, allowed {tolerance} of {scale}"
        )
    return len(expected)


def _stored(key: str, values: np.ndarray, described: Any) -> np.ndarray:
    if key.endswith(_SAMPLES):
        assert list(values.shape) == described["shape"], f"{key}: shape {values.shape}"
        return values.reshape(-1)[:: described["stride"]]
    if key.endswith(_STATS):
        wide = values.astype(np.float64)
        return np.array([wide.mean(), wide.std(), np.abs(wide).max(), np.linalg.norm(wide)])
    return values
