"""ONNX files that need TensorRT's plug-in to sample volumes, rewritten to standard operators.

The published ``warp_network.onnx`` is one: its ``GridSample3D`` nodes exist in TensorRT alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dh
from dh_ditto.backends.cache import keep
from dh_ditto.backends.volume_nodes import sampling_nodes
from dh_ditto.weights.extras import require
from dh_ditto.weights.layout import fingerprint

PLUG_IN = "GridSample3D"
CACHE_FOLDER = ".onnxruntime"
"""Of rewritten files, in the folder of the file."""

_LINEAR = (0, "linear", "bilinear", "trilinear")
_SETTINGS: dict[str, tuple[int | str, ...]] = {
    "interpolation_mode": _LINEAR,
    "mode": _LINEAR,
    "padding_mode": (0, "zeros"),
    "align_corners": (0,),
}
"""How the published network samples, under every name and in every form in which a node may state it."""


def kept(path: Path) -> Path | None:
    """The rewritten form of a file, where an earlier run kept it."""
    if not (path.parent / CACHE_FOLDER).is_dir():
        return None
    target = _place(path)
    return target if target.is_file() else None


def rewritten(path: Path) -> Path | bytes:
    """The network of a file without the plug-in's nodes: as a file beside it, or as content where none can be written.

    Raises:
        InputError: the nodes sample in another way than the published network's.
        ExtraMissing: the onnx package is not installed.
    """
    content, target = rewrite(path), _place(path)
    return target if keep(content, target) else content


def rewrite(path: Path) -> bytes:
    """An ONNX file's content, with standard operators in place of each node of the plug-in.

    Raises:
        InputError, ExtraMissing: as ``rewritten``.
    """
    model = require("onnx").load(path)
    nodes: list[Any] = []
    for number, node in enumerate(model.graph.node):
        if node.op_type == PLUG_IN:
            _check(node, path)
            nodes += sampling_nodes(node.input[0], node.input[1], node.output[0], f"{PLUG_IN}_{number}")
        else:
            nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    content: bytes = model.SerializeToString()
    return content


def _check(node: Any, path: Path) -> None:
    """Refuses what would be sampled in another way; a setting that a node leaves out is the published one."""
    from onnx import helper

    for attribute in node.attribute:
        value = helper.get_attribute_value(attribute)
        value = value.decode() if isinstance(value, bytes) else value
        if value not in _SETTINGS.get(attribute.name, (value,)):
            raise dh.InputError(
                f"{path}: {PLUG_IN} with {attribute.name}={value} is not what the published network has; use "
                "backend=torch, or make files without it by 'dh export'"
            )


def _place(path: Path) -> Path:
    return path.parent / CACHE_FOLDER / f"{path.stem}-{fingerprint(path)}.onnx"
