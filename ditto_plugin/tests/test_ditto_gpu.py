"""What only a GPU or the published weights can show. Skipped, with the reason, where they are missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dh
from dh.checkpoints import state
from dh_ditto import checkpoints
from dh_ditto.backends.base import Backend, open_backend
from dh_ditto.diffusion import Sampler
from dh_ditto.weights.layout import Weights, find

torch = pytest.importorskip("torch")

ROOT = Path(__file__).resolve().parents[2]
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
needs_weights = pytest.mark.skipif(
    not state(checkpoints.PYTORCH).present, reason="needs the published weights: dh checkpoints pull ditto"
)


def picture(backend: Backend) -> np.ndarray:
    """One frame from a random volume."""
    random = np.random.default_rng(0)
    volume = backend.volume(random.standard_normal((1, 32, 16, 64, 64), np.float32))
    source, driving = np.clip(random.normal(0, 0.3, (2, 1, 21, 3)), -0.95, 0.95).astype(np.float32)
    return backend.decode(backend.warp(volume, source, driving))


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((first - second) ** 2)))


@needs_gpu
@pytest.mark.parametrize(("precision", "least"), [("fp32", 60), ("fp16", 40)])
def test_a_gpu_gives_the_frame_that_the_cpu_gives(untrained: Weights, precision: str, least: float) -> None:
    on_cpu = picture(open_backend(untrained, "torch", "cpu"))
    on_gpu = picture(open_backend(untrained, "torch", "cuda", precision))  # type: ignore[arg-type]
    assert psnr(on_cpu, on_gpu) > least


@needs_gpu
def test_a_gpu_gives_the_motion_that_the_cpu_gives(untrained: Weights) -> None:
    random = np.random.default_rng(0)
    inputs = random.standard_normal((1, 265), np.float32), random.standard_normal((1, 80, 1103), np.float32)
    windows = [Sampler(open_backend(untrained, "torch", device).denoiser())(*inputs, 4) for device in ("cpu", "cuda")]
    np.testing.assert_allclose(windows[1], windows[0], rtol=5e-3, atol=5e-3)


@needs_gpu
def test_tensorrt_gives_the_frame_that_pytorch_gives(untrained: Weights, exported_folder: Path) -> None:
    pytest.importorskip("tensorrt")
    expected = picture(open_backend(untrained, "torch", "cpu"))
    assert psnr(picture(open_backend(find(exported_folder), "tensorrt", "cuda")), expected) > 40


@needs_weights
def test_published_weights_make_a_face_that_speaks() -> None:
    from dh_face_mesh.landmarks import FaceLandmarker

    examples = ROOT / "examples"
    with (
        dh.stream("ditto", source=examples / "portrait.jpg", audio=examples / "speech.wav") as frames,
        FaceLandmarker() as landmarker,
    ):
        faces = [landmarker.faces(frame.image)[0] for _, frame in zip(range(30), frames, strict=False)]
    opening = [np.linalg.norm(face[13] - face[14]) / np.linalg.norm(face[234] - face[454]) for face in faces]
    assert np.ptp(opening) > 0.02
