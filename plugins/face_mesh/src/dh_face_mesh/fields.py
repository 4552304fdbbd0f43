"""Displacement fields over the crop: blendshapes and head rotation on a coarse grid, and their inversion.

A field is (rows, columns, 2) in crop pixels, x then y. A forward field says where each point of the source goes; a
backward field says, for each point of the result, where in the source it comes from, as an offset. Grid point
(i, j) lies at crop pixel ((j + 0.5) * cell - 0.5, (i + 0.5) * cell - 0.5).

The lips are cut: above the line between them the field of the upper lip holds, below it that of the lower one. Both
agree everywhere but around the mouth, so the upper one is kept as a difference, on a window around the mouth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dh_face_mesh import shapes
from dh_face_mesh.crop import Head
from dh_face_mesh.topology import EAR_LEFT, EAR_RIGHT, FACE_OVAL, INNER_LOWER, INNER_UPPER, UPPER_LID

Array = NDArray[np.float64]
Field = NDArray[np.float32]

GRID = 128
"""Points of the grid along each side of the crop."""

_STIFFNESS = 3e-5
"""Smoothing of the splines, against kinks between landmarks that lie close together."""

_STEPS = 6
"""Fixed-point steps of an inversion: the remaining error is below 0.05 pixels up to a wide-open mouth."""

_RELIEF = 0.16
"""Depth of the head's level behind the outer eye corners, in face heights."""

_RELIEF_BLUR = 0.045
"""Standard deviation of the depth's smoothing, in face heights."""

_STEEPEST, _DEEPEST = 2.05, 1.5
"""The landmarks' depth is too flat to show a turn as large as it is: it is deepened until the relief's slope is the
first, but at most by the factor of the second. A slope of 2.1 folds over itself at a turn of 25 degrees."""

_PIVOT_DOWN, _PIVOT_BACK = 0.45, 0.06
"""The neck's joint below the ears' line and behind the level, in face heights."""

_REST = 0.12
"""Displacement in crop pixels, at weight 1, that counts as none."""

_HALO, _HALO_BELOW = 1.35, 0.5
"""Distance of the still points around the face from its middle, as a multiple of the face's own edge: at the sides,
and how much more below the chin."""

_EDGE_ANCHORS = 14
"""Points along each side of the crop that never move."""


def grid_points(size: int, count: int = GRID) -> Array:
    """Crop coordinates of the grid: (count, count, 2)."""
    line = (np.arange(count) + 0.5) * size / count - 0.5
    return np.stack(np.meshgrid(line, line), axis=-1)


class Spline:
    """Thin-plate spline interpolation (Bookstein 1989) from scattered centres to fixed points.

    Args:
        centres: (n, 2).
        points: (..., 2).
        scale: length that coordinates are divided by, for conditioning.
    """

    def __init__(self, centres: Array, points: Array, scale: float) -> None:
        self._centres, flat = centres / scale, points.reshape(-1, 2) / scale
        self._shape = points.shape[:-1]
        self._kernel = _kernel(flat, self._centres)
        self._plane = np.column_stack([np.ones(len(flat)), flat])

    def spread(self, values: Array, used: Sequence[int] | slice = slice(None)) -> Array:
        """Values (n, k) at the centres carried to the points, using only some of the centres: (..., k)."""
        centres = self._centres[used]
        count = len(centres)
        system = np.zeros((count + 3, count + 3))
        system[:count, :count] = _kernel(centres, centres) + _STIFFNESS * np.eye(count)
        system[:count, count:] = np.column_stack([np.ones(count), centres])
        system[count:, :count] = system[:count, count:].T
        right = np.zeros((count + 3, values.shape[1]))
        right[:count] = values[used]
        weights = np.linalg.solve(system, right)
        result = self._kernel[:, used] @ weights[:count] + self._plane @ weights[count:]
        return np.asarray(result.reshape(*self._shape, -1))


def _kernel(a: Array, b: Array) -> Array:
    squared = (a[:, None, 0] - b[None, :, 0]) ** 2
    squared += (a[:, None, 1] - b[None, :, 1]) ** 2
    return np.asarray(0.5 * squared * np.log(np.maximum(squared, 1e-12)))


def smoothstep(x: Array) -> Array:
    """0 below 0, 1 above 1, and smooth between."""
    t = np.clip(x, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


@dataclass(frozen=True)
class Window:
    """A rectangle of grid points; bottom and right are the first beyond it."""

    top: int
    bottom: int
    left: int
    right: int

    def grown(self, cells: int) -> Window:
        """The window with a margin, within the grid."""
        return Window(
            max(self.top - cells, 0),
            min(self.bottom + cells, GRID),
            max(self.left - cells, 0),
            min(self.right + cells, GRID),
        )

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of the grid."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


WHOLE = Window(0, GRID, 0, GRID)


class FaceField:
    """The motion of one face, linear in blendshape weights and in the head's rotation matrix.

    Args:
        landmarks: (478, 3) in crop pixels.
        head: their pose, in crop pixels.
        size: the crop's side in pixels.
        gap_shape: (478, 2), displacement of landmarks that brings the source's own lips together; shape number 52.
    """

    def __init__(self, landmarks: Array, head: Head, size: int, gap_shape: Array) -> None:
        self.size = size
        self.cell = size / GRID
        points = grid_points(size)
        shapes_2d = np.concatenate([shapes.basis(landmarks, head.axes, head.height), gap_shape[None]])
        self.window = _mouth_window(landmarks, self.cell)
        lower, upper = self._spread(landmarks, shapes_2d, points)
        rows, columns = self.window.slices
        jump = (upper - lower)[:, rows, columns] * _mouth_taper(landmarks, head, points[rows, columns])[..., None]
        self.lower = np.ascontiguousarray(lower, np.float32)
        self.jump = np.ascontiguousarray(jump, np.float32)
        self.solid, self.pivot = _solid(landmarks, head, points, size)

    def _spread(self, landmarks: Array, displacements: Array, points: Array) -> list[Array]:
        """Landmark displacements (k, 478, 2) carried to the whole grid, fixed at the crop's edge.

        Returns:
            Two of (k, GRID, GRID, 2): without the upper lip's own landmarks, and without the lower lip's.
        """
        chosen = sorted({*shapes.SKIN_POINTS, *shapes.UPPER_POINTS, *shapes.LOWER_POINTS, *shapes.CORNER_POINTS})
        edge = grid_points(self.size, _EDGE_ANCHORS)
        edge = np.concatenate([edge[0], edge[-1], edge[1:-1, 0], edge[1:-1, -1], _halo(landmarks, self.size)])
        spline = Spline(np.concatenate([landmarks[chosen, :2], edge]), points, self.size)
        values = np.zeros((len(chosen) + len(edge), len(displacements), 2))
        values[: len(chosen)] = displacements[:, chosen].transpose(1, 0, 2)
        inside = _frame_of(points, self.size, 0.06)[..., None, None]
        fields = []
        for without in (shapes.UPPER_POINTS, shapes.LOWER_POINTS):
            used = [n for n in range(len(values)) if n >= len(chosen) or chosen[n] not in without]
            field = spline.spread(values.reshape(len(values), -1), used).reshape(GRID, GRID, -1, 2) * inside
            # A spline never quite comes to rest: what is far below a pixel is made nothing, so that it stays exact.
            reach = np.hypot(field[..., :1], field[..., 1:])
            fields.append((field * smoothstep((reach - _REST) / (2 * _REST))).transpose(2, 0, 1, 3))
        return fields

    def forward(self, weights: Field, linear: Array, offset: Array) -> tuple[Field, Field]:
        """Forward fields of a pose and an expression.

        Args:
            weights: (53,), the blendshapes and the share of the own lip gap that is closed.
            linear: (3, 3), rotation times scale.
            offset: (2,), translation in crop pixels.

        Returns:
            The field of the lower lip and of all the rest, (GRID, GRID, 2), and what the upper lip's adds to it on
            the window.
        """
        # cv2 instead of BLAS: no threads that spin beside those of the other stages.
        turn = linear[:2, :2]
        rigid = np.column_stack([(linear - np.eye(3))[:2], offset])
        lower = cv2.transform(self.solid, rigid) + cv2.transform(_blend(self.lower, weights), turn)
        return lower, cv2.transform(_blend(self.jump, weights), turn)

    def solid_at(self, point: Array, linear: Array, offset: Array) -> Array:
        """What a head's motion, without expression, makes of crop points near one: an affine matrix (2, 3)."""
        cell = tuple(np.clip(np.round((point[::-1] + 0.5) / self.cell - 0.5).astype(int), 0, GRID - 1))
        *_, depth, follow = self.solid[cell].astype(np.float64)
        depth /= max(follow, 1e-3)
        flat = linear[:2, :2]
        return np.column_stack([flat, self.pivot[:2] - flat @ self.pivot[:2] + linear[:2, 2] * depth + offset])


def _blend(basis: Field, weights: Field) -> Field:
    """The sum of fields (k, rows, columns, 2) by weights (k,)."""
    total = np.zeros_like(basis[0])
    for number in np.flatnonzero(weights):
        cv2.scaleAdd(basis[number], float(weights[number]), total, dst=total)
    return np.asarray(total)


def invert(forward: Field, cell: float, window: Window | None = None) -> Field:
    """The backward field of a forward one, by fixed-point steps of b(q) = -d(q + b(q)).

    The later steps are damped. Beyond its grid a field is continued by its edge.

    Args:
        forward: (rows, columns, 2) in pixels, of the whole grid: what a window shows may come from beyond it.
        cell: pixels per grid cell.
        window: the part of the grid to find the backward field on; default: all of it.
    """
    scaled = forward * np.float32(-1 / cell)
    window = window or Window(0, forward.shape[0], 0, forward.shape[1])
    columns, rows = np.arange(window.left, window.right), np.arange(window.top, window.bottom)
    grid = np.stack(np.meshgrid(columns, rows), axis=-1).astype(np.float32)
    offset = scaled[window.slices]
    for step in range(_STEPS):
        sampled = cv2.remap(scaled, grid + offset, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        offset = sampled if step < 2 else np.float32(0.5) * (offset + sampled)
    return np.asarray(offset * np.float32(cell))


def sample(field: Field, points: Array, cell: float, window: Window = WHOLE) -> Array:
    """Values at crop points (n, 2) of a field that is known on a window of the grid: (n, 2)."""
    at = ((points + 0.5) / cell - 0.5 - [window.left, window.top]).astype(np.float32)[None]
    return np.asarray(cv2.remap(field, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0], np.float64)


def _frame_of(points: Array, size: int, width: float) -> Array:
    """1 inside, 0 at the crop's edge, rising over ``width`` of its side."""
    distance = np.minimum(points, size - 1 - points).min(-1) / size
    return smoothstep(distance / width)


def _halo(landmarks: Array, size: int) -> Array:
    """Points around the face that stay where they are: close beside it, further off below the chin."""
    oval = landmarks[list(FACE_OVAL), :2]
    spokes = oval - oval.mean(0)
    below = np.maximum(spokes[:, 1] / np.linalg.norm(spokes, axis=1), 0) ** 2
    halo = oval.mean(0) + spokes * (_HALO + _HALO_BELOW * below)[:, None]
    return np.asarray(halo[((halo > 0) & (halo < size - 1)).all(1)])


def _mouth_window(landmarks: Array, cell: float) -> Window:
    """Grid rows and columns around the mouth: from the nose to the chin, and half a mouth's width to each side."""
    mouth = landmarks[[*INNER_UPPER, *INNER_LOWER], :2]
    low, high = mouth.min(0), mouth.max(0)
    reach = high[0] - low[0]
    left, right = low[0] - 0.6 * reach, high[0] + 0.6 * reach
    top, bottom = low[1] - 1.0 * reach, high[1] + 1.1 * reach
    rows = np.clip(np.round(np.array([top, bottom, left, right]) / cell), 0, GRID).astype(int).tolist()
    return Window(*rows)


def _mouth_taper(landmarks: Array, head: Head, points: Array) -> Array:
    """Where the two lips' fields may differ: 1 across the mouth, 0 before the window ends."""
    corners = landmarks[[INNER_UPPER[0], INNER_UPPER[-1]], :2]
    middle, half = corners.mean(0), np.linalg.norm(corners[1] - corners[0]) / 2
    along = np.abs((points - middle) @ head.axes[0, :2]) / half
    across = np.abs((points - middle) @ head.axes[1, :2]) / half
    return smoothstep((2.0 - along) / 0.7) * smoothstep((1.9 - across) / 0.8)


def _solid(landmarks: Array, head: Head, points: Array, size: int) -> tuple[Field, Array]:
    """The head as a relief: (GRID, GRID, 4), each point's x, y, z from the pivot and 1, times how far it follows.

    Depth is that of the landmarks inside the face. From the temples outwards it stays level, so that hair and ears
    turn with the face, and it is smoothed: a steeper relief would fold over itself when the head turns.
    """
    eyes = landmarks[[UPPER_LID["Right"][0], UPPER_LID["Left"][-1]]].mean(0)
    level = eyes[2] + _RELIEF * head.height
    centre = landmarks[list(FACE_OVAL), :2].mean(0)
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    rings = [centre + ring * head.height * radius for radius in (0.8, 1.1, 1.5)]
    mesh = sorted({*range(0, 468, 3), *FACE_OVAL})
    centres = np.concatenate([landmarks[mesh, :2], *rings])
    depths = np.concatenate([np.minimum(landmarks[mesh, 2], level), np.full(3 * len(ring), level)])
    coarse = Spline(centres, grid_points(size, GRID // 2), size).spread(depths[:, None])
    depth = cv2.resize(coarse[..., 0], (GRID, GRID), interpolation=cv2.INTER_LINEAR)
    sigma = _RELIEF_BLUR * head.height * GRID / size
    depth = cv2.GaussianBlur(np.minimum(depth, level), (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    slope = max(float(np.abs(part).max()) for part in np.gradient(depth, size / GRID))
    depth = level + np.clip(_STEEPEST / slope, 1, _DEEPEST) * (depth - level)
    pivot = np.array([*(landmarks[EAR_LEFT, :2] + landmarks[EAR_RIGHT, :2]) / 2, level])
    pivot += head.axes[1] * _PIVOT_DOWN * head.height + np.array([0, 0, _PIVOT_BACK * head.height])
    follow = smoothstep(np.minimum(points, size - 1 - points) / (0.3 * size)).prod(-1)
    solid = np.concatenate([points - pivot[:2], (depth - pivot[2])[..., None], np.ones((*depth.shape, 1))], axis=-1)
    return np.ascontiguousarray(solid * follow[..., None], np.float32), pivot
