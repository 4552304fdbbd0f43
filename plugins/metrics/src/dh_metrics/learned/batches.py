"""Frames gathered into batches of tensors, so that memory does not grow with the video."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor


def image_batches(images: Iterable[NDArray[np.uint8]], size: int, device: str) -> Iterator[Tensor]:
    """Pictures of one size, ``size`` at a time: uint8 (n, 3, height, width) on the device; the last may be smaller."""
    import torch

    rest = iter(images)
    while batch := list(islice(rest, size)):
        yield torch.from_numpy(np.stack(batch)).to(device).permute(0, 3, 1, 2)
