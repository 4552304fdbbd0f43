"""Speed of Ditto's parts, as ``dh bench ditto`` shows it."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np

import dh
from dh_ditto.bench.diffusion import measure_diffusion
from dh_ditto.bench.networks import measure_networks
from dh_ditto.paste import PasteBack
from dh_ditto.weights.extras import require

_FRAME = (720, 1280)
_COVERED = 600
_TURN = 0.1


def measure_parts(*, repeats: int, device: str, notice: Callable[[str], None]) -> list[dh.PartTiming]:
    """Every part whose time depends on neither source nor speech, of the published size, with untrained weights.

    Raises:
        ExtraMissing: PyTorch is not installed.
    """
    require("torch")
    networks = measure_networks(repeats=repeats, device=device, notice=notice)
    per_frame = [part for part in networks if part.name in ("warp", "decoder")]
    frame = dh.PartTiming(
        "a frame: warp + decoder",
        round(sum(part.ms for part in per_frame), 1),
        round(sum(part.plain_ms or 0 for part in per_frame), 1),
    )
    return [
        *networks,
        frame,
        *measure_diffusion(repeats=repeats, device=device, notice=notice),
        _paste(10 * repeats),
    ]


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
    return dh.PartTiming("paste back, still source", round(median(spent), 1))
