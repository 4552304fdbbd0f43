"""Networks in ONNX Runtime."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import dh
from dh_ditto.backends.plug_in_nodes import PLUG_IN, kept, rewritten
from dh_ditto.motion import Array
from dh_ditto.weights.extras import require

_ERRORS_ONLY = 3


class OnnxSession:
    """One ONNX file, loaded at its first use. Tensors that go on to another session can stay on the device.

    Args:
        path: of the file. Nodes of TensorRT's plug-in that samples volumes are replaced by standard operators.
        device: "cpu", "cuda" or "cuda:1".
        threads: that compute on the CPU; None: one on each core.

    Raises:
        CheckpointMissing: at first use, as all of these: the file is not there, or damaged.
        InputError: ONNX Runtime cannot run it.
        DeviceMissing: there is no such device, or this ONNX Runtime cannot use it.
        ExtraMissing: ONNX Runtime is not installed.
    """

    def __init__(self, path: Path, device: str = "cpu", *, threads: int | None = None) -> None:
        self.path, self._device, self._threads = path, device, threads or available_cores()
        self._kind, _, index = device.partition(":")
        self._index = int(index or 0)

    @functools.cached_property
    def inputs(self) -> list[str]:
        """Names of the inputs, in the file's order."""
        return [value.name for value in self._session.get_inputs()]

    @functools.cached_property
    def outputs(self) -> list[str]:
        """Names of the outputs, in the file's order."""
        return [value.name for value in self._session.get_outputs()]

    def __call__(self, values: Array) -> list[Array]:
        """All outputs, in the file's order, of a network of one input.

        Raises:
            InputError: it has more inputs, or does not take this one.
        """
        if len(self.inputs) != 1:
            raise dh.InputError(
                f"{self.path}: a network of {len(self.inputs)} inputs, not the expected one; give the published file"
            )
        return list(self.run(**{self.inputs[0]: values}).values())

    def run(self, **inputs: Array | Any) -> dict[str, Array]:
        """Outputs by name, as NumPy; inputs are NumPy arrays or values of ``put`` and ``keep``."""
        return {name: value.numpy() for name, value in self._run(inputs, "cpu", 0).items()}

    def keep(self, **inputs: Array | Any) -> Any:
        """The first output, left on the device."""
        return self._run(inputs, self._kind, self._index)[self.outputs[0]]

    def put(self, values: Array) -> Any:
        """An array on the device."""
        value = require("onnxruntime").OrtValue
        return value.ortvalue_from_numpy(np.ascontiguousarray(values), self._kind, self._index)

    @functools.cached_property
    def _session(self) -> Any:
        session = _load(self.path, self._device, self._threads)
        if self._kind != "cpu" and session.get_providers()[0] == "CPUExecutionProvider":
            raise dh.DeviceMissing(
                f"device {self._device}: ONNX Runtime could not load its CUDA libraries; install those of its version, "
                "or use backend=torch or --device cpu"
            )
        return session

    def _run(self, inputs: Mapping[str, Any], kind: str, index: int) -> dict[str, Any]:
        binding = self._session.io_binding()
        for name, value in inputs.items():
            if isinstance(value, np.ndarray):
                binding.bind_cpu_input(name, np.ascontiguousarray(value))
            else:
                binding.bind_ortvalue_input(name, value)
        for name in self.outputs:
            binding.bind_output(name, kind, index)
        try:
            self._session.run_with_iobinding(binding)
        except Exception as error:
            raise dh.InputError(
                f"{self.path}: does not take these inputs ({dh.one_line(error, 160)}); give the published file"
            ) from error
        return dict(zip(self.outputs, binding.get_outputs(), strict=True))


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def has_cuda() -> bool:
    """Whether the installed ONNX Runtime was built for NVIDIA GPUs."""
    return "CUDAExecutionProvider" in require("onnxruntime").get_available_providers()


def _load(path: Path, device: str, threads: int) -> Any:
    if not path.is_file():
        raise dh.CheckpointMissing(f"{path}: no such file; pull or export it again")
    if not path.stat().st_size:
        raise _damaged(path)
    runtime = require("onnxruntime")
    providers, options = _providers(runtime, device), runtime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Stages run side by side: threads that wait by spinning would take the cores from each other.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")

    def opened(source: Path | bytes) -> Any:
        return runtime.InferenceSession(source if isinstance(source, bytes) else str(source), options, providers)

    try:
        try:
            return opened(kept(path) or path)
        except Exception as error:
            if PLUG_IN not in str(error):
                raise
            return opened(rewritten(path))
    except dh.DHError:
        raise
    except Exception as error:  # the runtime's errors share no base
        raise _unusable(path, error) from error


def _providers(runtime: Any, device: str) -> list[Any]:
    kind, _, index = device.partition(":")
    if kind == "cpu":
        return ["CPUExecutionProvider"]
    if kind != "cuda" or "CUDAExecutionProvider" not in runtime.get_available_providers():
        raise dh.DeviceMissing(
            f"device {device}: the installed ONNX Runtime runs on the CPU only; install onnxruntime-gpu in its place, "
            "or use backend=torch or --device cpu"
        )
    return [("CUDAExecutionProvider", {"device_id": int(index or 0)}), "CPUExecutionProvider"]


def _damaged(path: Path) -> dh.CheckpointMissing:
    return dh.CheckpointMissing(f"{path}: damaged or cut short; pull or export it again")


def _unusable(path: Path, error: Exception) -> dh.DHError:
    if "protobuf" in type(error).__name__.lower() or "protobuf" in str(error).lower():
        return _damaged(path)
    if "is not a registered function" in str(error) or "No Op registered" in str(error):
        return dh.InputError(
            f"{path}: needs an operator that ONNX Runtime lacks; use backend=torch, or make files without it by "
            "'dh export'"
        )
    return dh.InputError(f"{path}: ONNX Runtime cannot read it ({dh.one_line(error, 160)}); pull or export it again")
