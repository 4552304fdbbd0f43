"""Speed of Ditto's parts, as ``dh bench ditto`` shows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

import dh
from dh_ditto.backends.base import open_backend
from dh_ditto.bench.diffusion import measure_diffusion
from dh_ditto.bench.networks import measure_networks
from dh_ditto.bench.options import PartsOptions, parts_options
from dh_ditto.bench.weights import measured_weights
from dh_ditto.compute_thread import COMPUTE
from dh_ditto.paste import PasteBack

if TYPE_CHECKING:
    from torch import nn

    from dh_ditto.diffusion import Denoiser

_FRAME = (720, 1280)
_COVERED = 600
_TURN = 0.1


def measure_parts(
    *, repeats: int, device: str, options: Mapping[str, Any], notice: Callable[[str], None]
) -> list[dh.PartTiming]:
    """Every part whose time depends on neither source nor speech: on the backend, in the precision and with the batch
    that the options choose, against the published modules in float32 where PyTorch runs them.

    Args:
        repeats: timed calls of each network; more of what is quick.
        device: "cpu", "cuda", "cuda:1" or "mps".
        options: by key, see ``PartsOptions``.
        notice: told what is being measured.

    Raises:
        OptionError: a value does not fit, or needs weights that only the user can name.
        ExtraMissing: PyTorch or onnx is not installed.
        DHError: as ``open_backend``.
    """
    # Both forms in one thread: another team of OpenMP threads would slow down what is measured.
    return COMPUTE.call(_measured, parts_options(options), repeats, device, notice)


def _measured(chosen: PartsOptions, repeats: int, device: str, notice: Callable[[str], None]) -> list[dh.PartTiming]:
    with measured_weights(chosen, notice) as weights:
        tell = notice if chosen.weights is not None else lambda _: None
        backend = open_backend(weights, chosen.backend, device, chosen.precision, tell, graphs=chosen.graphs)
        denoisers: dict[str, Denoiser] = {"fast": backend.denoiser(chosen.guidance)}
        plain = None
        if backend.name == "torch":
            from dh_ditto.networks.denoiser import TwoPassDenoiser
            from dh_ditto.weights.load import build

            def plain(network: str) -> nn.Module:
                return build(network, weights).to(device)

            denoisers["plain"] = TwoPassDenoiser(plain("lmdm"), chosen.guidance)
        networks = measure_networks(backend, plain, batch=chosen.batch, repeats=repeats, notice=notice)
        diffusion = measure_diffusion(
            denoisers,
            weights.configuration().audio2motion_cfg.audio_feat_dim,
            repeats=repeats,
            steps=chosen.steps,
            device=device,
            notice=notice,
        )
    return [*networks, _frame(networks, chosen.batch), *diffusion, _paste(10 * repeats)]


def _frame(networks: list[dh.PartTiming], batch: int) -> dh.PartTiming:
    """One frame's share of the networks that every frame needs."""
    parts = [part for part in networks if part.name.startswith(("warp", "decoder"))]
    plain = [part.plain_ms for part in parts if part.plain_ms is not None]
    return dh.PartTiming(
        "a frame: warp + decoder",
        round(sum(part.ms for part in parts) / batch, 3),
        round(sum(plain) / batch, 3) if plain else None,
    )


def _paste(repeats: int) -> dh.PartTiming:
    """A render that covers a square of 600 pixels, turned, on a still 1280x720 frame."""
    random = np.random.default_rng(0)
    frame = random.integers(0, 256, (*_FRAME, 3), np.uint8)
    render = 255 * random.random((512, 512, 3), np.float32)
    scale, cosine, sine = _COVERED / 512, np.cos(_TURN), np.sin(_TURN)
    matrix = np.array([[scale * cosine, -scale * sine, 340], [scale * sine, scale * cosine, 60], [0, 0, 1]])
    background = PasteBack().background(frame, matrix)
    background.paste(render)
    spent = []
    for _ in range(repeats):
        begin = time.perf_counter()
        background.paste(render)
        spent.append(1000 * (time.perf_counter() - begin))
    p50, p95 = (round(float(value), 3) for value in np.percentile(spent, (50, 95)))
    return dh.PartTiming("paste back, still source", p50, p95_ms=p95)
