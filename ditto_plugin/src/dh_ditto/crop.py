"""Where a face's crop lies: an upright square around landmarks, with the lips below the eyes.

The geometry is LivePortrait's (Guo et al. 2024, arXiv:2407.03168), which Ditto registers its sources with. Matrices are
[3,3] float32 and act on column vectors (x, y, 1) in pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dh

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Layout:
    """Which points of a landmark set outline the eyes, in the set's order, and the two corners of the mouth."""

    first_eye: tuple[int, ...]
    second_eye: tuple[int, ...]
    mouth: tuple[int, int]


LAYOUTS: Mapping[int, Layout] = {
    5: Layout((0,), (1,), (3, 4)),
    9: Layout((2, 3), (0, 1), (5, 6)),
    68: Layout((36, 39), (42, 45), (48, 54)),
    101: Layout((39, 42, 45, 48), (51, 54, 57, 60), (75, 81)),
    106: Layout((33, 35, 40, 39), (87, 89, 94, 93), (52, 61)),
    203: Layout((0, 6, 12, 18), (24, 30, 36, 42), (48, 66)),
}
"""By number of points. A set of more than 101 points that is not listed is taken to begin with the 101."""

_LEAST_LENGTH = 1e-3
"""Pixels between eyes and lips below which a face has no direction of its own."""


@dataclass(frozen=True)
class CropOptions:
    """How a crop is cut.

    Args:
        size: side of the crop in its own pixels.
        scale: side of the square, as a multiple of the longer side of the box around the landmarks.
        vx_ratio: shift of its centre to the face's side, as a share of its side.
        vy_ratio: shift downwards, from the eyes to the lips.
        rotate: whether to turn the face upright.
        reference_defects: ignore ``vx_ratio``, as the published code does.
    """

    size: int = 512
    scale: float = 2.3
    vx_ratio: float = 0.0
    vy_ratio: float = -0.125
    rotate: bool = True
    reference_defects: bool = False


@dataclass(frozen=True, eq=False)
class CropPoints:
    """What a crop is laid around.

    Args:
        outline: [n,2], all of them lie in the box.
        axis: [2,2], centre of the eyes and centre of the lips: the face's own vertical.
    """

    outline: Array
    axis: Array

    @classmethod
    def of(cls, landmarks: Array, *, use_lips: bool = True) -> CropPoints:
        """Reads a landmark set whose layout its number of points tells.

        Args:
            landmarks: [n, 2 or more], n = 5, 9, 68, 101, 106, 203, or another number above 101.
            use_lips: False takes the vertical from the line through both eyes.

        Raises:
            InputError: no layout of that many points is known.
        """
        points = np.asarray(landmarks)[:, :2]
        layout = LAYOUTS.get(len(points)) or (LAYOUTS[101] if len(points) > 101 else None)
        if layout is None:
            known = ", ".join(map(str, LAYOUTS))
            raise dh.InputError(f"{len(points)} face landmarks: the layout is not known; give {known} or more than 101")
        first, second = points[list(layout.first_eye)].mean(0), points[list(layout.second_eye)].mean(0)
        if use_lips:
            axis = np.stack([(first + second) / 2, points[list(layout.mouth)].mean(0)])
        else:
            across = second - first
            axis = np.stack([first, first + np.array([-across[1], across[0]])])
        return cls(points, axis)


@dataclass(frozen=True)
class Rectangle:
    """A square: centre (x, y) and side in pixels, angle in radians (> 0: turned clockwise on the screen)."""

    x: float
    y: float
    side: float
    angle: float


@dataclass(frozen=True, eq=False)
class CropMatrices:
    """From the original to the crop (``o2c``) and back (``c2o``), [3,3] float32 each."""

    o2c: NDArray[np.float32]
    c2o: NDArray[np.float32]


def rectangle(points: CropPoints, *, scale: float, vx_ratio: float = 0.0, vy_ratio: float = 0.0) -> Rectangle:
    """The square around the landmarks, along the face's own axes; see ``CropOptions`` for the arguments."""
    eyes, lips = np.asarray(points.axis, np.float64)
    down = lips - eyes
    length = float(np.linalg.norm(down))
    down = np.array([0.0, 1.0]) if length < _LEAST_LENGTH else down / length
    right = np.array([down[1], -down[0]])
    angle = float(np.arctan2(right[1], right[0]))

    outline = np.asarray(points.outline, np.float64)
    mean = outline.mean(0)
    axes = np.stack([right, down])
    inside = (outline - mean) @ axes.T
    low, high = inside.min(0), inside.max(0)
    side = scale * float((high - low).max())
    x, y = mean + ((low + high) / 2 + side * np.array([vx_ratio, vy_ratio])) @ axes
    return Rectangle(float(x), float(y), side, angle)


def crop_matrices(points: CropPoints, options: CropOptions) -> CropMatrices:
    """The similarity that takes the square around the landmarks to the crop."""
    vx_ratio = 0.0 if options.reference_defects else options.vx_ratio
    square = rectangle(points, scale=options.scale, vx_ratio=vx_ratio, vy_ratio=options.vy_ratio)
    angle = square.angle if options.rotate else 0.0
    zoom = options.size / square.side
    cosine, sine = zoom * np.cos(angle), zoom * np.sin(angle)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    exact = np.eye(3)
    exact[:2, :2] = turn
    exact[:2, 2] = options.size / 2 - turn @ [square.x, square.y]
    o2c = exact.astype(np.float32)
    return CropMatrices(o2c, np.linalg.inv(o2c).astype(np.float32))


def apply(matrix: Array, points: Array) -> NDArray[np.float32]:
    """Maps points [..., 2 or 3] by a similarity [3,3]; a depth grows with the picture."""
    points = np.asarray(points, np.float64)
    mapped = points[..., :2] @ matrix[:2, :2].T + matrix[:2, 2]
    if points.shape[-1] > 2:
        mapped = np.concatenate([mapped, points[..., 2:] * np.hypot(matrix[0, 0], matrix[1, 0])], axis=-1)
    return np.asarray(mapped, np.float32)
