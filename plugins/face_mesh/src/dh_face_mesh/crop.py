"""The aligned crop of a face, as talking-head systems cut it, and the head's own axes.

Pixel coordinates are those of pixel centres; an affine matrix is (2, 3) and acts on column vectors (x, y, 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dh_face_mesh.topology import CHIN, EAR_LEFT, EAR_RIGHT, FACE_OVAL, FOREHEAD_TOP

Array = NDArray[np.float64]

RISE = 0.04
"""The crop's centre lies this share of its side above the face's, to take in the hair."""


@dataclass(frozen=True, eq=False)
class Head:
    """Pose and size of a head on a picture.

    Args:
        axes: (3, 3), rows are unit vectors to the head's right (on the image), down and backwards, in coordinates
            x right, y down, z away from the camera.
        height: hairline to chin, in pixels.
        width: ear to ear, in pixels.
    """

    axes: Array
    height: float
    width: float

    @property
    def yaw(self) -> float:
        """How far the face is turned sideways, in degrees; positive towards the image's right."""
        return float(np.degrees(np.arctan2(-self.axes[2, 0], self.axes[2, 2])))


def head_of(landmarks: Array) -> Head:
    """Pose and size from face-mesh landmarks (478, 3) in pixels."""
    right = landmarks[EAR_LEFT] - landmarks[EAR_RIGHT]
    down = landmarks[CHIN] - landmarks[FOREHEAD_TOP]
    x = right / np.linalg.norm(right)
    y = down - (down @ x) * x
    y /= np.linalg.norm(y)
    return Head(np.stack([x, y, np.cross(x, y)]), float(np.linalg.norm(down)), float(np.linalg.norm(right)))


def crop_matrix(landmarks: Array, *, scale: float, size: int) -> Array:
    """Similarity from the picture to a square crop in which the face is upright.

    Args:
        landmarks: (478, 2 or more) in pixels of the picture.
        scale: the crop's side, as a multiple of the face's longer side.
        size: the crop's side in its own pixels.

    Returns:
        (2, 3).
    """
    down = landmarks[CHIN, :2] - landmarks[FOREHEAD_TOP, :2]
    right = landmarks[EAR_LEFT, :2] - landmarks[EAR_RIGHT, :2]
    axis = right / np.linalg.norm(right) + np.array([down[1], -down[0]]) / np.linalg.norm(down)
    cosine, sine = axis / np.linalg.norm(axis)
    rotation = np.array([[cosine, sine], [-sine, cosine]])
    oval = landmarks[list(FACE_OVAL), :2] @ rotation.T
    low, high = oval.min(0), oval.max(0)
    side = scale * float((high - low).max())
    centre = (low + high) / 2 - [0, RISE * side]
    factor = size / side
    return np.column_stack([rotation * factor, (size - 1) / 2 - centre * factor])


def apply(matrix: Array, points: Array) -> Array:
    """Maps points (..., 2 or 3); a depth scales along with the picture."""
    mapped = points[..., :2] @ matrix[:, :2].T + matrix[:, 2]
    if points.shape[-1] == 2:
        return np.asarray(mapped)
    return np.concatenate([mapped, points[..., 2:] * scale_of(matrix)], axis=-1)


def scale_of(matrix: Array) -> float:
    """Pixels of the target for a pixel of the origin."""
    return float(np.hypot(matrix[0, 0], matrix[1, 0]))


def inverse(matrix: Array) -> Array:
    """The matrix that undoes an affine one."""
    linear = np.linalg.inv(matrix[:, :2])
    return np.column_stack([linear, -linear @ matrix[:, 2]])


def compose(outer: Array, inner: Array) -> Array:
    """The matrix that does ``inner``, then ``outer``."""
    return np.column_stack([outer[:, :2] @ inner[:, :2], outer[:, :2] @ inner[:, 2] + outer[:, 2]])
