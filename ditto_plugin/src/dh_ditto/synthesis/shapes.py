"""Blendshapes by name, and how far they part the lips."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

import dh
from dh_ditto.synthesis.arrays import Array

SHAPE: Mapping[str, int] = {name: number for number, name in enumerate(dh.ARKIT_BLENDSHAPES)}
"""Column of each blendshape."""

_PARTING = {
    "jawForward": 0.03, "mouthFunnel": 0.24, "mouthPucker": 0.015, "mouthUpperUp": 0.084, "mouthLowerDown": 0.104,
    "mouthRollLower": -0.05, "mouthRollUpper": -0.04, "mouthPress": -0.03, "mouthShrugLower": -0.06,
    "mouthShrugUpper": 0.03, "noseSneer": 0.03,
}  # fmt: skip
"""By how much a weight of 1 parts the inner lips at the middle of the mouth, in weights of jawOpen; a sided shape for
each side. Measured on the ``face-mesh`` renderer's shapes."""


def columns_of(name: str) -> list[int]:
    """Columns of a blendshape, or of both sides of a sided one named without its side."""
    if name in SHAPE:
        return [SHAPE[name]]
    return [SHAPE[f"{name}Left"], SHAPE[f"{name}Right"]]


def _parting() -> Array:
    weights = np.zeros(len(SHAPE))
    for name, amount in _PARTING.items():
        weights[columns_of(name)] = amount
    return weights


_PARTS = _parting()


def lip_opening(blendshapes: Array) -> Array:
    """How far the lips are apart, in weights of jawOpen.

    As the ``face-mesh`` renderer draws them: ``mouthClose`` undoes what ``jawOpen`` opens and no more, and lips that
    press on each other are closed.

    Args:
        blendshapes: [n, 52].

    Returns:
        [n], 0 closed to about 1.
    """
    weights = np.clip(np.asarray(blendshapes, np.float64), 0, 1)
    jaw, close = weights[:, SHAPE["jawOpen"]], weights[:, SHAPE["mouthClose"]]
    return np.asarray(np.maximum(np.maximum(jaw - close, 0) + weights @ _PARTS, 0))
