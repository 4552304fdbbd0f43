"""Ditto's networks in TensorRT: published engines where their version fits, else engines built from ONNX files.

Needs an NVIDIA GPU, TensorRT 10 or later and PyTorch for CUDA; no test runs it elsewhere.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

import dh
from dh_ditto.backends.base import PUBLISHED_GUIDANCE, AudioEncoder, Precision, SpeechEncoderName
from dh_ditto.backends.onnx_backend import check_guidance
from dh_ditto.backends.speech import SpeechEncoder
from dh_ditto.backends.tensorrt_engine import Engine, build, to_device, to_numpy
from dh_ditto.motion import SLICES, Array, MotionInfo
from dh_ditto.weights.extras import require
from dh_ditto.weights.layout import Weights

if TYPE_CHECKING:
    from torch import Tensor

CACHE_FOLDER = ".tensorrt"
"""Of engines built here, in the folder of weights."""

_FIRST_VERSION = 10


class TensorRTBackend:
    """See ``Backend``; its own arrays are CUDA tensors.

    Args:
        weights: with engines or ONNX files.
        device: "cuda" or "cuda:1".
        precision: must be what the files have, or "auto".
        notice: receives lines that the user should see.

    Raises:
        ExtraMissing: TensorRT 10 or PyTorch is not installed.
        DeviceMissing: there is no NVIDIA GPU.
        OptionError: the files have another precision.
    """

    name: Literal["tensorrt"] = "tensorrt"
    graphs = False
    on_device = True

    def __init__(self, weights: Weights, device: str, precision: str, notice: Callable[[str], None]) -> None:
        torch, trt = require("torch"), require("tensorrt")
        if not device.startswith("cuda") or not torch.cuda.is_available():
            raise dh.DeviceMissing(f"device {device}: backend=tensorrt needs an NVIDIA GPU; use another backend")
        if int(trt.__version__.split(".")[0]) < _FIRST_VERSION:
            raise dh.ExtraMissing(f"ditto: needs TensorRT {_FIRST_VERSION} or later, not {trt.__version__}; update it")
        self.device = device
        published_half = weights.has("decoder", "tensorrt") and "_fp16" in weights.path("decoder", "tensorrt").name
        self.precision: Precision = "fp16" if published_half else weights.about.precision or "fp32"
        if precision not in ("auto", self.precision):
            raise dh.OptionError(
                f"precision={precision}: the files in {weights.folder} are {self.precision}; leave it at auto, or "
                f"export others with 'dh export --precision {precision}'"
            )
        self._weights, self._notice = weights, notice
        self._engine = functools.cache(self._load)

    def appearance(self, image: Array) -> Tensor:
        return self._run("appearance_extractor", image=self.volume(image))["pred"]

    def volume(self, values: Array) -> Tensor:
        return to_device(values, self.device)

    def volume_values(self, volume: Tensor) -> Array:
        return to_numpy(volume)

    def join(self, volumes: Sequence[Tensor]) -> Tensor:
        import torch

        return torch.cat(list(volumes))

    def motion(self, image: Array) -> MotionInfo:
        outputs = self._run("motion_extractor", image=self.volume(image))
        return {name: to_numpy(outputs[name]).reshape(len(image), -1) for name in (*SLICES, "kp")}

    def stitch(self, kp_source: Array, kp_driving: Array) -> Array:
        points = {"kp_source": self.volume(kp_source), "kp_driving": self.volume(kp_driving)}
        return to_numpy(self._run("stitch_network", **points)["out"])

    def warp(self, volume: Tensor, kp_source: Array, kp_driving: Array) -> Tensor:
        points = {"kp_source": self.volume(kp_source), "kp_driving": self.volume(kp_driving)}
        volumes = volume.expand(len(kp_driving), -1, -1, -1, -1)
        return self._run("warp_network", feature_3d=volumes, **points)["out"]

    def decode(self, feature: Tensor) -> Array:
        return to_numpy(self.decoded(feature))

    def decoded(self, feature: Tensor) -> Tensor:
        return self._run("decoder", feature=feature)["output"]

    def denoiser(self, guidance: float = PUBLISHED_GUIDANCE) -> TensorRTDenoiser:
        check_guidance(guidance, self.name)
        return TensorRTDenoiser(self._engine("lmdm"), self.device)

    def audio(self, encoder: SpeechEncoderName = "hubert") -> AudioEncoder:
        if encoder != "hubert":
            return SpeechEncoder(self._weights, self.device, self._notice, encoder)

        def encode(samples: Array) -> Array:
            rows = self._engine("hubert")(input_values=self.volume(samples))["encoding_out"]
            return to_numpy(rows).reshape(-1, rows.shape[-1])

        return encode

    def _run(self, network: str, **inputs: Tensor) -> dict[str, Tensor]:
        """Outputs of all frames: engines take one at a time."""
        import torch

        engine = self._engine(network)
        frames = zip(*(value.split(1) for value in inputs.values()), strict=True)
        outputs = [engine(**dict(zip(inputs, frame, strict=True))) for frame in frames]
        return {name: torch.cat([output[name] for output in outputs]) for name in outputs[0]}

    def _load(self, network: str) -> Engine:
        path = self._weights.path(network, "tensorrt", "onnx")
        if path.suffix != ".onnx":
            return Engine(path.read_bytes(), path, self.device)
        self._notice(f"preparing {path.name} for TensorRT; the first time takes minutes")
        label = f"{network}-{self._weights.identity}"
        plan = build(path, self._weights.folder / CACHE_FOLDER, label, self.device)
        return Engine(plan, path, self.device)


class TensorRTDenoiser:
    """The diffusion model's engine, which has the guidance inside, as a ``Denoiser``. Its arrays are CUDA tensors."""

    def __init__(self, engine: Engine, device: str) -> None:
        self._engine, self._device = engine, device

    def prepare(self, cond_frame: Array, cond: Array, times: Sequence[int]) -> dict[str, Tensor]:
        return {"cond_frame": self.array(cond_frame), "cond": self.array(cond)}

    def x_start(self, prepared: dict[str, Tensor], x: Tensor, time: int) -> Tensor:
        time_cond = to_device(np.array([time], np.int64), self._device)
        return self._engine(x=x, time_cond=time_cond, **prepared)["x_start"]

    def array(self, values: Array) -> Tensor:
        return to_device(values, self._device)

    def numpy(self, values: Tensor) -> Array:
        return to_numpy(values)
