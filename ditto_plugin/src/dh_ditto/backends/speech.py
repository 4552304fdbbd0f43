"""The speech encoder, which every backend runs in ONNX Runtime: that is how it is published."""

from __future__ import annotations

from collections.abc import Callable

import dh
from dh_ditto.audio_features import FEATURE_SIZE
from dh_ditto.backends.base import SpeechEncoderName
from dh_ditto.backends.onnx_session import OnnxSession, has_cuda
from dh_ditto.motion import Array
from dh_ditto.weights.layout import Weights


class SpeechEncoder:
    """HuBERT or WavLM, loaded at its first use.

    Args:
        weights: that the encoder comes with.
        device: to run on; where ONNX Runtime has no CUDA the CPU does it, and ``notice`` says so.
        notice: receives lines that the user should see.
        network: which encoder the diffusion model was trained with.
    """

    def __init__(
        self, weights: Weights, device: str, notice: Callable[[str], None], network: SpeechEncoderName = "hubert"
    ) -> None:
        self._weights, self._device, self._notice, self._network = weights, device, notice, network
        self._session: OnnxSession | None = None

    def __call__(self, samples: Array) -> Array:
        """Speech [1,n] at 16 kHz, float32, to feature rows [r,1024] at 50 Hz.

        Raises:
            CheckpointMissing: the weights bring no encoder.
            InputError: its file cannot be run.
        """
        session = self._loaded()
        rows = session.run(**{session.inputs[0]: samples})[session.outputs[0]]
        if rows.shape[-1] != FEATURE_SIZE:
            raise dh.InputError(
                f"{session.path}: gives rows of {rows.shape[-1]} values, not {FEATURE_SIZE}; use HuBERT large"
            )
        return rows.reshape(-1, FEATURE_SIZE)

    def _loaded(self) -> OnnxSession:
        if self._session is None:
            path, device = self._weights.path(self._network, "onnx"), self._device
            if device.startswith("cuda") and not has_cuda():
                self._notice("the speech encoder runs on the CPU: install onnxruntime-gpu to run it on the GPU")
                device = "cpu"
            self._session = OnnxSession(path, device)
        return self._session
