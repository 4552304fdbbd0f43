"""Faces turned, scaled and moved to where a network expects them, by five points."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from dh_face_mesh.topology import IRIS, UPPER_LIP

Image = NDArray[np.uint8]
Array = NDArray[np.float64]

_NOSE_TIP = 1
_MOUTH_CORNERS = (UPPER_LIP[0][0], UPPER_LIP[0][-1])

IDENTITY_SIDE = 112
_IDENTITY = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
"""Where ArcFace and SFace expect the five points on 112 x 112 pixels (Deng et al. 2019, arXiv:1801.07698)."""

RECONSTRUCTION_SIDE = 224
_RECONSTRUCTION_SCALE = 102.0
_STANDARD_FACE = np.array(
    [
        [-0.31148657, 0.29036078, 0.13377953],
        [0.30979887, 0.28972037, 0.13179526],
        [0.0032535, -0.04617932, 0.55244243],
        [-0.25216928, -0.38133916, 0.22405732],
        [0.24846619, -0.38128236, 0.22235769],
    ]
)
"""The five points on Deep3DFaceRecon's mean face: x to the image's right, y up, z towards the camera."""


def five_points(landmarks: NDArray[np.floating]) -> Array:
    """Centres of the eyes, tip of the nose and corners of the mouth, (5, 2) in pixels.

    Eyes and corners run from the image's left to its right.

    Args:
        landmarks: of MediaPipe's 478-point face mesh, (478, 2 or 3) in pixels.
    """
    eyes = [landmarks[list(IRIS[side]), :2].mean(0) for side in ("Right", "Left")]
    return np.array([*eyes, landmarks[_NOSE_TIP, :2], *landmarks[list(_MOUTH_CORNERS), :2]], np.float64)


def similarity(points: Array, targets: Array) -> Array:
    """The turn, scale and shift that brings points nearest to targets in the least squares: (2, 3), acts on (x, y, 1).

    Umeyama 1991, here in complex numbers. Both are (n, 2).
    """
    source, target = (p[:, 0] + 1j * p[:, 1] for p in (points, targets))
    centred = source - source.mean()
    factor = np.vdot(centred, target - target.mean()) / np.vdot(centred, centred)
    shift = target.mean() - factor * source.mean()
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


def identity_face(image: Image, landmarks: NDArray[np.floating]) -> Image:
    """A face as face recognition expects it: uint8 RGB (112, 112, 3); black beyond the picture's edge."""
    matrix = similarity(five_points(landmarks), _IDENTITY)
    return warped(image, matrix, IDENTITY_SIDE)


def reconstruction_face(image: Image, landmarks: NDArray[np.floating]) -> Image:
    """A face as Deep3DFaceRecon expects it: upright as in the picture, scaled and moved; uint8 RGB (224, 224, 3).

    Scale and place are those of the weak-perspective fit of the mean face to the five points.
    """
    points = five_points(landmarks)
    upwards = points * [1, -1]
    fit, *_ = np.linalg.lstsq(np.column_stack([_STANDARD_FACE, np.ones(5)]), upwards, rcond=None)
    size = np.linalg.norm(fit[:3], axis=0).mean()
    centre = fit[3] * [1, -1]
    scale = _RECONSTRUCTION_SCALE / size
    shift = RECONSTRUCTION_SIDE / 2 - scale * centre
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    return warped(image, matrix, RECONSTRUCTION_SIDE)


def warped(image: Image, matrix: Array, side: int, *, beyond: int = 0) -> Image:
    """The square of a picture that a matrix brings to (side, side); averaged where it shrinks.

    Args:
        image: uint8, (h, w, 3).
        matrix: (2, 3), from pixels of the picture to pixels of the square.
        side: of the square in pixels.
        beyond: grey value outside the picture.
    """
    shrink = float(np.hypot(*matrix[:, 0]))
    if shrink < 0.5:  # bilinear sampling would skip pixels
        size = (max(1, round(image.shape[1] * shrink)), max(1, round(image.shape[0] * shrink)))
        ratio = np.array([size[0] / image.shape[1], size[1] / image.shape[0]])
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        # Pixel centres: x of the small picture is (x + 1/2) ratio - 1/2 of the large one.
        matrix = np.column_stack([matrix[:, :2] / ratio, matrix[:, 2] + matrix[:, :2] @ (0.5 / ratio - 0.5)])
    square = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR, borderValue=(beyond,) * 3)
    return np.asarray(square, np.uint8)
