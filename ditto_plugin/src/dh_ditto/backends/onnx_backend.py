"""Ditto's networks in ONNX Runtime: the published ONNX files, or those of ``dh_ditto.export``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

import dh
from dh_ditto.backends.base import PUBLISHED_GUIDANCE, AudioEncoder, Precision, SpeechEncoderName
from dh_ditto.backends.onnx_session import OnnxSession
from dh_ditto.backends.speech import SpeechEncoder
from dh_ditto.motion import SLICES, Array, MotionInfo
from dh_ditto.weights.extras import require
from dh_ditto.weights.layout import Weights

Frames = list[Any]
"""One value of ONNX Runtime's per frame: the graphs take one frame at a time."""

Window = tuple[Array, Array]
"""Conditioning motion and condition of a window."""


class OnnxBackend:
    """See ``Backend``; its own arrays are lists of one value per frame.

    Args:
        weights: with ONNX files.
        device: "cpu", "cuda" or "cuda:1".
        precision: must be what the files have, or "auto".
        notice: receives lines that the user should see.

    Raises:
        ExtraMissing: ONNX Runtime is not installed.
        OptionError: the files have another precision.
    """

    name: Literal["onnx"] = "onnx"
    graphs = False
    on_device = False

    def __init__(self, weights: Weights, device: str, precision: str, notice: Callable[[str], None]) -> None:
        require("onnxruntime")
        self.device = device
        self.precision: Precision = weights.about.precision or "fp32"
        if precision not in ("auto", self.precision):
            raise dh.OptionError(
                f"precision={precision}: the ONNX files in {weights.folder} are {self.precision}; leave it at auto, or "
                f"export others with 'dh export --precision {precision}'"
            )
        self._weights, self._notice = weights, notice
        self._session = functools.cache(self._load)

    def appearance(self, image: Array) -> Frames:
        return [self._session("appearance_extractor").keep(image=one) for one in _frames(image)]

    def volume(self, values: Array) -> Frames:
        return [self._session("warp_network").put(one) for one in _frames(values)]

    def volume_values(self, volume: Frames) -> Array:
        return np.concatenate([one.numpy() for one in volume])

    def join(self, volumes: Sequence[Frames]) -> Frames:
        return [one for volume in volumes for one in volume]

    def motion(self, image: Array) -> MotionInfo:
        outputs = [self._session("motion_extractor").run(image=one) for one in _frames(image)]
        return {name: np.stack([one[name].reshape(-1) for one in outputs]) for name in (*SLICES, "kp")}

    def stitch(self, kp_source: Array, kp_driving: Array) -> Array:
        session = self._session("stitch_network")
        pairs = zip(_frames(kp_source), _frames(kp_driving), strict=True)
        return np.concatenate([session.run(kp_source=source, kp_driving=driving)["out"] for source, driving in pairs])

    def warp(self, volume: Frames, kp_source: Array, kp_driving: Array) -> Frames:
        session = self._session("warp_network")
        volumes = volume * len(kp_driving) if len(volume) == 1 else volume
        frames = zip(volumes, _frames(kp_source), _frames(kp_driving), strict=True)
        return [session.keep(feature_3d=one, kp_source=source, kp_driving=driving) for one, source, driving in frames]

    def decode(self, feature: Frames) -> Array:
        return np.concatenate([self._session("decoder").run(feature=one)["output"] for one in feature])

    def decoded(self, feature: Frames) -> Array:
        return self.decode(feature)

    def denoiser(self, guidance: float = PUBLISHED_GUIDANCE) -> OnnxDenoiser:
        check_guidance(guidance, self.name)
        return OnnxDenoiser(self._session("lmdm"))

    def audio(self, encoder: SpeechEncoderName = "hubert") -> AudioEncoder:
        return SpeechEncoder(self._weights, self.device, self._notice, encoder)

    def _load(self, network: str) -> OnnxSession:
        return OnnxSession(self._weights.path(network, "onnx"), self.device)


class OnnxDenoiser:
    """The diffusion model's graph, which has the guidance inside, as a ``Denoiser``. Its arrays are NumPy's."""

    def __init__(self, session: OnnxSession) -> None:
        self._session = session

    def prepare(self, cond_frame: Array, cond: Array, times: Sequence[int]) -> Window:
        return cond_frame, cond

    def x_start(self, prepared: Window, x: Array, time: int) -> Array:
        cond_frame, cond = prepared
        return self._session.run(x=x, cond_frame=cond_frame, cond=cond, time_cond=np.array([time], np.int64))["x_start"]

    def array(self, values: Array) -> Array:
        return values

    def numpy(self, values: Array) -> Array:
        return values


def _frames(values: Array) -> list[Array]:
    return np.split(values, len(values))


def check_guidance(guidance: float, backend: str) -> None:
    """Refuses any guidance but the one inside exported graphs.

    Raises:
        OptionError: it is another.
    """
    if guidance != PUBLISHED_GUIDANCE:
        raise dh.OptionError(
            f"guidance={guidance:g}: backend={backend} has {PUBLISHED_GUIDANCE:g} inside; leave it or use backend=torch"
        )
