"""Speed of the diffusion model: the readable form with two passes against the form that runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

import dh
from dh_ditto.diffusion import Denoiser, Sampler, ddim_schedule
from dh_ditto.motion import VECTOR_SIZE, Array
from dh_ditto.windows import WINDOW_FRAMES


def measure_diffusion(
    *,
    repeats: int = 3,
    steps: int = 50,
    seed: int = 0,
    device: str = "cpu",
    notice: Callable[[str], None] = lambda _: None,
) -> list[dh.PartTiming]:
    """Times one guided step and one whole window of the published size, with untrained weights and in float32.

    The two forms take turns, so that another load of the machine meets both; each runs once before.

    Args:
        repeats: windows of each form; there are ten times as many steps.
        steps: of a window.
        seed: of weights and inputs.
        device: "cpu", "cuda" or "cuda:1".
        notice: told what is being measured.

    Returns:
        Median milliseconds per step and per window, and the largest difference of the two forms' results.
    """
    import torch

    from dh_ditto.networks.denoiser import MotionDecoder, TwoPassDenoiser
    from dh_ditto.networks.guided_denoiser import GuidedDenoiser
    from dh_ditto.weights.untrained import seeded_state_dict

    module = MotionDecoder().eval()
    module.load_state_dict(seeded_state_dict(module, seed, skip=("freqs",)))
    module.to(device)
    denoisers: dict[str, Denoiser] = {"plain": TwoPassDenoiser(module), "fast": GuidedDenoiser(module)}
    generator = np.random.default_rng(seed)
    kp_cond = generator.standard_normal((1, VECTOR_SIZE), np.float32)
    cond = generator.standard_normal((1, WINDOW_FRAMES, module.audio_feat_dim), np.float32)
    x = generator.standard_normal((1, WINDOW_FRAMES, VECTOR_SIZE), np.float32)
    times = ddim_schedule(steps).times

    def step(name: str) -> Callable[[], Array]:
        denoiser = denoisers[name]
        prepared, start = denoiser.prepare(kp_cond, cond, times), denoiser.array(x)
        return lambda: denoiser.numpy(denoiser.x_start(prepared, start, times[0]))

    def window(name: str) -> Callable[[], Array]:
        return lambda: Sampler(denoisers[name], seed)(kp_cond, cond, steps)

    timings = []
    for name, form, count in (
        ("diffusion step", step, 10 * repeats),
        (f"diffusion window of {WINDOW_FRAMES} frames, {steps} steps", window, repeats),
    ):
        notice(f"measuring {name}")
        ms, results = _interleaved({form_name: form(form_name) for form_name in denoisers}, count)
        difference = float(np.abs(results["plain"] - results["fast"]).max())
        threads = f", {torch.get_num_threads()} threads" if device == "cpu" else ""
        timings.append(dh.PartTiming(name, ms["fast"], ms["plain"], f"largest difference {difference:.1e}{threads}"))
    return timings


def _interleaved(forms: dict[str, Callable[[], Any]], repeats: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Median milliseconds and the last result of each form."""
    results = {name: run() for name, run in forms.items()}
    spent: dict[str, list[float]] = {name: [] for name in forms}
    for _ in range(repeats):
        for name, run in forms.items():
            begin = time.perf_counter()
            results[name] = run()
            spent[name].append(1000 * (time.perf_counter() - begin))
    return {name: round(median(values), 2) for name, values in spent.items()}, results
