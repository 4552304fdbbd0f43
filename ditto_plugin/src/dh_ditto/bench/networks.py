"""Speed of the networks of one frame: the published form against the form that runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import dh
from dh_ditto.bench.turns import Results, compared

if TYPE_CHECKING:
    import torch


def measure_networks(
    *, repeats: int = 5, device: str = "cpu", seed: int = 0, notice: Callable[[str], None] = lambda _: None
) -> list[dh.PartTiming]:
    """Times the four networks that see pictures, of the published size, with untrained weights and in float32.

    The two forms of a network take turns, so that another load of the machine meets both; each runs once before. One
    network is in memory at a time.

    Args:
        repeats: calls of each form.
        device: "cpu", "cuda", "cuda:1" or "mps".
        seed: of weights and inputs.
        notice: told which network is being measured.

    Returns:
        Median milliseconds of a call of each network, and the largest difference of the two forms' results.
    """
    import torch

    from dh_ditto import networks
    from dh_ditto.networks.inference import for_inference
    from dh_ditto.weights.untrained import seeded_state_dict

    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(1, 3, 256, 256, generator=generator)
    volume = torch.randn(1, 32, 16, 64, 64, generator=generator)
    feature = torch.randn(1, 256, 64, 64, generator=generator)
    source, driving = (0.3 * torch.randn(2, 1, networks.KEYPOINTS, 3, generator=generator)).clamp_(-0.95, 0.95)
    parts: list[tuple[str, type[torch.nn.Module], list[torch.Tensor]]] = [
        ("appearance", networks.AppearanceExtractor, [image]),
        ("motion", networks.MotionExtractor, [image]),
        ("warp", networks.WarpNetwork, [volume, source, driving]),
        ("decoder", networks.Decoder, [feature]),
    ]
    timings = []
    for name, build, inputs in parts:
        notice(f"measuring {name}")
        plain = build()
        plain.load_state_dict(seeded_state_dict(plain, seed))
        forms = {"fast": for_inference(plain, device), "plain": plain.eval().to(device)}
        there = [value.to(device) for value in inputs]
        calls = {form: partial(_results, module, there) for form, module in forms.items()}
        timings.append(compared(name, calls, repeats, device))
    return timings


def _results(module: torch.nn.Module, inputs: list[torch.Tensor]) -> Results:
    import torch

    with torch.inference_mode():
        result = module(*inputs)
    return result if isinstance(result, dict) else {"result": result}
