"""Reads the Ditto goldens: outputs of the published code for deterministic weights and inputs.

The folder is ``$DH_GOLDENS/ditto``, by default the copy in ``tests/goldens``. Seeds, cases, settings and tolerances
come from its ``index.json``; only the recipes that build the inputs are the project's own copy.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import ditto_recipes as recipes

FOLDER = Path(os.environ.get("DH_GOLDENS") or Path(__file__).parents[1] / "goldens") / "ditto"

Outputs = dict[str, Any]
Case = dict[str, Any]
Runner = Callable[[Case], Outputs]
"""Takes a case whose groups (inputs, options, setup, ...) are built, and returns the named outputs."""

_GROUPS = ("inputs", "options", "setup", "constructor", "call", "run")


@functools.cache
def index() -> dict[str, Any]:
    return json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))


@functools.cache
def state_dicts() -> dict[str, dict[str, Any]]:
    return json.loads((FOLDER / "state_dicts.json").read_text(encoding="utf-8"))


def names() -> list[tuple[str, str]]:
    """(golden, case) of every case."""
    return [(golden, case) for golden, entry in index()["goldens"].items() for case in entry["cases"]]


def build(golden: str, case: str) -> Case:
    """The case with its groups built from their recipes; groups that it lacks are empty."""
    entry = index()["goldens"][golden]["cases"][case]
    return {**entry, **{group: recipes.build(entry.get(group, {})) for group in _GROUPS}}


def check(golden: str, case: str, mine: Outputs) -> int:
    """Compares every output of a case; returns how many arrays were compared."""
    entry = index()["goldens"][golden]
    outputs = entry["cases"][case]["outputs"]
    assert set(mine) == set(outputs), f"{golden}/{case}: gave {sorted(mine)}, the golden has {sorted(outputs)}"
    compared = 0
    with np.load(FOLDER / entry["file"], allow_pickle=False) as arrays:
        for name, output in outputs.items():
            values = np.asarray(mine[name])
            assert list(values.shape) == output["shape"], f"{golden}/{case}/{name}: shape {values.shape}"
            tolerance = output.get("tolerance", entry["tolerance"])
            for suffix, part in recipes.stored(output, values).items():
                expected = arrays[f"{case}__{name}{suffix}"]
                assert recipes.matches(expected, part, tolerance), (
                    f"{golden}/{case}/{name}{suffix}: {_difference(expected, part)}, allowed {tolerance}"
                )
                compared += 1
    return compared


def _difference(expected: np.ndarray, mine: np.ndarray) -> str:
    if expected.shape != mine.shape:
        return f"shape {mine.shape} instead of {expected.shape}"
    off = np.abs(mine.astype(np.float64) - expected.astype(np.float64))
    return f"largest difference {off.max():.3g} (golden's largest value {np.abs(expected).max():.3g})"


def unused_arrays() -> list[str]:
    """Arrays of the folder that no case's output names."""
    unused = []
    files = {entry["file"]: entry["cases"] for entry in index()["goldens"].values()}
    for path in sorted(FOLDER.glob("*.npz")):
        cases = files.get(path.name, {})
        expected = {f"{case}__{name}" for case, entry in cases.items() for name in entry["outputs"]}
        with np.load(path, allow_pickle=False) as arrays:
            for key in arrays.files:
                base = key.removesuffix("__sample").removesuffix("__stats").removesuffix("__head")
                if base not in expected:
                    unused.append(f"{path.name}:{key}")
    return unused
