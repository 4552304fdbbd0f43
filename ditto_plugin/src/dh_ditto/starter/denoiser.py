"""The starter's model on ONNX Runtime, which the small install has, or on PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

import dh
from dh_ditto.backends.onnx_session import OnnxSession
from dh_ditto.motion import Array
from dh_ditto.training.result import WEIGHTS_NAME, TrainedModel
from dh_ditto.weights.extras import require

if TYPE_CHECKING:
    from dh_ditto.diffusion import Denoiser
    from dh_ditto.networks.denoiser import MotionDecoder

GRAPH_NAME = "motion_decoder.onnx"

BackendName = Literal["onnx", "torch"]

Window = tuple[Array, Array]
"""Conditioning motion and condition of a window."""


def choose_backend(folder: Path, backend: BackendName | Literal["auto"]) -> BackendName:
    """The backend for a trained folder; "auto" is ONNX Runtime where it has a file for it, else PyTorch."""
    if backend != "auto":
        return backend
    return "onnx" if (folder / GRAPH_NAME).is_file() else "torch"


def open_denoiser(folder: Path, model: TrainedModel, backend: BackendName, device: str, guidance: float) -> Denoiser:
    """The diffusion model of a trained folder, ready for ``Sampler``.

    Args:
        folder: with weights, a graph for ONNX Runtime, or both.
        model: what its ``model.yaml`` says.
        backend: see ``choose_backend``.
        device: "cpu", "cuda" or "cuda:1".
        guidance: weight of the condition; 1 is no guidance.

    Raises:
        CheckpointMissing: the folder lacks the file, or it is damaged.
        InputError: it holds something else.
        ExtraMissing: PyTorch is asked for and not installed.
    """
    if backend == "onnx":
        # One thread: waking another for each of hundreds of small operations costs as much as it computes, and the
        # cores have the renderer's stages to run.
        return OnnxSteeredDenoiser(OnnxSession(folder / GRAPH_NAME, device, threads=1), guidance)
    require("torch")
    from dh_ditto.networks.guided_denoiser import GuidedDenoiser

    return GuidedDenoiser(read_module(folder, model).to(device), guidance)


def read_module(folder: Path, model: TrainedModel) -> MotionDecoder:
    """The trained network, in evaluation mode, float32 on the CPU.

    Raises:
        CheckpointMissing, InputError, ExtraMissing: as ``open_denoiser``.
    """
    require("torch")
    from dh_ditto.networks import MotionDecoder
    from dh_ditto.weights.load import read_state_dict

    path = folder / WEIGHTS_NAME
    if not path.is_file():
        raise dh.CheckpointMissing(f"{path}: no such file; name a folder that 'dh train' wrote, or train again")
    module = MotionDecoder(**model.network.model_dump())
    try:
        module.load_state_dict(read_state_dict("motion_decoder", path))
    except RuntimeError as error:
        raise dh.InputError(f"{path}: does not fit the network of model.yaml; train again") from error
    return module.eval().requires_grad_(False)


class OnnxSteeredDenoiser:
    """A ``Denoiser`` whose graph takes the guidance as an input. Its arrays are NumPy's."""

    def __init__(self, session: OnnxSession, guidance: float) -> None:
        self._session, self._guidance = session, np.array([guidance], np.float32)

    def prepare(self, cond_frame: Array, cond: Array, times: Sequence[int]) -> Window:
        """See ``Denoiser``; every step takes these as they are."""
        return cond_frame, cond

    def x_start(self, prepared: Window, x: Array, time: int) -> Array:
        """See ``Denoiser``."""
        cond_frame, cond = prepared
        outputs = self._session.run(
            x=np.asarray(x, np.float32),
            cond_frame=cond_frame,
            cond=cond,
            time_cond=np.array([time], np.int64),
            guidance=self._guidance,
        )
        return outputs["x_start"]

    def array(self, values: Array) -> Array:
        """See ``Denoiser``."""
        return values

    def numpy(self, values: Array) -> Array:
        """See ``Denoiser``."""
        return values
