"""Networks as TensorRT engines, with PyTorch's CUDA tensors as their buffers.

Written to NVIDIA's documented interface of TensorRT 10 and later; no test runs it where there is no NVIDIA GPU.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import dh
from dh_ditto.backends.cache import keep
from dh_ditto.backends.plug_in_nodes import PLUG_IN, rewrite
from dh_ditto.weights.extras import require

if TYPE_CHECKING:
    from torch import Tensor

_SPEECH_SHAPES = ((1, 3240), (1, 6480), (1, 12960))
"""Least, usual and greatest shape of the only input of varying size: speech, in samples."""


class Engine:
    """One network, loaded.

    Args:
        plan: the serialised engine.
        path: of its file, for messages.
        device: "cuda" or "cuda:1".

    Raises:
        InputError: this TensorRT or this GPU cannot run it.
    """

    def __init__(self, plan: bytes, path: Path, device: str) -> None:
        torch, trt = require("torch"), require("tensorrt")
        self._device = torch.device(device)
        types = {
            trt.DataType.FLOAT: torch.float32,
            trt.DataType.HALF: torch.float16,
            trt.DataType.INT32: torch.int32,
            trt.DataType.INT64: torch.int64,
        }
        with torch.cuda.device(self._device):
            self._runtime = trt.Runtime(_logger(trt))  # the engine must not outlive it
            engine = self._runtime.deserialize_cuda_engine(plan)
            if engine is None:
                raise dh.InputError(
                    f"{path}: TensorRT {trt.__version__} on this GPU does not take this engine; export ONNX with "
                    "'dh export', from which an engine for this machine is built"
                )
            self._context = engine.create_execution_context()
        names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
        self._types = {name: types[engine.get_tensor_dtype(name)] for name in names}
        self.outputs = [name for name in names if engine.get_tensor_mode(name) == trt.TensorIOMode.OUTPUT]

    def __call__(self, **inputs: Tensor) -> dict[str, Tensor]:
        """Outputs by name, on the device; floats as float32."""
        import torch

        with torch.cuda.device(self._device):
            held = []  # buffers must live until the work is queued; the allocator then keeps the stream's order
            for name, value in inputs.items():
                buffer = value.to(self._device, self._types[name]).contiguous()
                self._context.set_input_shape(name, tuple(buffer.shape))
                self._context.set_tensor_address(name, buffer.data_ptr())
                held.append(buffer)
            outputs = {}
            for name in self.outputs:
                shape = tuple(self._context.get_tensor_shape(name))
                outputs[name] = torch.empty(shape, dtype=self._types[name], device=self._device)
                self._context.set_tensor_address(name, outputs[name].data_ptr())
            if not self._context.execute_async_v3(torch.cuda.current_stream().cuda_stream):
                raise dh.MethodError("TensorRT could not run a network; use backend=torch")
        return {name: value.float() for name, value in outputs.items()}


def build(path: Path, cache: Path, label: str, device: str) -> bytes:
    """The engine of an ONNX file for this GPU and this TensorRT: from the cache, else built, which takes minutes.

    The file's own types decide the arithmetic (a strongly typed network): half precision is exported, not asked for.

    Args:
        path: ONNX file.
        cache: folder of built engines.
        label: names the network and its weights.
        device: "cuda" or "cuda:1".

    Raises:
        InputError: TensorRT cannot read or build the network.
    """
    torch, trt = require("torch"), require("tensorrt")
    major, minor = torch.cuda.get_device_capability(device)
    gpu = re.sub(r"[^A-Za-z0-9]+", "-", torch.cuda.get_device_name(device))
    kept = cache / f"{label}-{gpu}-sm{major}{minor}-trt{trt.__version__}.engine"
    if kept.is_file():
        return kept.read_bytes()
    builder = trt.Builder(_logger(trt))
    # From TensorRT 11 on there is no other kind, and no flag to ask for it.
    strongly_typed = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    network = builder.create_network(0 if strongly_typed is None else 1 << int(strongly_typed))
    parser = trt.OnnxParser(network, _logger(trt))
    content = path.read_bytes()
    if not parser.parse(rewrite(path) if PLUG_IN.encode() in content else content):
        raise dh.InputError(f"{path}: TensorRT cannot read it ({parser.get_error(0).desc()}); use backend=torch")
    config = builder.create_builder_config()
    profile = builder.create_optimization_profile()
    for i in range(network.num_inputs):
        if -1 in tuple(network.get_input(i).shape):
            profile.set_shape(network.get_input(i).name, *_SPEECH_SHAPES)
    config.add_optimization_profile(profile)
    with torch.cuda.device(device):
        built = builder.build_serialized_network(network, config)
    if built is None:
        raise dh.InputError(f"{path}: TensorRT {trt.__version__} cannot build it for this GPU; use backend=torch")
    plan = bytes(built)
    keep(plan, kept)
    return plan


def to_device(values: NDArray[Any], device: str) -> Tensor:
    """An array on the GPU."""
    tensor: Tensor = require("torch").from_numpy(np.require(values, requirements=("C", "W"))).to(device)
    return tensor


def to_numpy(values: Tensor) -> NDArray[np.float32]:
    """A tensor as float32 on the host."""
    array: NDArray[np.float32] = values.float().cpu().numpy()
    return array


def _logger(trt: Any) -> Any:
    return trt.Logger(trt.Logger.ERROR)
