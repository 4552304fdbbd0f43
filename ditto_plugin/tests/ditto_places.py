"""Where the tests of pasting back put a render into a frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def matrix(scale: float, turn: float, x: float, y: float) -> NDArray[np.float32]:
    """From a render's pixels to a frame's, (3, 3): scaled, turned by radians, moved."""
    cosine, sine = scale * np.cos(turn), scale * np.sin(turn)
    return np.array([[cosine, -sine, x], [sine, cosine, y], [0, 0, 1]], np.float32)


PLACES = {
    "inside": matrix(0.8, 0.3, 40, 10),
    "same size": matrix(1, 0, 20, 8),
    "over the left edge": matrix(1.1, -0.4, -30, 25),
    "over the right edge": matrix(1.3, 0.7, 110, 15),
    "larger than the frame": matrix(4, 0.1, -60, -70),
    "beside the frame": matrix(0.5, 0, 300, 10),
}
"""In a frame of 150x96."""
