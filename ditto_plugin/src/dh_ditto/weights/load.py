"""Weights into networks: reads a state dict without running anything, and checks every key and shape of it."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dh
from dh_ditto.weights.extras import require
from dh_ditto.weights.layout import READS, Weights

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

CLASSES = {
    "appearance_extractor": "AppearanceExtractor",
    "motion_extractor": "MotionExtractor",
    "stitch_network": "StitchNetwork",
    "warp_network": "WarpNetwork",
    "decoder": "Decoder",
    "lmdm": "MotionDecoder",
}
"""Of each network, the class in ``dh_ditto.networks``."""

WRAPPERS = {"stitch_network": "retarget_shoulder", "lmdm": "model_state_dict"}
"""Keys of a published file under which its state dict lies."""

PARALLEL_PREFIX = "module."
"""Before every key that was saved from a data-parallel module."""


def build(network: str, weights: Weights) -> nn.Module:
    """A network with its weights, in evaluation mode, float32 on the CPU.

    The module is made without memory of its own: its tensors are those of the file, which the system reads as they are
    used, where the format allows it.

    Raises:
        CheckpointMissing: the file is not there, or damaged.
        InputError: the file holds something else than this network.
        ExtraMissing: PyTorch is not installed.
    """
    torch = require("torch")
    with torch.device("meta"):
        module = new(network, weights)
    state = checked_state_dict(network, weights, module)
    expected = module.state_dict()
    module.load_state_dict({key: tensor.to(expected[key].dtype) for key, tensor in state.items()}, assign=True)
    return module.eval().requires_grad_(False)


def checked_state_dict(network: str, weights: Weights, module: nn.Module) -> dict[str, Tensor]:
    """The tensors of a network, as they are in its file, with exactly the keys and shapes of ``module``.

    Raises:
        CheckpointMissing, InputError, ExtraMissing: as ``build``.
    """
    path = weights.path(network, *READS["torch"])
    state = read_state_dict(network, path)
    _check(state, module.state_dict(), network, path)
    return state


def new(network: str, weights: Weights | None = None) -> nn.Module:
    """A network as its class makes it: of the published size, or of the size that the weights' configuration states."""
    require("torch")
    from dh_ditto import networks

    arguments: dict[str, Any] = {}
    if network == "lmdm" and weights is not None:
        sizes = weights.configuration().audio2motion_cfg
        arguments = {name: getattr(sizes, name) for name in ("motion_feat_dim", "audio_feat_dim", "seq_frames")}
    module: nn.Module = getattr(networks, CLASSES[network])(**arguments)
    return module


def read_state_dict(network: str, path: Path) -> dict[str, Tensor]:
    """The tensors of one network's file by key, unwrapped; their keys and shapes are not looked at.

    Raises:
        CheckpointMissing: the file is damaged.
        InputError: it holds something other than tensors, of which nothing was executed.
        ExtraMissing: PyTorch is not installed.
    """
    state = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pth(network, path)
    return {key.removeprefix(PARALLEL_PREFIX): tensor for key, tensor in state.items()}


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    import safetensors
    import safetensors.torch

    try:
        tensors: dict[str, Tensor] = safetensors.torch.load_file(path)
        return tensors
    except safetensors.SafetensorError as error:
        raise dh.CheckpointMissing(
            f"{path}: damaged or cut short ({dh.one_line(error, 160)}); pull or convert the checkpoint again"
        ) from error


def _read_pth(network: str, path: Path) -> dict[str, Tensor]:
    torch = require("torch")
    try:
        # Only zip archives can be mapped into memory; PyTorch before 1.6 wrote plain pickles.
        loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=_is_zip(path))
    except pickle.UnpicklingError as error:
        raise dh.InputError(
            f"{path}: holds something other than tensors; refused, nothing of it was run; give the published file"
        ) from error
    except (RuntimeError, OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise dh.CheckpointMissing(f"{path}: damaged or cut short; pull the checkpoint again") from error
    wrapper = WRAPPERS.get(network)
    if isinstance(loaded, Mapping) and wrapper in loaded:
        loaded = loaded[wrapper]
    if not isinstance(loaded, Mapping) or not all(isinstance(value, torch.Tensor) for value in loaded.values()):
        under = f" under {wrapper!r}" if wrapper else ""
        raise dh.InputError(f"{path}: no state dict of tensors{under}; give the published {network}")
    return dict(loaded)


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _check(state: Mapping[str, Tensor], expected: Mapping[str, Tensor], network: str, path: Path) -> None:
    for problem, keys in (("lacks", expected.keys() - state.keys()), ("has unknown", state.keys() - expected.keys())):
        if keys:
            more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
            raise dh.InputError(f"{path}: {problem} {min(keys)!r}{more}; give the published {network}")
    for key, wanted in expected.items():
        if state[key].shape != wanted.shape:
            raise dh.InputError(
                f"{path}: {key!r} has shape {_shape(state[key])}, the network needs {_shape(wanted)}; "
                f"give the published {network}, or the configuration that belongs to this file"
            )
        if state[key].is_floating_point() != wanted.is_floating_point():
            raise dh.InputError(f"{path}: {key!r} holds {state[key].dtype}; give the published {network}")


def _shape(tensor: torch.Tensor) -> list[int]:
    return list(tensor.shape)
