"""A network in an ONNX file, from one picture to one vector."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import dh
from dh_metrics.learned.weights import require

Array = NDArray[np.float32]


class OnnxEmbedder:
    """Runs an embedding network on the CPU.

    Args:
        metric: its name, for messages.
        path: of the ONNX file, with one input (1, 3, side, side) and one output (1, dimensions).
        side: of the input in pixels.

    Raises:
        ExtraMissing: ONNX Runtime is not installed.
        CheckpointMissing: the file is damaged.
        InputError: it is another network.
    """

    def __init__(self, metric: str, path: Path, side: int) -> None:
        onnxruntime = require(metric, "onnxruntime")
        try:
            self._session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        except Exception as error:  # each of its errors has a type of its own
            raise dh.CheckpointMissing(f"{path}: damaged or no ONNX file; pull the checkpoint again") from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1 or list(inputs[0].shape[1:]) != [3, side, side]:
            shapes = ", ".join(str(list(entry.shape)) for entry in inputs)
            raise dh.InputError(f"{path}: takes {shapes}, not [1, 3, {side}, {side}]; give the published file")
        self._input = inputs[0].name

    def __call__(self, picture: Array) -> Array:
        """The embedding of a picture (3, side, side), scaled to length 1: (dimensions,)."""
        vector = np.asarray(self._session.run(None, {self._input: picture[None]})[0], np.float32).ravel()
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)
