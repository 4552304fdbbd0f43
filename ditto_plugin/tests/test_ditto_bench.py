"""The benchmark measures what it says: both forms by turns, their times and how far their results differ."""

from __future__ import annotations

import time

import numpy as np
import pytest

pytest.importorskip("torch")

from dh_ditto.bench.diffusion import measure_diffusion
from dh_ditto.bench.turns import compared


def test_forms_take_turns_after_one_untimed_call_each() -> None:
    calls: list[str] = []

    def form(name: str, value: float, seconds: float) -> dict[str, np.ndarray]:
        calls.append(name)
        time.sleep(seconds)
        return {"result": np.full(3, value)}

    timing = compared("part", {"fast": lambda: form("f", 1, 0), "plain": lambda: form("p", 1.5, 0.02)}, 2, "cpu")
    assert calls == ["f", "p", "f", "p", "f", "p"]
    assert timing.plain_ms is not None and timing.plain_ms >= 20
    assert "largest difference 5.0e-01" in timing.note


def test_the_diffusion_model_is_measured_against_its_plain_form() -> None:
    notices: list[str] = []
    step, window = measure_diffusion(repeats=1, steps=2, notice=notices.append)
    assert (step.name, window.name) == ("diffusion step", "diffusion window of 80 frames, 2 steps")
    assert len(notices) == 2
    for timing in (step, window):
        assert timing.ms > 0
        assert timing.plain_ms
        assert float(timing.note.split()[2].rstrip(",")) < 1e-3
