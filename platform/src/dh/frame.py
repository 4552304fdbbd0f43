"""One rendered frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture with its place in time.

    Args:
        image: uint8 RGB of shape (height, width, 3).
        index: frame number since the start of the run, from 0.
        time: presentation time in seconds.

    Raises:
        ValueError: the image has another type or shape.
    """

    image: NDArray[np.uint8]
    index: int
    time: float

    def __post_init__(self) -> None:
        if self.image.dtype != np.uint8 or self.image.ndim != 3 or self.image.shape[2] != 3 or not self.image.size:
            raise ValueError(f"a frame is uint8 of shape (height, width, 3), not {self.image.dtype} {self.image.shape}")
