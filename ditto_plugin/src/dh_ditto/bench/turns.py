"""Two ways of doing the same, timed turn by turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import dh

Results = Mapping[str, Any]
"""What a form computed, tensors or arrays by name."""


def compared(
    name: str,
    forms: Mapping[str, Callable[[], Results]],
    repeats: int,
    device: str,
) -> dh.PartTiming:
    """Times the forms "fast" and "plain"; each runs once before, and another load of the machine meets both.

    Args:
        name: of the part.
        forms: one call each; both give results of the same names and shapes.
        repeats: timed calls of each.
        device: on which they run.

    Returns:
        Median milliseconds of a call of each form, and the largest difference of their results.
    """
    import torch

    wait = {"cuda": torch.cuda.synchronize, "mps": torch.mps.synchronize}.get(torch.device(device).type, lambda: None)
    spent: dict[str, list[float]] = {form: [] for form in forms}
    results = {form: call() for form, call in forms.items()}
    for _ in range(repeats):
        for form, call in forms.items():
            wait()
            begin = time.perf_counter()
            results[form] = call()
            wait()
            spent[form].append(1000 * (time.perf_counter() - begin))
    difference = max(float(abs(results["fast"][key] - value).max()) for key, value in results["plain"].items())
    threads = f", {torch.get_num_threads()} threads" if device == "cpu" else ""
    ms = {form: round(median(values), 1) for form, values in spent.items()}
    return dh.PartTiming(name, ms["fast"], ms["plain"], f"largest difference {difference:.1e}{threads}")
