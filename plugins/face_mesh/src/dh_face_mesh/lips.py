"""The source's own lips: how far they are apart, and the shape that closes them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dh_face_mesh import shapes
from dh_face_mesh.crop import Head
from dh_face_mesh.shape_table import REGIONS
from dh_face_mesh.topology import INNER_LOWER, INNER_UPPER, LOWER_LIP, UPPER_LIP

Array = NDArray[np.float64]

CLOSED = 0.012
"""A gap below this share of the face's height counts as closed lips: landmarks are no more exact than that."""

OVERLAP = 0.010
"""How much further than their contours open lips are closed, in face heights: it hides the teeth's bright rim."""

_UPPER_SHARE = 0.5
"""Share of an own gap that the upper lip closes; a smile draws it up about as far as it draws the lower one down."""

_RELAX_IN, _RELAX_DOWN = 0.22, 0.16
"""How far a grin's corners relax inwards and downwards, as shares of its gap."""


def own_gap(landmarks: Array, head: Head) -> Array:
    """Distance between the inner contours, along the head's down axis, in pixels: (11,), 0 at the corners."""
    difference = landmarks[list(INNER_LOWER)] - landmarks[list(INNER_UPPER)]
    gap = np.maximum(difference[:, :2] @ head.axes[1, :2], 0.0)
    gap[[0, -1]] = 0
    return np.asarray(gap)


def is_open(gap: Array, head: Head) -> bool:
    """Whether a source shows what is behind its lips."""
    return bool(gap.max() > CLOSED * head.height)


def closing_shape(landmarks: Array, head: Head, gap: Array) -> Array:
    """Displacement of landmarks that closes a gap between the lips: (478, 2).

    The inner contours meet, the outer ones follow in part, and the jaw comes up a little; a grin's corners relax.

    Args:
        landmarks: (478, 3) in pixels.
        head: their pose.
        gap: (11,), as from ``own_gap``.
    """
    moved = np.zeros((len(landmarks), 2))
    gap = gap.copy()
    down, right = head.axes[1, :2], head.axes[0, :2]
    widest = gap.max()
    inside = gap > 0
    gap[inside] += OVERLAP * head.height * np.minimum(1, gap[inside] / (CLOSED * head.height))
    for ring, follow in zip(range(3), (0.62, 0.85, 1.0), strict=True):
        for row, share in ((UPPER_LIP[ring], _UPPER_SHARE), (LOWER_LIP[ring], _UPPER_SHARE - 1)):
            moved[list(row)] += (share * follow * gap)[:, None] * down
    jaw = {
        "chin": 0.14,
        "chin_side": 0.12,
        "under_lip": 0.22,
        "jaw_front": 0.10,
        "jaw_middle": 0.06,
        "beside_chin": 0.16,
    }
    for region, share in jaw.items():
        for group in REGIONS[region]:
            moved[list(group)] -= share * widest * down
    for index, position in shapes.lip_positions(landmarks, head.axes[0]).items():
        relax = _RELAX_DOWN * (1 - float(shapes.arch(np.array(position))))
        moved[index] += widest * (relax * down - _RELAX_IN * position * right)
    for region, part in (("mouth_side", 0.8), ("below_corner", 0.5), ("nasolabial", 0.5)):
        for group, side in zip(REGIONS[region], (0, -1, 1), strict=True):
            moved[list(group)] += part * widest * (_RELAX_DOWN * down - _RELAX_IN * side * right)
    return moved
