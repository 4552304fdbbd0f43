"""Ditto's networks in PyTorch."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

import dh
from dh_ditto.backends.base import PUBLISHED_GUIDANCE, AudioEncoder, Precision, SpeechEncoderName
from dh_ditto.backends.speech import SpeechEncoder
from dh_ditto.compute_thread import on_compute_thread
from dh_ditto.motion import SLICES, Array, MotionInfo
from dh_ditto.weights.extras import require
from dh_ditto.weights.layout import Weights
from dh_ditto.weights.load import build

if TYPE_CHECKING:
    from torch import Tensor, nn

    from dh_ditto.backends.cuda_graphs import CudaRecorder
    from dh_ditto.networks.guided_denoiser import GuidedDenoiser

_GRAPHED = ("warp_network", "decoder")
"""Networks of every frame; CUDA graphs spare them the launches of their kernels one by one."""

_REDUCED = ("appearance_extractor", "warp_network", "decoder")
"""Networks that half precision speeds up and does not harm; poses, stitching and diffusion stay in float32."""


class TorchBackend:
    """See ``Backend``; its own arrays are tensors on the device, in the backend's precision.

    Args:
        weights: PyTorch or safetensors.
        device: "cpu", "cuda" or "cuda:1".
        precision: "auto" is float32 on the CPU and float16 on a GPU.
        notice: receives lines that the user should see.
        graphs: run warping, decoding and denoising as CUDA graphs; for GPUs.

    Raises:
        ExtraMissing: PyTorch is not installed.
        DeviceMissing: there is no such device.
        OptionError: float16 on the CPU.
    """

    name: Literal["torch"] = "torch"

    def __init__(
        self, weights: Weights, device: str, precision: str, notice: Callable[[str], None], graphs: bool = False
    ) -> None:
        torch = require("torch")
        self.device = device
        self._device = _device(torch, device)
        self.on_device = self._device.type == "cuda"
        self.graphs = graphs and self.on_device
        self._recorder: CudaRecorder | None = None
        if self.graphs:
            from dh_ditto.backends.cuda_graphs import CudaRecorder

            self._recorder = CudaRecorder()
        self.precision = _precision(precision, device)
        self._reduced = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}[self.precision]
        self._weights, self._notice = weights, notice
        self._module = functools.cache(self._load)
        self._callable = functools.cache(self._as_called)
        self._compressed: tuple[Tensor, Tensor] | None = None

    @on_compute_thread
    def appearance(self, image: Array) -> Tensor:
        return self._run("appearance_extractor", self._tensor(image, reduced=True))

    def volume(self, values: Array) -> Tensor:
        return self._tensor(values, reduced=True)

    def volume_values(self, volume: Tensor) -> Array:
        return _values(volume)

    def join(self, volumes: Sequence[Tensor]) -> Tensor:
        import torch

        return torch.cat(list(volumes))

    @on_compute_thread
    def motion(self, image: Array) -> MotionInfo:
        outputs = self._run("motion_extractor", self._tensor(image))
        return {name: _values(outputs[name]) for name in (*SLICES, "kp")}

    @on_compute_thread
    def stitch(self, kp_source: Array, kp_driving: Array) -> Array:
        return _values(self._run("stitch_network", self._tensor(kp_source), self._tensor(kp_driving)))

    @on_compute_thread
    def warp(self, volume: Tensor, kp_source: Array, kp_driving: Array) -> Tensor:
        compressed = self._compress(volume)
        return self._run("warp_network", volume, self._tensor(kp_source), self._tensor(kp_driving), compressed)

    def decode(self, feature: Tensor) -> Array:
        return _values(self.decoded(feature))

    @on_compute_thread
    def decoded(self, feature: Tensor) -> Tensor:
        return self._run("decoder", feature)

    @on_compute_thread
    def denoiser(self, guidance: float = PUBLISHED_GUIDANCE) -> GuidedDenoiser:
        from dh_ditto.backends.cuda_graphs import Graphed
        from dh_ditto.networks.guided_denoiser import GuidedDenoiser

        return GuidedDenoiser(self._module("lmdm"), guidance, None if self._recorder is None else Graphed)

    def audio(self, encoder: SpeechEncoderName = "hubert") -> AudioEncoder:
        return SpeechEncoder(self._weights, self.device, self._notice, encoder)

    def _compress(self, volume: Tensor) -> Tensor:
        """What the warp network reads of a volume alone; a still source has the same volume in every frame."""
        import torch

        if self._compressed is None or self._compressed[0] is not volume:
            with torch.inference_mode():
                self._compressed = volume, self._module("warp_network").compress(volume)
        return self._compressed[1]

    def _run(self, network: str, *inputs: Tensor) -> Any:
        import torch

        function = self._callable(network)
        with torch.inference_mode():
            return function(*inputs)

    def _as_called(self, network: str) -> Callable[..., Any]:
        module = self._module(network)
        if self._recorder is None or network not in _GRAPHED:
            return module
        from dh_ditto.backends.cuda_graphs import Graphed

        return Graphed(module, self._recorder)  # they take turns, so that their graphs may share memory

    def _tensor(self, values: Array, reduced: bool = False) -> Tensor:
        import torch

        # PyTorch takes no read-only memory, which arrays of an avatar's file may be.
        tensor = torch.from_numpy(np.require(values, np.float32, ("C", "W")))
        return tensor.to(self._device, self._reduced if reduced else None)

    def _load(self, network: str) -> nn.Module:
        from dh_ditto.networks.inference import for_inference

        module = build(network, self._weights)
        if network not in _REDUCED:
            return module.to(self._device)
        return for_inference(module, self._device, self._reduced)


def _values(tensor: Tensor) -> Array:
    values: Array = tensor.float().cpu().numpy()
    return values


def _device(torch: Any, name: str) -> Any:
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise dh.DeviceMissing(f"device {name}: PyTorch knows no such device; use cpu or cuda") from error
    if device.type == "cuda" and not (torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count()):
        raise dh.DeviceMissing(f"device {name}: PyTorch finds no such GPU; use --device cpu, or install it for CUDA")
    return device


def _precision(asked: str, device: str) -> Precision:
    on_cpu = device.partition(":")[0] == "cpu"
    if asked == "fp16" and on_cpu:
        raise dh.OptionError("precision=fp16: far slower than fp32 on a CPU; use fp32, or bf16 on a CPU with AMX")
    precisions: dict[str, Precision] = {"fp32": "fp32", "fp16": "fp16", "bf16": "bf16"}
    return precisions.get(asked, "fp32" if on_cpu else "fp16")
