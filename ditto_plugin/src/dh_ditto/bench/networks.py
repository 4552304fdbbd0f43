"""Speed of the networks of one frame: the form that runs against the published form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

import dh
from dh_ditto.backends.base import Backend
from dh_ditto.bench.turns import Results, compared
from dh_ditto.keypoints import KEYPOINTS

if TYPE_CHECKING:
    from torch import nn

PlainNetwork = Callable[[str], "nn.Module"]
"""Makes the published module of a network, float32, on the device that is measured."""


def measure_networks(
    backend: Backend,
    plain: PlainNetwork | None = None,
    *,
    batch: int = 1,
    repeats: int = 5,
    seed: int = 0,
    notice: Callable[[str], None] = lambda _: None,
) -> list[dh.PartTiming]:
    """Times the four networks that see pictures.

    The two forms of a network take turns, so that another load of the machine meets both; each runs once before. One
    plain network is in memory at a time.

    Args:
        backend: that runs them.
        plain: the published modules to compare with; None: no comparison.
        batch: frames that are warped and decoded at a time.
        repeats: calls of each form.
        seed: of the inputs.
        notice: told which network is being measured.

    Returns:
        Milliseconds of a call of each network. Where there is a plain form also the largest difference between the
        forms, and the plain form's operations by the fast form's time.
    """
    random = np.random.default_rng(seed)
    image = random.random((1, 3, 256, 256), np.float32)
    volume = random.standard_normal((1, 32, 16, 64, 64), np.float32)
    source, driving = (
        np.clip(0.3 * random.standard_normal((batch, KEYPOINTS, 3), np.float32), -0.95, 0.95) for _ in range(2)
    )
    there = backend.volume(volume)
    feature = backend.warp(there, source, driving)
    once, frames = 1, batch
    parts: list[tuple[str, str, int, Callable[[], Any], list[Any]]] = [
        ("appearance", "appearance_extractor", once, lambda: backend.appearance(image), [image]),
        ("motion", "motion_extractor", once, lambda: backend.motion(image), [image]),
        ("warp", "warp_network", frames, lambda: backend.warp(there, source, driving), [volume, source, driving]),
        ("decoder", "decoder", frames, lambda: backend.decoded(feature), [feature]),
    ]
    timings = []
    for name, network, count, call, inputs in parts:
        notice(f"measuring {name}")
        title = f"{name}, {count} frames" if count > 1 else name
        forms = {"fast": partial(_named, call)}
        if plain is None:
            timings.append(compared(title, forms, repeats, backend.device))
            continue
        module = plain(network)
        tensors = _tensors(module, inputs, count)
        timing = compared(title, {**forms, "plain": partial(_run, module, tensors)}, repeats, backend.device)
        rate = gigaflops(network, [tuple(tensor.shape) for tensor in tensors]) / timing.ms
        timings.append(replace(timing, note=f"{timing.note}, {rate:.3g} TFLOP/s"))
    return timings


def gigaflops(network: str, shapes: list[tuple[int, ...]]) -> float:
    """Operations of one call of a published network: multiplications and additions of convolutions and matrix products.

    Args:
        network: by its name among weights.
        shapes: of its inputs.

    Returns:
        1e9 operations.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from dh_ditto.weights.load import new

    with torch.device("meta"), torch.inference_mode(), FlopCounterMode(display=False) as counter:
        new(network).eval()(*(torch.empty(shape) for shape in shapes))
    return float(counter.get_total_flops()) / 1e9


def _tensors(module: nn.Module, inputs: list[Any], count: int) -> list[Any]:
    """Inputs as float32 tensors on a module's device, each for as many frames."""
    import torch

    device = next(module.parameters()).device
    tensors = [torch.as_tensor(value).to(device, torch.float32) for value in inputs]
    return [tensor.expand(count, *tensor.shape[1:]).contiguous() for tensor in tensors]


def _run(module: nn.Module, inputs: list[Any]) -> Results:
    import torch

    with torch.inference_mode():
        return _named(lambda: module(*inputs))


def _named(call: Callable[[], Any]) -> Results:
    result = call()
    return result if isinstance(result, Mapping) else {"result": result}
