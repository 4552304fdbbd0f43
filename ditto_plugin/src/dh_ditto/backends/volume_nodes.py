"""Trilinear sampling of volumes as ONNX nodes that every runtime has.

The numbers are those of ``torch.nn.functional.grid_sample`` with zeros outside and unaligned corners.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FLOAT, _INT64 = 1, 7


def sampling_nodes(volume: str, grid: str, sampled: str, prefix: str) -> list[Any]:
    """Nodes, for opset 11 and later, that sample a volume; sizes are read from the volume as the graph runs.

    Args:
        volume: name of a float32 value [n,c,d,h,w].
        grid: of x, y, z [n,d',h',w',3]; -1 and 1 are the outer edges of the outermost voxels.
        sampled: of the result, [n,c,d',h',w'].
        prefix: of all names in between.
    """
    make = _Nodes(prefix)
    one, half = make.number(1), make.number(0.5)

    # With a voxel of zeros before and two behind, every position is clamped into reach and none needs a test.
    padded = make("Pad", volume, make.integers(0, 0, 1, 1, 1, 0, 0, 2, 2, 2))
    voxels = make("Transpose", padded, perm=[0, 2, 3, 4, 1])
    padded_shape = make("Shape", voxels)
    channels = make("Gather", padded_shape, make.integers(4))
    rows_shape = make("Concat", make.integers(-1), channels, axis=0)
    rows = make("Reshape", voxels, rows_shape)
    batch, depth, height, width = (make("Gather", padded_shape, make.integer(i)) for i in range(4))

    sizes = make("Cast", make("Gather", make("Shape", volume), make.integers(2, 3, 4)), to=_FLOAT)
    coordinates = make("Gather", grid, make.integers(2, 1, 0), axis=-1)  # z, y, x
    scaled = make("Mul", make("Add", coordinates, one), make("Mul", sizes, half))
    reach = make("Min", make("Add", scaled, half), make("Add", sizes, one))
    position = make("Max", reach, make.number(0))
    first = make("Floor", position)
    upper = make("Sub", position, first)
    lower = make("Sub", one, upper)
    cell = make("Cast", first, to=_INT64)

    start, step = make.integer(0), make.integer(1)
    index = make("Reshape", make("Range", start, batch, step), make.integers(-1, 1, 1, 1))
    for axis, size in enumerate((depth, height, width)):
        along = make("Gather", cell, make.integer(axis), axis=-1)
        index = make("Add", make("Mul", index, size), along)
    strides = make("Mul", height, width), width, step
    shares = [[make("Gather", share, make.integers(axis), axis=-1) for share in (lower, upper)] for axis in range(3)]
    total = ""
    for corner in itertools.product((0, 1), repeat=3):
        at, share = index, one
        for axis, side in enumerate(corner):
            at = make("Add", at, strides[axis]) if side else at
            share = make("Mul", share, shares[axis][side])
        part = make("Mul", make("Gather", rows, at), share)
        total = make("Add", total, part) if total else part
    make("Transpose", total, perm=[0, 4, 1, 2, 3], output=sampled)
    return make.nodes


class _Nodes:
    """Collects nodes; each call adds one and gives the name of its result."""

    def __init__(self, prefix: str) -> None:
        from onnx import helper, numpy_helper

        self._make, self._tensor, self._prefix = helper.make_node, numpy_helper.from_array, prefix
        self.nodes: list[Any] = []

    def __call__(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"{self._prefix}/{len(self.nodes)}"
        self.nodes.append(self._make(operator, inputs, [output], output, **attributes))
        return output

    def number(self, value: float) -> str:
        return self._constant(np.array(value, np.float32))

    def integer(self, value: int) -> str:
        return self._constant(np.array(value, np.int64))

    def integers(self, *values: int) -> str:
        return self._constant(np.array(values, np.int64))

    def _constant(self, value: NDArray[Any]) -> str:
        return self("Constant", value=self._tensor(value))
