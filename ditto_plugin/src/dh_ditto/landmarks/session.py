"""The networks that find faces, as plain functions from one picture to their outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

import dh

Array = NDArray[np.float32]
Session = Callable[[Array], Sequence[Array]]
"""Takes a network's only input and gives all its outputs, in the file's order; an ``OnnxSession`` is one."""


def of_size(outputs: Sequence[Array], size: int, network: str) -> Array:
    """The output that has ``size`` values, flattened: files of one network differ in how many others they give.

    Raises:
        InputError: none has.
    """
    for output in outputs:
        if np.size(output) == size:
            return np.asarray(output, np.float32).reshape(-1)
    shapes = ", ".join(str(tuple(np.shape(output))) for output in outputs)
    raise dh.InputError(f"{network}: no output of {size} values among {shapes}; give the published file")
