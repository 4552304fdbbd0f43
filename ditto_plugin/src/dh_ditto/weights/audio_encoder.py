"""An untrained stand-in for the speech encoder: HuBERT's inputs, outputs and strides, in a small file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dh_ditto.weights.extras import require
from dh_ditto.weights.untrained import seeded_tensor

KERNELS = (10, 3, 3, 3, 3, 2, 2)
STRIDES = (5, 2, 2, 2, 2, 2, 2)
"""Of HuBERT's convolutions (Hsu et al. 2021, arXiv:2106.07447): a row sees 400 samples and the next begins 320 on."""

ROW_SIZE = 1024
_CHANNELS = 32
_OPSET = 17


def write_audio_encoder(path: Path, seed: int) -> None:
    """Writes an ONNX graph from input_values [1,n], 16 kHz speech, to encoding_out [(n-400)//320 + 1, 1024].

    Raises:
        ExtraMissing: the onnx package is not installed.
    """
    onnx = require("onnx")
    from onnx import helper, numpy_helper

    nodes = [helper.make_node("Unsqueeze", ["input_values", "axis_1"], ["samples"])]
    tensors: dict[str, NDArray[Any]] = {"axis_0": np.array([0], np.int64), "axis_1": np.array([1], np.int64)}
    current, channels = "samples", 1
    for i, (kernel, stride) in enumerate(zip(KERNELS, STRIDES, strict=True)):
        name = f"conv_{i}"
        tensors[f"{name}.weight"] = seeded_tensor(f"audio.{name}.weight", (_CHANNELS, channels, kernel), seed)
        nodes += [
            helper.make_node("Conv", [current, f"{name}.weight"], [name], strides=[stride]),
            helper.make_node("Tanh", [name], [f"{name}.tanh"]),
        ]
        current, channels = f"{name}.tanh", _CHANNELS
    tensors["projection"] = seeded_tensor("audio.projection", (ROW_SIZE, _CHANNELS), seed).T.copy()
    nodes += [
        helper.make_node("Transpose", [current], ["rows"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["rows", "projection"], ["projected"]),
        helper.make_node("Squeeze", ["projected", "axis_0"], ["encoding_out"]),
    ]
    graph = helper.make_graph(
        nodes,
        "untrained_audio_encoder",
        [helper.make_tensor_value_info("input_values", onnx.TensorProto.FLOAT, [1, "samples"])],
        [helper.make_tensor_value_info("encoding_out", onnx.TensorProto.FLOAT, ["rows", ROW_SIZE])],
        [numpy_helper.from_array(values, name) for name, values in tensors.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
