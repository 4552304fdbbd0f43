"""The starter's network as an ONNX file beside its weights."""

from __future__ import annotations

from pathlib import Path

import dh
from dh_ditto.export.graphs import STARTER
from dh_ditto.export.onnx_file import write_onnx
from dh_ditto.starter.denoiser import GRAPH_NAME, read_module
from dh_ditto.training.result import TrainedModel


def export_starter(folder: Path) -> Path:
    """Writes the graph of a folder that ``dh train`` wrote, and returns its path.

    Raises:
        CheckpointMissing, InputError: the folder is not complete, or cannot be written.
        ExtraMissing: PyTorch, onnx or onnxscript is not installed.
    """
    path = folder / GRAPH_NAME
    with dh.whole_file(path) as temporary:
        write_onnx(STARTER, read_module(folder, TrainedModel.read(folder)), temporary)
    return path
