"""Where the crop lies on one frame: fields of the crop's grid brought to the frame's own pixels.

The face is never cut out and pasted: the fields are, so that the frame is resampled once, in its own resolution, and
a pixel that does not move keeps its exact value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from dh_face_mesh.crop import apply, inverse, scale_of
from dh_face_mesh.fields import GRID, WHOLE, Window, grid_points, smoothstep

Array = NDArray[np.float64]
Field = NDArray[np.float32]
Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are the first beyond it."""

_BORDER = 0.10
"""The face's motion fades out over this share of the crop towards the frame's border, where the frame cuts it."""


_STILL = 0.015
"""Displacement in crop pixels below which a pixel keeps its value: resampling counts in 32nds of a pixel."""


@dataclass(frozen=True, eq=False)
class Placement:
    """The crop on a frame.

    Args:
        matrix: (2, 3), frame to crop.
        inverse: (2, 3), crop to frame.
        cell: crop pixels per grid cell.
        box: left, top, right, bottom of the frame's pixels that the crop covers.
        positions: (box height, box width, 2), each pixel's own position on the frame.
        edge: (GRID, GRID, 1), how far motion is allowed so near to the frame's border; None where it always is.
    """

    matrix: Array
    inverse: Array
    cell: float
    box: Box
    positions: Field
    edge: Field | None

    @property
    def pitch(self) -> float:
        """Frame pixels per grid cell."""
        return self.cell / scale_of(self.matrix)

    @classmethod
    def of(cls, matrix: Array, size: int, width: int, height: int) -> Placement:
        """Of a crop of ``size`` pixels on a frame of ``width`` x ``height``."""
        back = inverse(matrix)
        corners = apply(back, np.array([[0, 0], [size, 0], [size, size], [0, size]]) - 0.5)
        left, top = np.maximum(np.floor(corners.min(0)).astype(int), 0)
        right, bottom = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, [width, height])
        positions = _pixels(width, height)[top:bottom, left:right]
        edge = None
        if corners.min() < 0 or (corners > [width - 1, height - 1]).any():
            on_frame = apply(back, grid_points(size))
            room = np.minimum(on_frame, [width - 1, height - 1] - on_frame) * scale_of(matrix) / size
            edge = smoothstep(room / _BORDER).prod(-1)[..., None].astype(np.float32)
        box = (int(left), int(top), int(right), int(bottom))
        return cls(matrix, back, size / GRID, box, positions, edge)

    def places(self, box: Box) -> Field:
        """Positions of the pixels of a rectangle within ``box``; a view."""
        left, top, _, _ = self.box
        return self.positions[box[1] - top : box[3] - top, box[0] - left : box[2] - left]

    def spread(self, field: Field, box: Box, window: Window = WHOLE) -> Field:
        """Displacements (crop pixels) of a window of the grid, as those of a rectangle of frame pixels; 0 beyond it."""
        left, top, right, bottom = box
        # First to a grid that is upright on the frame, then to its pixels: enlarging alone is much the faster.
        nodes = np.maximum(np.ceil(np.array([right - left, bottom - top]) / self.pitch).astype(int), 2)
        step = np.array([right - left, bottom - top]) / nodes
        linear = self.matrix[:, :2] / self.cell
        origin = linear @ (0.5 * step - 0.5 + [left, top]) + (self.matrix[:, 2] + 0.5) / self.cell - 0.5
        affine = np.column_stack([linear * step, origin - [window.left, window.top]])
        upright = cv2.warpAffine(
            cv2.transform(field, self.inverse[:, :2]),
            affine,
            nodes.tolist(),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        )
        return np.asarray(cv2.resize(upright, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR))

    def moving(self, field: Field) -> Box:
        """The frame's pixels, within ``box``, that a field on the whole grid moves by so much that it can be seen."""
        moves = (np.abs(field[..., 0]) > _STILL) | (np.abs(field[..., 1]) > _STILL)
        rows, columns = np.flatnonzero(moves.any(1)), np.flatnonzero(moves.any(0))
        if not len(rows):
            return (self.box[0], self.box[1], self.box[0], self.box[1])
        return self.rectangle(Window(int(rows[0]) - 1, int(rows[-1]) + 2, int(columns[0]) - 1, int(columns[-1]) + 2))

    def rectangle(self, window: Window) -> Box:
        """The frame's pixels, within ``box``, that lie between the points of a window of the grid."""
        ends = [(x, y) for x in (window.left, window.right - 1) for y in (window.top, window.bottom - 1)]
        corners = apply(self.inverse, (np.array(ends) + 0.5) * self.cell - 0.5)
        left, top = np.clip(np.floor(corners.min(0)).astype(int), self.box[:2], self.box[2:])
        right, bottom = np.clip(np.ceil(corners.max(0)).astype(int) + 1, self.box[:2], self.box[2:])
        return int(left), int(top), int(right), int(bottom)


@lru_cache(maxsize=2)
def _pixels(width: int, height: int) -> Field:
    """Each pixel's own position on a frame, (height, width, 2); kept, since a video's frames all need it."""
    rows, columns = np.indices((height, width), np.float32)
    return np.stack([columns, rows], axis=-1)


def union(boxes: Iterable[Box]) -> Box:
    """The smallest rectangle around all that are not empty; an empty one where all are."""
    boxes = list(boxes)
    lefts, tops, rights, bottoms = zip(
        *([box for box in boxes if box[2] > box[0] and box[3] > box[1]] or boxes[:1]), strict=True
    )
    return min(lefts), min(tops), max(rights), max(bottoms)


def intersection(a: Box, b: Box) -> Box:
    """What two rectangles share; empty where they do not meet."""
    left, top = max(a[0], b[0]), max(a[1], b[1])
    return left, top, max(left, min(a[2], b[2])), max(top, min(a[3], b[3]))
