"""Speed of the diffusion model: the form that runs against the readable form with two passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

import dh
from dh_ditto.bench.turns import Results, compared
from dh_ditto.diffusion import Denoiser, Sampler, ddim_schedule
from dh_ditto.motion import VECTOR_SIZE
from dh_ditto.windows import WINDOW_FRAMES


def measure_diffusion(
    denoisers: Mapping[str, Denoiser],
    condition_size: int,
    *,
    repeats: int = 3,
    steps: int = 50,
    seed: int = 0,
    device: str = "cpu",
    notice: Callable[[str], None] = lambda _: None,
) -> list[dh.PartTiming]:
    """Times one guided step and one whole window.

    The two forms take turns, so that another load of the machine meets both; each runs once before.

    Args:
        denoisers: "fast", and "plain" where there is one.
        condition_size: columns of a frame's condition.
        repeats: windows of each form; there are ten times as many steps.
        steps: of a window.
        seed: of inputs.
        device: "cpu", "cuda" or "cuda:1".
        notice: told what is being measured.

    Returns:
        Milliseconds per step and per window, and the largest difference of the two forms' results.
    """
    generator = np.random.default_rng(seed)
    kp_cond = generator.standard_normal((1, VECTOR_SIZE), np.float32)
    cond = generator.standard_normal((1, WINDOW_FRAMES, condition_size), np.float32)
    x = generator.standard_normal((1, WINDOW_FRAMES, VECTOR_SIZE), np.float32)
    times = ddim_schedule(steps).times

    def step(name: str) -> Callable[[], Results]:
        denoiser = denoisers[name]
        prepared, start = denoiser.prepare(kp_cond, cond, times), denoiser.array(x)
        return lambda: {"x_start": denoiser.numpy(denoiser.x_start(prepared, start, times[0]))}

    def window(name: str) -> Callable[[], Results]:
        return lambda: {"motion": Sampler(denoisers[name], seed)(kp_cond, cond, steps)}

    timings = []
    for name, form, count in (
        ("diffusion step", step, 10 * repeats),
        (f"diffusion window of {WINDOW_FRAMES} frames, {steps} steps", window, repeats),
    ):
        notice(f"measuring {name}")
        timings.append(compared(name, {form_name: form(form_name) for form_name in denoisers}, count, device))
    return timings
