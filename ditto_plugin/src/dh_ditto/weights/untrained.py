"""Untrained weights that depend only on a seed, a tensor's name and its shape, the same on every platform.

They keep activations near unit scale, so that a network built of them computes sensible numbers, and says nothing.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

_POWER_ITERATIONS = 30


def seeded_tensor(key: str, shape: tuple[int, ...], seed: int = 0) -> NDArray[np.float32]:
    """Values of one entry of a state dict.

    Args:
        key: the entry's name; its last part tells what the tensor is for.
        shape: the tensor's.
        seed: of the generator, together with ``key``.
    """
    normal = np.random.default_rng(zlib.crc32(f"{seed}:{key}".encode())).standard_normal(shape).astype(np.float32)
    kind = key.rpartition(".")[2]
    if kind == "running_mean":
        return np.float32(0.02) * normal
    if kind == "running_var":
        return np.float32(1) + np.float32(0.1) * np.abs(normal)
    if len(shape) > 1:
        return normal / np.float32(math.sqrt(math.prod(shape[1:])))
    if kind == "weight":  # the gain of a normalisation layer
        return np.float32(1) + np.float32(0.05) * normal
    return np.float32(0.02) * normal


def seeded_state_dict(
    module: torch.nn.Module, seed: int = 0, prefix: str = "", skip: Collection[str] = ()
) -> dict[str, torch.Tensor]:
    """A whole state dict for a module.

    Args:
        module: whose keys and shapes to fill.
        seed: of the generator.
        prefix: put before every key when values are drawn, for a module that is part of a larger checkpoint.
        skip: last parts of keys that keep their values, such as computed buffers. Integers always keep theirs.
    """
    import torch

    state = {}
    for key, value in module.state_dict().items():
        if torch.is_floating_point(value) and key.rpartition(".")[2] not in skip:
            state[key] = torch.from_numpy(np.asarray(seeded_tensor(prefix + key, tuple(value.shape), seed)))
        else:
            state[key] = value.clone()
    for key in [key for key in state if key.endswith("_orig")]:
        name = key.removesuffix("_orig")
        if f"{name}_u" in state and f"{name}_v" in state:
            u, v = _singular_vectors(state[key].numpy(), prefix + name, seed)
            state[f"{name}_u"], state[f"{name}_v"] = torch.from_numpy(u), torch.from_numpy(v)
    return state


def _singular_vectors(weight: NDArray[np.float32], name: str, seed: int) -> tuple[NDArray[np.float32], ...]:
    """First singular vectors of a convolution's weight, by power iteration: normalised by them its norm is 1."""
    matrix = weight.reshape(len(weight), -1).astype(np.float64)
    u = seeded_tensor(f"{name}_u", (len(matrix),), seed).astype(np.float64)
    for _ in range(_POWER_ITERATIONS):
        v = matrix.T @ u
        v /= np.linalg.norm(v)
        u = matrix @ v
        u /= np.linalg.norm(u)
    return u.astype(np.float32), v.astype(np.float32)
