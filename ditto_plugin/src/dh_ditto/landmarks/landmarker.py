"""What the tracker asks of a way to find landmarks."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dh_ditto.crop import CropPoints

Array = NDArray[np.floating[Any]]
Image = NDArray[np.uint8]


class Landmarker(Protocol):
    """Finds landmarks, [n, 2 or 3] in pixels of an RGB frame, in a layout of its own."""

    def faces(self, frame: Image) -> list[Array]:
        """Landmarks of every face, the largest first."""
        ...

    def follow(self, frame: Image, previous: Array) -> Array | None:
        """Landmarks of the face that was at ``previous`` one frame ago, or None where it is gone."""
        ...

    def crop_points(self, landmarks: Array) -> CropPoints:
        """What the crop is laid around."""
        ...

    def mesh(self, crop: Image, landmarks: Array, o2c: Array) -> Array | None:
        """The 478 points of the face in its crop.

        Args:
            crop: RGB [s,s,3], the frame under ``o2c``.
            landmarks: of the face, in pixels of the frame.
            o2c: [3,3], from the frame to the crop.

        Returns:
            [478,3] divided by the crop's side, z < 0 towards the camera; None where the crop shows no face.
        """
        ...
