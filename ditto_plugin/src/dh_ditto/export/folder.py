"""A folder of exported networks, complete with all that a run needs beside them."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Literal

import dh
from dh_ditto.weights.configuration import WeightsFile, write_weights_file
from dh_ditto.weights.convert import StepDone, copy_auxiliary
from dh_ditto.weights.extras import require
from dh_ditto.weights.layout import AUXILIARY, NETWORKS, Weights, file_name, find
from dh_ditto.weights.load import build

Format = Literal["onnx", "trt"]
Precision = Literal["fp32", "fp16"]


def export(
    weights: Weights,
    folder: str | Path,
    format: Format = "onnx",
    precision: Precision = "fp32",
    *,
    device: str = "cuda",
    progress: StepDone | None = None,
) -> Weights:
    """Writes a folder that the ONNX or the TensorRT backend opens; it appears whole or not at all.

    Args:
        weights: PyTorch or safetensors.
        folder: to make.
        format: "onnx" runs anywhere; "trt" builds engines for the GPU and the TensorRT of this machine.
        precision: "fp16" lets appearance, warping and decoding compute in half precision; inputs and outputs of
            every network are float32 all the same.
        device: that engines are built on.
        progress: told before each file.

    Returns:
        The new folder's weights.

    Raises:
        CheckpointMissing: the weights lack a network.
        InputError: a file holds something else, or the folder holds something, or cannot be written.
        ExtraMissing: a package for this format is not installed.
        DeviceMissing: there is no GPU to build engines on.
    """
    for package in ("torch", "onnx", "onnxscript", *(("tensorrt",) if format == "trt" else ())):
        require(package)
    _check_device(format, device)
    for network in NETWORKS:
        weights.path(network, "safetensors", "pytorch")
    side_files = [name for name in AUXILIARY if weights.has(name, "onnx", "task")]
    total = len(NETWORKS) + len(side_files)
    tell = progress or (lambda done, total, name: None)
    with dh.whole_folder(Path(folder)) as made:
        for done, network in enumerate(NETWORKS):
            name = _name(network, format, precision)
            tell(done, total, name)
            _write(network, weights, made / name, precision == "fp16", device)
        for done, network in enumerate(side_files, len(NETWORKS)):
            copy_auxiliary(network, weights, made, functools.partial(tell, done, total))
        about = weights.about.model_copy(update={"precision": precision})
        write_weights_file(made, WeightsFile.model_validate(about))
    tell(total, total, "")
    return find(folder)


def _check_device(format: Format, device: str) -> None:
    if format == "trt" and not require("torch").cuda.is_available():
        raise dh.DeviceMissing(f"device {device}: engines are built on an NVIDIA GPU; use --format onnx")


def _name(network: str, format: Format, precision: Precision) -> str:
    onnx = file_name(network, "onnx")
    return onnx if format == "onnx" else f"{Path(onnx).stem}_{precision}.engine"


def _write(network: str, weights: Weights, path: Path, half: bool, device: str) -> None:
    from dh_ditto.export.onnx_file import write_onnx

    module = build(network, weights)
    if path.suffix == ".onnx":
        write_onnx(network, module, path, half)
        return
    from dh_ditto.backends.tensorrt_engine import build as build_engine

    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        source = Path(scratch) / file_name(network, "onnx")
        write_onnx(network, module, source, half)
        path.write_bytes(build_engine(source, Path(scratch), network, device))
