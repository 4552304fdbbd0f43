"""The 52 blendshapes as displacements of face-mesh landmarks, from the numbers in ``shape_table``."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

import dh
from dh_face_mesh.shape_table import REGIONS, SHAPES, Shape
from dh_face_mesh.topology import LOWER_LIP, UPPER_LIP

Array = NDArray[np.float64]


_RINGS = {"upper": UPPER_LIP, "lower": LOWER_LIP}
UPPER_POINTS = tuple(sorted({i for row in UPPER_LIP for i in row[1:-1]}))
LOWER_POINTS = tuple(sorted({i for row in LOWER_LIP for i in row[1:-1]}))
CORNER_POINTS = tuple(sorted({i for row in UPPER_LIP for i in (row[0], row[-1])}))
SKIN_POINTS = tuple(sorted({i for groups in REGIONS.values() for group in groups for i in group}))


def arch(position: Array) -> Array:
    """Profile along a lip: 0 at the corners (position -1 and 1), 1 in the middle, as round as an open mouth."""
    return np.asarray((1 - np.clip(np.abs(position), 0, 1) ** 2) ** 0.55)


def lip_positions(landmarks: Array, axis: Array) -> dict[int, float]:
    """Where each lip landmark lies along the mouth: -1 at the image's left corner of its contour, 1 at the right one.

    Args:
        landmarks: (478, 2 or more).
        axis: unit vector to the face's right on the image, of the same length as a landmark.
    """
    positions: dict[int, float] = {}
    along = landmarks @ axis
    for ring in (*UPPER_LIP, *LOWER_LIP):
        row = along[list(ring)]
        middle, half = (row[0] + row[-1]) / 2, max((row[-1] - row[0]) / 2, 1e-6)
        positions |= {index: float(np.clip((x - middle) / half, -1, 1)) for index, x in zip(ring, row, strict=True)}
    return positions


def landmark_displacements(name: str, positions: Mapping[int, float]) -> dict[int, tuple[float, float]]:
    """What one blendshape does: landmark -> (right on the image, up), as fractions of the face's height.

    Args:
        name: one of ``dh.ARKIT_BLENDSHAPES``.
        positions: from ``lip_positions``.
    """
    shape, side = _lookup(name)
    moved: dict[int, tuple[float, float]] = {}
    for lip in ("upper", "lower"):
        outer, inner = (getattr(shape.lips, f"{lip}_{edge}") for edge in ("outer", "inner"))
        sideways = side * shape.shift.get(f"{lip}_lip", 0.0)
        for depth, ring in zip((0.0, 0.5, 1.0), _RINGS[lip], strict=True):
            for index in ring:
                position = positions[index]
                share = 1.0 if shape.shift else _side_share(position, side)
                bow = float(arch(np.array(position)))
                up = shape.lips.corner_up * (1 - bow) + (outer + (inner - outer) * depth) * bow
                moved[index] = (share * shape.lips.corner_out * position + sideways, share * up)
    for index in CORNER_POINTS:  # a corner belongs to both lips
        x, y = moved[index]
        mean = (shape.shift.get("upper_lip", 0.0) + shape.shift.get("lower_lip", 0.0)) / 2
        moved[index] = (x - side * (shape.shift.get("lower_lip", 0.0) - mean), y)
    for region, groups in REGIONS.items():
        out, up = shape.skin.get(region, (0.0, 0.0))
        sideways = side * shape.shift.get(region, 0.0)
        for group, direction in zip(groups, (0, -1, 1), strict=True):
            share = 1.0 if side == 0 else (0.5 if direction == 0 else float(direction == side))
            moved |= dict.fromkeys(group, (share * out * direction + sideways, share * up))
    return moved


def basis(landmarks: Array, axes: Array, height: float) -> Array:
    """Displacements of all landmarks for all blendshapes, in the landmarks' own pixels and axes.

    Args:
        landmarks: (478, 3), x right, y down, z away from the camera.
        axes: (3, 3), rows are unit vectors of the head: right, down, backwards.
        height: of the face, in pixels.

    Returns:
        (52, 478, 2), zero for landmarks that no shape controls.
    """
    positions = lip_positions(landmarks, axes[0])
    result = np.zeros((len(dh.ARKIT_BLENDSHAPES), len(landmarks), 2))
    for number, name in enumerate(dh.ARKIT_BLENDSHAPES):
        for index, (right, up) in landmark_displacements(name, positions).items():
            result[number, index] = height * (right * axes[0, :2] - up * axes[1, :2])
    return result


def _lookup(name: str) -> tuple[Shape, int]:
    """The shape of a blendshape's name, and its side: 1 is the person's left (the image's right), 0 both."""
    for suffix, side in (("Left", 1), ("Right", -1)):
        if name.endswith(suffix):
            return SHAPES.get(name.removesuffix(suffix), Shape()), side
    return SHAPES.get(name, Shape()), 0


def _side_share(position: float, side: int) -> float:
    """How much a sided shape moves a lip point; both sides add up to 1."""
    return 1.0 if side == 0 else 0.5 * (1 + float(np.sin(np.pi / 2 * np.clip(side * position / 0.6, -1, 1))))
