"""How far the eyes are open and where they look, as Ditto's diffusion model is conditioned on it.

From the 478-point face mesh with irises; distances are taken in all three dimensions. "Left" and "right" are the
image's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

MESH_POINTS = 478
_EPSILON = 1e-8


@dataclass(frozen=True)
class _Eye:
    """Mesh points of one eye: pairs of the upper and lower lid, outer and inner corner, centre of the iris."""

    lids: tuple[tuple[int, int], ...]
    outer: int
    inner: int
    iris: int


_EYES = (
    _Eye(((145, 159), (144, 160), (153, 158)), 33, 133, 468),
    _Eye(((374, 386), (373, 387), (380, 385)), 263, 362, 473),
)


def eye_openness(mesh: Array) -> NDArray[np.float32]:
    """Heights of three places of each eye, added up, over its width.

    Args:
        mesh: [n,478,3].

    Returns:
        [n,2], left and right; about 0.2 for a closed eye and 1 for an open one.
    """
    mesh = _checked(mesh)
    return np.stack([_openness(mesh, eye) for eye in _EYES], axis=-1).astype(np.float32)


def _openness(mesh: Array, eye: _Eye) -> Array:
    heights = sum(np.linalg.norm(mesh[:, a] - mesh[:, b], axis=-1) for a, b in eye.lids)
    return np.asarray(heights / (np.linalg.norm(mesh[:, eye.outer] - mesh[:, eye.inner], axis=-1) + _EPSILON))


def eyeball(mesh: Array) -> NDArray[np.float32]:
    """Eyeball displacement: |m| * (unit(m) - unit(outer - inner corner)), m from the corners' middle to the iris.

    Args:
        mesh: [n,478,3], of a square crop and divided by its side.

    Returns:
        [n,3,2], the last axis left and right; reshaped to [n,6] it is x_L x_R y_L y_R z_L z_R.
    """
    mesh = _checked(mesh)
    moves = []
    for eye in _EYES:
        offset, width = _iris_offset(mesh, eye)
        moves.append((_unit(offset) - _unit(width)) * np.linalg.norm(offset, axis=-1, keepdims=True))
    return np.stack(moves, axis=-1, dtype=np.float32, casting="same_kind")


def eyeball_direction(mesh: Array) -> NDArray[np.float32]:
    """Where the irises lie against the middle between the eye's corners, in widths of the eye.

    Args:
        mesh: [n,478,3].

    Returns:
        [n,3,2], the last axis left and right.
    """
    mesh = _checked(mesh)
    offsets = (_iris_offset(mesh, eye) for eye in _EYES)
    shares = [offset / (np.linalg.norm(width, axis=-1, keepdims=True) + _EPSILON) for offset, width in offsets]
    return np.stack(shares, axis=-1, dtype=np.float32, casting="same_kind")


def _iris_offset(mesh: Array, eye: _Eye) -> tuple[Array, Array]:
    """From the middle between the corners to the iris, and from the inner corner to the outer one."""
    outer, inner = mesh[:, eye.outer], mesh[:, eye.inner]
    return mesh[:, eye.iris] - (outer + inner) / 2, outer - inner


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + _EPSILON))


def _checked(mesh: Array) -> Array:
    mesh = np.asarray(mesh, np.float64)
    assert mesh.ndim == 3 and mesh.shape[1:] == (MESH_POINTS, 3), f"mesh {mesh.shape} is not (n, {MESH_POINTS}, 3)"
    return mesh
