"""What one face does, from its landmarks: openings, gaze, brows, mouth corners and the head's motion.

Landmarks are (478, 3) in pixels, x right, y down, z away from the camera, as ``FaceLandmarker`` finds them. Lengths are
shares of the face's height or of an eye's width, so that pictures of any size compare.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dh_face_mesh.crop import head_of
from dh_face_mesh.topology import (
    BROW_LOWER,
    EAR_LEFT,
    EAR_RIGHT,
    INNER_LOWER,
    INNER_UPPER,
    IRIS,
    LOWER_LID,
    UPPER_LID,
    UPPER_LIP,
)

Array = NDArray[np.float64]

SIDES = ("Left", "Right")
"""The person's own: the left eye lies on the image's right."""

_NOSE_BASE = 2
_MOUTH_CORNERS = (UPPER_LIP[0][0], UPPER_LIP[0][-1])


def _lid_corners(side: str) -> tuple[int, int]:
    return UPPER_LID[side][0], UPPER_LID[side][-1]


RIGID = (1, 4, 5, 6, 168, 195, 197, *_lid_corners("Right"), *_lid_corners("Left"), 127, 356, EAR_RIGHT, EAR_LEFT)
"""Landmarks that neither speech nor blinks move: the nose's ridge, eye corners and the face's sides."""


@dataclass(frozen=True)
class HeadMotion:
    """How a head has moved since another picture of it, with the signs of the ``arkit`` motion space.

    Args:
        pitch, yaw, roll: degrees.
        x, y: to the image's right and up, in face heights.
        scale: factor of its size.
    """

    pitch: float
    yaw: float
    roll: float
    x: float
    y: float
    scale: float


def mouth_opening(landmarks: Array) -> float:
    """Gap between the inner lips at the middle third of the mouth, in face heights."""
    middle = slice(len(INNER_UPPER) // 2 - 1, len(INNER_UPPER) // 2 + 2)
    upper, lower = (landmarks[list(row[middle]), :2] for row in (INNER_UPPER, INNER_LOWER))
    return float(np.linalg.norm(upper - lower, axis=1).mean() / head_of(landmarks).height)


def mouth_width(landmarks: Array) -> float:
    """Distance of the mouth's outer corners in face heights."""
    left, right = landmarks[list(_MOUTH_CORNERS), :2]
    return float(np.linalg.norm(right - left) / head_of(landmarks).height)


def mouth_corner_height(landmarks: Array) -> float:
    """Height of the mouth's corners, relative to the nose's base, in face heights; larger for a smile, below 0."""
    return _up(landmarks, landmarks[list(_MOUTH_CORNERS)].mean(0) - landmarks[_NOSE_BASE])


def eye_openings(landmarks: Array) -> tuple[float, float]:
    """Gap between the lids at the middle of the left and of the right eye, in that eye's widths."""
    left, right = (_eye_opening(landmarks, side) for side in SIDES)
    return left, right


def _eye_opening(landmarks: Array, side: str) -> float:
    upper, lower = UPPER_LID[side], LOWER_LID[side]
    middle = slice(len(upper) // 2 - 1, len(upper) // 2 + 2)
    gaps = np.linalg.norm(landmarks[list(upper[middle]), :2] - landmarks[list(lower[middle]), :2], axis=1)
    return float(gaps.mean() / np.linalg.norm(landmarks[upper[0], :2] - landmarks[upper[-1], :2]))


def gaze(landmarks: Array) -> tuple[float, float]:
    """Where the irises stand between their eyes' corners: to the image's right and up, in eye widths, mean of both."""
    offsets = []
    for side in SIDES:
        first, last = landmarks[list(_lid_corners(side)), :2]
        along = last - first
        offset = landmarks[IRIS[side][0], :2] - (first + last) / 2
        offsets.append([offset @ along, offset @ [along[1], -along[0]]] / (along @ along))
    x, y = np.mean(offsets, axis=0)
    return float(x), float(y)


def brow_heights(landmarks: Array) -> tuple[float, float]:
    """Height of the left and of the right brow above the corners of its eye, in face heights."""
    left, right = (
        _up(landmarks, landmarks[list(BROW_LOWER[side])].mean(0) - landmarks[list(_lid_corners(side))].mean(0))
        for side in SIDES
    )
    return left, right


def _up(landmarks: Array, vector: Array) -> float:
    head = head_of(landmarks)
    return float(-vector[:2] @ head.axes[1, :2] / head.height)


def head_motion(landmarks: Array, rest: Array) -> HeadMotion:
    """The similarity that brings the rigid part of a face at rest to where it is (Umeyama 1991).

    Args:
        landmarks: of the picture.
        rest: of the same face before it moved.
    """
    moved, still = landmarks[list(RIGID)], rest[list(RIGID)]
    a, b = moved - moved.mean(0), still - still.mean(0)
    left, values, right = np.linalg.svd(a.T @ b)
    signs = np.array([1, 1, np.sign(np.linalg.det(left @ right))])
    turn = left @ np.diag(signs) @ right
    x, y = (moved.mean(0) - still.mean(0))[:2] / head_of(rest).height
    pitch, yaw, roll = head_angles(turn)
    return HeadMotion(pitch, yaw, roll, float(x), float(-y), float((values * signs).sum() / (b**2).sum()))


def head_angles(turn: Array) -> tuple[float, float, float]:
    """Pitch, yaw and roll in degrees of a rotation matrix (3, 3), as ``pose.rotation`` composes them."""
    pitch = np.degrees(np.arctan2(-turn[2, 1], turn[2, 2]))
    yaw = np.degrees(np.arcsin(np.clip(turn[2, 0], -1, 1)))
    roll = np.degrees(np.arctan2(turn[1, 0], turn[0, 0]))
    return float(pitch), float(yaw), float(roll)
