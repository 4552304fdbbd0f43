"""478 landmarks of a face in a square crop: BlazeFace finds it, MediaPipe's FaceMesh fits the points.

Kartynnik et al. 2019 (arXiv:1907.06724); with irises, Grishchenko et al. 2020 (arXiv:2006.10962).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dh_ditto.eyes import MESH_POINTS
from dh_ditto.landmarks import blaze_face
from dh_ditto.landmarks.blaze_face import BlazeFace
from dh_ditto.landmarks.session import Session, of_size
from dh_ditto.sampling import warp

Array = NDArray[np.float32]
Image = NDArray[np.uint8]

SIDE = 256
_MARGIN = 1.5
"""Side of the region that the mesh network sees, as a multiple of the box's longer side."""


class Landmark478:
    """Fits the landmarks.

    Args:
        blaze_face: the detector network.
        face_mesh: the mesh network, [1,256,256,3] of 0..1 to x, y and z of every point in pixels of its input.
    """

    def __init__(self, blaze_face: Session, face_mesh: Session) -> None:
        self._detect = BlazeFace(blaze_face)
        self._mesh = face_mesh

    def __call__(self, image: Image) -> Array | None:
        """Landmarks [478,3] of the most certain face of an RGB picture, or None where there is no face.

        x is divided by the picture's width, y by its height, z (< 0 towards the camera) by its width.

        Raises:
            InputError: a network gives something else.
        """
        faces = self._detect(image)
        if not len(faces):
            return None
        height, width = image.shape[:2]
        region = _region(faces[0], width, height)
        crop = warp(image, region, SIDE, SIDE)
        blob = (np.asarray(crop, np.float32) / np.float32(255))[None]
        points = of_size(self._mesh(blob), MESH_POINTS * 3, "face_mesh").reshape(MESH_POINTS, 3).astype(np.float64)
        back = np.linalg.inv(region)
        flat = points[:, :2] @ back[:2, :2].T + back[:2, 2]
        depth = points[:, 2:] * np.hypot(back[0, 0], back[1, 0])
        return np.asarray(np.concatenate([flat, depth], axis=1) / [width, height, width], np.float32)


def _region(face: Array, width: int, height: int) -> NDArray[np.float64]:
    """[3,3], from the picture to the square around the face in which its eyes lie level."""
    size = np.array([width, height])
    low, high = face[:2] * size / blaze_face.SIDE, face[2:4] * size / blaze_face.SIDE
    side = _MARGIN * float((high - low).max())
    across = (face[6:8] - face[4:6]) * size
    angle = np.arctan2(across[1], across[0])
    cosine, sine = SIDE / side * np.cos(angle), SIDE / side * np.sin(angle)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    matrix = np.eye(3)
    matrix[:2, :2] = turn
    matrix[:2, 2] = SIDE / 2 - turn @ ((low + high) / 2)
    return matrix
