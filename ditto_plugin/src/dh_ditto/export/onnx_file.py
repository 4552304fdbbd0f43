"""One network as an ONNX file of standard operators."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from dh_ditto.export.graphs import graph, interface
from dh_ditto.export.volume_sampling import sample_volume
from dh_ditto.networks.inference.folding import fold
from dh_ditto.weights.extras import require

OPSET = 18
IR_VERSION = 8
"""Of the file; the exporter writes a newer one, for notes that are removed here."""

_GRID_SAMPLE = torch.ops.aten.grid_sampler.default


def write_onnx(network: str, module: nn.Module, path: Path, half: bool = False) -> None:
    """Exports a network.

    Args:
        network: its name in ``dh_ditto.weights.layout.NETWORKS``.
        module: with its weights, in its published form.
        path: of the file to write.
        half: compute in float16 where that is enough; inputs and outputs stay float32.

    Raises:
        ExtraMissing: onnx or onnxscript is not installed.
    """
    onnx = require("onnx")
    require("onnxscript")
    shape = interface(network, module)
    with _quiet(), torch.no_grad():
        program = torch.export.export(graph(fold(module), shape, half), tuple(shape.example().values()), strict=False)
        if any(node.target == _GRID_SAMPLE for node in program.graph.nodes):  # a pass takes seconds
            program = program.run_decompositions({_GRID_SAMPLE: sample_volume})
        exported = torch.onnx.export(
            program,
            dynamo=True,
            input_names=list(shape.inputs),
            output_names=list(shape.outputs),
            opset_version=OPSET,
            external_data=False,
            verbose=False,
        )
        assert exported is not None
        model = exported.model_proto
    _strip(model)
    onnx.save(model, path)
    onnx.checker.check_model(path, full_check=True)


def _strip(model: Any) -> None:
    """Removes what the exporter notes of each node: source lines, with the paths of this machine."""
    for holder in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        del holder.metadata_props[:]
        holder.ClearField("doc_string")
    model.ir_version = IR_VERSION


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter tells of its passes, and of packages that it would know too."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
