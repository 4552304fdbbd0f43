"""203 landmarks of an aligned crop, by LivePortrait's network (Guo et al. 2024), file ``landmark203.onnx``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dh_ditto.crop import apply
from dh_ditto.landmarks.session import Session, of_size

Array = NDArray[np.float32]
Image = NDArray[np.uint8]

SIDE = 224
POINTS = 203


class Landmark203:
    """Fits the landmarks.

    Args:
        session: the network, [1,3,224,224] of 0..1 to x and y of every point in 0..1.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, crop: Image, c2o: Array) -> Array:
        """Landmarks [203,2] in pixels of the picture.

        Args:
            crop: RGB [224,224,3].
            c2o: [3,3], from the crop to the picture.

        Raises:
            InputError: the network gives something else.
        """
        blob = np.ascontiguousarray(crop.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
        points = of_size(self._session(blob), 2 * POINTS, "landmark203").reshape(-1, 2) * SIDE
        return apply(c2o, points)
