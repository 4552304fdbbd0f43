"""Speed of the networks of one frame: the published form against the form that runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING, Any

import dh

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
        timings.append(_compared(name, forms, [value.to(device) for value in inputs], repeats))
    return timings


def _compared(name: str, forms: dict[str, torch.nn.Module], inputs: list[torch.Tensor], repeats: int) -> dh.PartTiming:
    import torch

    spent: dict[str, list[float]] = {form: [] for form in forms}
    with torch.inference_mode():
        results = {form: _timed(module, inputs)[0] for form, module in forms.items()}
        for _ in range(repeats):
            for form, module in forms.items():
                spent[form].append(_timed(module, inputs)[1])
    difference = max((results["fast"][key] - results["plain"][key]).abs().max().item() for key in results["plain"])
    ms = {form: round(median(values), 1) for form, values in spent.items()}
    threads = f", {torch.get_num_threads()} threads" if inputs[0].device.type == "cpu" else ""
    return dh.PartTiming(name, ms["fast"], ms["plain"], f"largest difference {difference:.1e}{threads}")


def _timed(module: torch.nn.Module, inputs: list[torch.Tensor]) -> tuple[dict[str, Any], float]:
    """Results by name, and milliseconds until they are there."""
    import torch

    device = inputs[0].device
    wait = {"cuda": torch.cuda.synchronize, "mps": torch.mps.synchronize}.get(device.type, lambda: None)
    wait()
    begin = time.perf_counter()
    result = module(*inputs)
    wait()
    ms = 1000 * (time.perf_counter() - begin)
    return result if isinstance(result, dict) else {"result": result}, ms
