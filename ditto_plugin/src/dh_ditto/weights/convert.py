"""Converts the published weights once, from pickles to safetensors and YAML."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import dh
from dh_ditto.weights.configuration import WeightsFile, write_weights_file
from dh_ditto.weights.extras import require
from dh_ditto.weights.layout import AUXILIARY, NETWORKS, Format, Weights, file_name, find
from dh_ditto.weights.load import checked_state_dict, new

if TYPE_CHECKING:
    from torch import Tensor

StepDone = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and the file that comes next ("" at the end)."""

_AUXILIARY_FORMATS: tuple[Format, ...] = ("onnx", "task")


def convert(source: str | Path, target: str | Path, *, progress: StepDone | None = None) -> Weights:
    """Writes a folder of safetensors, with ``config.yaml`` and the side files, from published PyTorch weights.

    Every tensor keeps its bits, under the key that its network gives it. Third parties' networks (speech features,
    detection, landmarks) are copied as they are. The folder appears whole or not at all.

    Args:
        source: the published repository or its ``ditto_pytorch``.
        target: folder to make.
        progress: told before each file.

    Returns:
        The new folder's weights.

    Raises:
        CheckpointMissing: a network is not in the source, or its file is damaged.
        InputError: a file holds something else, or the target holds something, or cannot be written.
        ExtraMissing: PyTorch is not installed.
    """
    require("torch")
    weights, target = find(source), Path(target)
    for network in NETWORKS:
        weights.path(network, "pytorch", "safetensors")
    side_files = [name for name in AUXILIARY if weights.has(name, *_AUXILIARY_FORMATS)]
    total = len(NETWORKS) + len(side_files)
    tell = progress or (lambda done, total, name: None)
    with dh.whole_folder(target) as folder:
        for done, network in enumerate(NETWORKS):
            tell(done, total, file_name(network, "safetensors"))
            _convert_network(network, weights, folder)
        for done, network in enumerate(side_files, len(NETWORKS)):
            copy_auxiliary(network, weights, folder, functools.partial(tell, done, total))
        about = WeightsFile(untrained=weights.untrained, configurations=dict(weights.about.configurations))
        write_weights_file(folder, about)
    tell(total, total, "")
    return find(target)


def copy_auxiliary(network: str, weights: Weights, folder: Path, tell: Callable[[str], None]) -> None:
    """Copies a third party's network to its name in this project's layout, in each of its formats."""
    for form in _AUXILIARY_FORMATS:
        if weights.has(network, form):
            name = file_name(network, form)
            tell(name)
            shutil.copyfile(weights.path(network, form), folder / name)


def save(state: Mapping[str, Tensor], path: Path) -> None:
    """Writes tensors as safetensors; tensors that share memory, which the format does not know, are written each."""
    import safetensors.torch

    storages: set[int] = set()
    separate = {}
    for key, tensor in state.items():
        storage = tensor.untyped_storage().data_ptr()
        separate[key] = tensor.clone().contiguous() if storage in storages else tensor.contiguous()
        storages.add(storage)
    try:
        safetensors.torch.save_file(separate, path)
    except safetensors.SafetensorError as error:
        raise dh.InputError(f"{path}: not written ({error}); check the space on the disk") from error


def _convert_network(network: str, weights: Weights, folder: Path) -> None:
    torch = require("torch")
    with torch.device("meta"):
        module = new(network, weights)
    save(checked_state_dict(network, weights, module), folder / file_name(network, "safetensors"))
