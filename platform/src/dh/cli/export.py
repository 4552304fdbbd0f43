"""``dh export``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from dh.cli.completion import complete_method
from dh.cli.output import print_notice


class Format(str, Enum):
    """Runtimes that networks can be exported for."""

    ONNX = "onnx"
    TRT = "trt"


class Precision(str, Enum):
    """Precision of the exported networks; their inputs and outputs stay float32."""

    FP32 = "fp32"
    FP16 = "fp16"


def export(
    method: Annotated[str, typer.Argument(help="Method whose networks to export.", autocompletion=complete_method)],
    format_: Annotated[
        Format, typer.Option("--format", help="onnx: ONNX files; trt: TensorRT engines for this machine's GPU.")
    ] = Format.ONNX,
    precision: Annotated[Precision, typer.Option("--precision", help="Of weights and arithmetic.")] = Precision.FP32,
    weights: Annotated[
        str | None, typer.Option("--weights", help="Folder of weights.  [default: what was pulled for the method]")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Folder to write.  [default: where runs look for it]")
    ] = None,
) -> None:
    """Export a method's networks for another runtime."""
    from dh.weights_tools import new_folder, pulled_folder, weights_tool

    function = weights_tool(method, "export")
    folder = pulled_folder(method, weights, "--weights")
    target = new_folder(Path(output)) if output else None
    typer.echo(str(function(folder, target, format_.value, precision.value, print_notice)))
