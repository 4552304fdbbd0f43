"""The one way in which the rest of Ditto reaches its networks, whatever runs them."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

import dh
from dh_ditto.diffusion import Denoiser
from dh_ditto.motion import Array, MotionInfo
from dh_ditto.weights.layout import NETWORKS, REMEDY, Weights
from dh_ditto.weights.layout import Backend as BackendName

Precision = Literal["fp32", "fp16", "bf16"]
SpeechEncoderName = Literal["hubert", "wavlm"]
AudioEncoder = Callable[[Array], Array]
"""Speech [1,n] at 16 kHz to feature rows [r,1024] at 50 Hz; 20 rows for 6480 samples."""

PUBLISHED_GUIDANCE = 2.0
"""Of the published model; exported graphs have it inside."""

_CLASSES = {
    "torch": "dh_ditto.backends.torch_backend:TorchBackend",
    "onnx": "dh_ditto.backends.onnx_backend:OnnxBackend",
    "tensorrt": "dh_ditto.backends.tensorrt_backend:TensorRTBackend",
}


class Backend(Protocol):
    """Runs the networks of one set of weights. Each is loaded at its first use.

    Volumes and features are arrays of the backend's own, so that they can stay on its device.

    Attributes:
        name: "torch", "onnx" or "tensorrt".
        device: such as "cpu" or "cuda:0".
        precision: of warping and decoding.
        graphs: whether networks run as CUDA graphs.
        on_device: whether its own arrays are PyTorch's tensors on a GPU, so that frames can be finished there.
    """

    name: BackendName
    device: str
    precision: Precision
    graphs: bool
    on_device: bool

    def appearance(self, image: Array) -> Any:
        """Pictures [n,3,256,256], RGB in 0..1, to their feature volumes [n,32,16,64,64]."""

    def volume(self, values: Array) -> Any:
        """A feature volume from NumPy, on the device."""

    def volume_values(self, volume: Any) -> Array:
        """A feature volume as float32 NumPy."""

    def join(self, volumes: Sequence[Any]) -> Any:
        """Volumes of several sources as one value, for ``warp``."""

    def motion(self, image: Array) -> MotionInfo:
        """Pictures [n,3,256,256] to scale [n,1], pitch, yaw, roll [n,66], t [n,3], exp [n,63] and kp [n,63]."""

    def stitch(self, kp_source: Array, kp_driving: Array) -> Array:
        """Driving keypoints [n,21,3] as they fit to the source's [n,21,3]."""

    def warp(self, volume: Any, kp_source: Array, kp_driving: Array) -> Any:
        """The feature maps [n,256,64,64] of one volume, or of n, whose keypoints [n,21,3] move.

        What depends on the volume alone is kept for the next call with the same volume, where the backend can.
        """

    def decode(self, feature: Any) -> Array:
        """Feature maps to pictures [n,3,512,512], RGB in 0..1."""

    def decoded(self, feature: Any) -> Any:
        """The same pictures as an array of the backend's own."""

    def denoiser(self, guidance: float = PUBLISHED_GUIDANCE) -> Denoiser:
        """The diffusion model.

        Raises:
            OptionError: the weights have another guidance built in.
        """

    def audio(self, encoder: SpeechEncoderName = "hubert") -> AudioEncoder:
        """The speech encoder that the weights' configuration names."""


def open_backend(
    weights: Weights,
    backend: Literal["auto", "torch", "onnx", "tensorrt"] = "auto",
    device: str = "cpu",
    precision: Literal["auto", "fp32", "fp16", "bf16"] = "auto",
    notice: Callable[[str], None] = lambda text: None,
    graphs: bool = True,
) -> Backend:
    """Opens weights for running.

    Args:
        weights: of ``dh_ditto.weights.layout.find``.
        backend: "auto" takes TensorRT for engines on a GPU, else PyTorch where the weights are for it and it is
            installed, else ONNX Runtime.
        device: "cpu", "cuda" or "cuda:1".
        precision: of warping and decoding; "auto" is what suits the device, or what the files have.
        notice: receives lines that the user should see.
        graphs: run networks as CUDA graphs, where PyTorch runs them on a GPU.

    Raises:
        CheckpointMissing: the weights lack networks for the backend.
        ExtraMissing: what it needs is not installed.
        DeviceMissing: this machine has no such device.
        OptionError: the backend does not do what is asked.
    """
    name = _choose(weights, device) if backend == "auto" else backend
    lacking = weights.missing(name)
    if lacking:
        fits = " or ".join(f"backend={other}" for other in weights.backends)
        raise dh.CheckpointMissing(
            f"weights {weights.folder}: {len(lacking)} of {len(NETWORKS)} networks not there for backend={name}: "
            f"{', '.join(lacking)}; {f'use {fits}, or ' if fits else ''}{REMEDY}"
        )
    module, _, class_name = _CLASSES[name].partition(":")
    own = (graphs,) if name == "torch" else ()
    opened: Backend = getattr(importlib.import_module(module), class_name)(weights, device, precision, notice, *own)
    if weights.untrained is not None:
        notice(f"weights {weights.folder} are UNTRAINED (seed {weights.untrained}): the face will be noise")
    return opened


def _choose(weights: Weights, device: str) -> BackendName:
    backends = weights.backends
    if device.startswith("cuda") and weights.format == "tensorrt" and _installed("tensorrt"):
        return "tensorrt"
    if "torch" in backends and (_installed("torch") or "onnx" not in backends):
        return "torch"
    if "onnx" in backends:
        return "onnx"
    return "tensorrt" if "tensorrt" in backends else "torch"


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
