"""The file of a metric's weights: found, read without running anything that it holds, and hashed."""

from __future__ import annotations

import hashlib
import importlib
import pickle
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import dh

if TYPE_CHECKING:
    from torch import Tensor, nn

_BLOCK = 1 << 20


def require(metric: str, module: str) -> Any:
    """Imports a module of the extra ``learned``.

    Raises:
        ExtraMissing: it is not installed, or does not load.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise dh.extra_missing(metric, module, "dh-metrics", "learned") from error
    except ImportError as error:
        raise dh.ExtraMissing(
            f"{metric}: {module} does not load ({dh.one_line(error, 160)}); install it again"
        ) from error


def weights_file(context: dh.Context, checkpoint: dh.CheckpointSpec, *others: str) -> Path:
    """The checkpoint's only file, from the user's folder of weights where one was given.

    Args:
        context: of the metric.
        checkpoint: of one file; a user's folder may hold it at its published path or by its name alone.
        others: names of files of other published weights that the metric takes from a user's folder.

    Raises:
        CheckpointMissing: it is not there.
    """
    path = PurePosixPath(checkpoint.files[0].path)
    if context.weights is not None:
        names = (str(path), path.name, *others)
        for name in names:
            if (context.weights / name).is_file():
                return context.weights / name
        raise dh.CheckpointMissing(f"{context.weights}: no {' and no '.join(dict.fromkeys(names))} in this folder")
    if checkpoint.name not in context.checkpoints:
        raise dh.CheckpointMissing(
            f"checkpoint {checkpoint.name} is not there; run: dh checkpoints pull {checkpoint.name}"
        )
    return context.checkpoints[checkpoint.name] / path


def read_state_dict(path: Path, wrapper: str | None = None) -> dict[str, Tensor]:
    """The tensors of a ``.safetensors`` file or of a PyTorch file, by key.

    Args:
        path: of the file.
        wrapper: key of the state dict inside the file, where the file holds more.

    Raises:
        CheckpointMissing: the file is damaged.
        InputError: it holds something other than tensors, of which nothing was run.
    """
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    import torch

    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise dh.InputError(
            f"{path}: holds something other than tensors; refused, nothing of it was run; give the published file"
        ) from error
    except (RuntimeError, OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise dh.CheckpointMissing(f"{path}: damaged or cut short; pull the checkpoint again") from error
    if wrapper is not None and isinstance(loaded, Mapping):
        loaded = loaded.get(wrapper)
    if not isinstance(loaded, Mapping) or not all(isinstance(value, torch.Tensor) for value in loaded.values()):
        under = f" under {wrapper!r}" if wrapper else ""
        raise dh.InputError(f"{path}: no state dict of tensors{under}; give the published file")
    return dict(loaded)


def load_into(network: nn.Module, state: Mapping[str, Tensor], path: Path) -> nn.Module:
    """Fills a network with a state dict of exactly its keys and shapes, and sets it to evaluation.

    Raises:
        InputError: a key or shape differs; it names the file and the first one.
    """
    import torch

    expected = network.state_dict()
    # The buffer that counts training batches came to PyTorch after some of these files; evaluation never reads it.
    counters = {key for key in expected if key.endswith("num_batches_tracked")}
    for problem, keys in (
        ("lacks", expected.keys() - state.keys() - counters),
        ("has unknown", state.keys() - expected.keys()),
    ):
        if keys:
            more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
            raise dh.InputError(f"{path}: {problem} {min(keys)!r}{more}; give the published file")
    for key, tensor in state.items():
        if tensor.shape != expected[key].shape:
            raise dh.InputError(
                f"{path}: {key!r} has shape {list(tensor.shape)}, the network needs {list(expected[key].shape)}; "
                "give the published file"
            )
    with torch.no_grad():
        network.load_state_dict({**{key: expected[key] for key in counters}, **state})
    return network.eval().requires_grad_(False)


def digest(path: Path) -> str:
    """SHA-256 of a file's content in hexadecimal."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def given_weights(context: dh.Context, path: Path) -> dict[str, str]:
    """Name and hash of a file that is from a folder of the user's; the host adds those of declared checkpoints."""
    return {} if context.weights is None else {path.name: digest(path)}


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    import safetensors
    import safetensors.torch

    try:
        tensors: dict[str, Tensor] = safetensors.torch.load_file(path)
        return tensors
    except safetensors.SafetensorError as error:
        raise dh.CheckpointMissing(
            f"{path}: damaged or cut short ({dh.one_line(error, 160)}); pull the checkpoint again"
        ) from error
