"""Files of a training: checkpoints in the published layout, and the state to go on from."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

import dh
from dh_ditto.networks.denoiser import MotionDecoder
from dh_ditto.weights.load import read_state_dict

STATE_NAME = "state.pt"
FOLDER = "ckpts"

_LATEST_KEPT = 5
_NAME = re.compile(r"train_(\d+)\.pt")


def save_checkpoint(output: Path, epoch: int, network: MotionDecoder, keep_every: int) -> Path:
    """Writes ``ckpts/train_<epoch>.pt`` as inference reads it, and removes what the published rule does not keep:
    epochs that are no multiples of ``keep_every``, except for the latest five.
    """
    folder = output / FOLDER
    folder.mkdir(exist_ok=True)
    path = folder / f"train_{epoch}.pt"
    state = {key: tensor.cpu() for key, tensor in network.state_dict().items()}
    with dh.whole_file(path) as temporary:
        torch.save({"model_state_dict": state}, temporary)
    for other in folder.iterdir():
        match = _NAME.fullmatch(other.name)
        if match and int(match[1]) % keep_every and int(match[1]) <= epoch - _LATEST_KEPT:
            other.unlink()
    return path


def load_start(path: Path, network: MotionDecoder) -> None:
    """Weights to start from, of a published .pt or a safetensors file. Nothing in the file is executed.

    Raises:
        dh.InputError: there is no such file, or it holds something else, or a network of another size.
        dh.CheckpointMissing: it is damaged.
    """
    if not path.is_file():
        raise dh.InputError(f"checkpoint={path}: no such file; give a train_<epoch>.pt or motion_decoder.safetensors")
    state = read_state_dict("lmdm", path)
    wanted = network.state_dict()
    for key in sorted(wanted.keys() | state.keys()):
        shapes = [list(tensors[key].shape) if key in tensors else "missing" for tensors in (state, wanted)]
        if shapes[0] != shapes[1]:
            raise dh.InputError(
                f"checkpoint={path}: {key!r} is {shapes[0]}, in this network {shapes[1]}; correct the network's size"
            )
    network.load_state_dict(state)


def save_state(output: Path, state: Mapping[str, Any]) -> None:
    """Writes the state of a training in place of an earlier one."""
    with dh.whole_file(output / STATE_NAME) as temporary:
        torch.save(dict(state), temporary)


def load_state(output: Path) -> dict[str, Any] | None:
    """The state of a training that was cut, None where there is none.

    Raises:
        dh.InputError: the file is damaged.
    """
    path = output / STATE_NAME
    if not path.is_file():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise dh.InputError(f"{path}: damaged; remove it to start the training again") from error
    return state
