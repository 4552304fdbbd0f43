"""Two ways of doing the same, timed turn by turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import dh

Results = Mapping[str, Any]
"""What a form computed, tensors or arrays by name."""


def compared(name: str, forms: Mapping[str, Callable[[], Results]], repeats: int, device: str) -> dh.PartTiming:
    """Times the form "fast" and, where there is one, "plain"; each runs once before, and another load of the machine
    meets both.

    Args:
        name: of the part.
        forms: one call each; both give results of the same names and shapes.
        repeats: timed calls of each.
        device: on which they run.

    Returns:
        Milliseconds of a call of each form, their median and the fast one's 95th percentile, and the largest difference
        of their results.
    """
    wait = _wait_for(device)
    spent: dict[str, list[float]] = {form: [] for form in forms}
    results = {form: call() for form, call in forms.items()}
    for _ in range(repeats):
        for form, call in forms.items():
            wait()
            begin = time.perf_counter()
            results[form] = call()
            wait()
            spent[form].append(1000 * (time.perf_counter() - begin))
    p50, p95 = (round(float(value), 3) for value in np.percentile(spent["fast"], (50, 95)))
    if "plain" not in forms:
        return dh.PartTiming(name, p50, p95_ms=p95)
    plain = round(float(np.median(spent["plain"])), 3)
    return dh.PartTiming(name, p50, plain, _difference(results["fast"], results["plain"], device), p95)


def _wait_for(device: str) -> Callable[[], None]:
    """What returns once a device has done all that it was given."""
    kind = device.partition(":")[0]
    if kind == "cpu":
        return lambda: None
    import torch

    waits: dict[str, Callable[[], None]] = {"cuda": torch.cuda.synchronize, "mps": torch.mps.synchronize}
    return waits[kind]


def _difference(fast: Results, plain: Results, device: str) -> str:
    import torch

    def values(result: Any) -> torch.Tensor:
        return torch.as_tensor(result).float().cpu()

    largest = max(float((values(fast[key]) - values(value)).abs().max()) for key, value in plain.items())
    threads = f", {torch.get_num_threads()} threads" if device == "cpu" else ""
    return f"largest difference {largest:.1e}{threads}"
