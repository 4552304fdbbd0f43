"""Speed of the diffusion model: the readable form with two passes against the form that runs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import dh
from dh_ditto.bench.turns import Results, compared
from dh_ditto.diffusion import Denoiser, Sampler, ddim_schedule
from dh_ditto.motion import VECTOR_SIZE
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
