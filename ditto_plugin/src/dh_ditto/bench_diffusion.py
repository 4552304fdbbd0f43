"""Speed of the diffusion model: the readable form with two passes against the form that runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from dh_ditto.diffusion import Denoiser, Sampler, ddim_schedule
from dh_ditto.motion import VECTOR_SIZE
from dh_ditto.windows import WINDOW_FRAMES


def measure_diffusion(repeats: int = 3, steps: int = 50, seed: int = 0) -> dict[str, Any]:
    """Times one guided step and one whole window of the published size, with untrained weights, on the CPU.

    The two forms take turns, so that another load of the machine meets both; each runs once before.

    Args:
        repeats: windows of each form; there are ten times as many steps.
        steps: of a window.
        seed: of weights and inputs.

    Returns:
        Median milliseconds per step and per window of the forms ``plain`` and ``fast``, how often fast goes into plain,
        the largest difference of their windows, and torch's threads.
    """
    import torch

    from dh_ditto.networks.denoiser import MotionDecoder, TwoPassDenoiser
    from dh_ditto.networks.guided_denoiser import GuidedDenoiser
    from dh_ditto.weights.untrained import seeded_state_dict

    module = MotionDecoder().eval()
    module.load_state_dict(seeded_state_dict(module, seed, skip=("freqs",)))
    denoisers: dict[str, Denoiser] = {"plain": TwoPassDenoiser(module), "fast": GuidedDenoiser(module)}
    generator = np.random.default_rng(seed)
    kp_cond = generator.standard_normal((1, VECTOR_SIZE), np.float32)
    cond = generator.standard_normal((1, WINDOW_FRAMES, module.audio_feat_dim), np.float32)
    x = torch.from_numpy(generator.standard_normal((1, WINDOW_FRAMES, VECTOR_SIZE), np.float32))
    times = ddim_schedule(steps).times

    def step(name: str) -> Callable[[], Any]:
        denoiser = denoisers[name]
        prepared = denoiser.prepare(kp_cond, cond, times)
        return lambda: denoiser.x_start(prepared, x, times[0])

    def window(name: str) -> Callable[[], Any]:
        return lambda: Sampler(denoisers[name], seed)(kp_cond, cond, steps)

    step_ms, _ = _interleaved({name: step(name) for name in denoisers}, 10 * repeats)
    window_ms, motion = _interleaved({name: window(name) for name in denoisers}, repeats)
    return {
        "steps": steps,
        "step_ms": step_ms,
        "window_ms": window_ms,
        "step_speedup": round(step_ms["plain"] / step_ms["fast"], 2),
        "window_speedup": round(window_ms["plain"] / window_ms["fast"], 2),
        "largest_difference": float(np.abs(motion["plain"] - motion["fast"]).max()),
        "threads": torch.get_num_threads(),
    }


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
