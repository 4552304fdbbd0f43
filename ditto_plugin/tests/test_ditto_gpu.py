"""What only a GPU or the published weights can show. Skipped, with the reason, where they are missing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import dh
from dh.checkpoints import state
from dh_ditto import checkpoints
from dh_ditto.backends.base import Backend, open_backend
from dh_ditto.diffusion import Sampler
from dh_ditto.frame_networks import FaceJob, FrameNetworks, open_frame_networks
from dh_ditto.options import RendererOptions
from dh_ditto.paste import PasteBack
from dh_ditto.weights.layout import Weights, find

torch = pytest.importorskip("torch")

ROOT = Path(__file__).resolve().parents[2]
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
needs_weights = pytest.mark.skipif(
    not state(checkpoints.PYTORCH).present, reason="needs the published weights: dh checkpoints pull ditto"
)
TURNED = np.array([[1.1, 0.1, 300], [-0.1, 1.1, 100], [0, 0, 1]])


def face(backend: Backend, seed: int = 0) -> FaceJob:
    """A random volume and random keypoints."""
    random = np.random.default_rng(seed)
    volume = backend.volume(random.standard_normal((1, 32, 16, 64, 64), np.float32))
    return FaceJob(volume, *np.clip(random.normal(0, 0.3, (2, 1, 21, 3)), -0.95, 0.95).astype(np.float32))


def picture(backend: Backend) -> np.ndarray:
    """One frame from a random volume."""
    return backend.decode(backend.warp(*face(backend)))


def pasted(networks: FrameNetworks, *seeds: int) -> list[np.ndarray]:
    """Frames of random faces, rendered in one call, on a turned crop in a random frame."""
    frame = np.random.default_rng(9).integers(0, 256, (720, 1280, 3), np.uint8)
    background = networks.paste_back().background(frame, TURNED)
    return [background.paste(render) for render in networks.render([face(networks.backend, seed) for seed in seeds])]


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    return float(-10 * np.log10(max(1e-12, np.mean((first - second) ** 2))))


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
def test_graphs_give_the_numbers_of_plain_calls(untrained: Weights) -> None:
    recorded, plain = (open_backend(untrained, "torch", "cuda", graphs=graphs) for graphs in (True, False))
    assert psnr(picture(recorded), picture(plain)) > 50
    assert np.array_equal(picture(recorded), picture(recorded)), "a replay leaves nothing behind"
    random = np.random.default_rng(0)
    inputs = random.standard_normal((1, 265), np.float32), random.standard_normal((1, 80, 1103), np.float32)
    windows = [Sampler(backend.denoiser())(*inputs, 4) for backend in (recorded, plain)]
    np.testing.assert_allclose(windows[0], windows[1], rtol=1e-3, atol=1e-3)


@needs_gpu
def test_a_frame_is_finished_on_the_gpu_as_on_the_host(untrained: Weights) -> None:
    networks = open_frame_networks(RendererOptions(), dh.Context(device="cuda", weights=untrained.folder))
    frame = np.random.default_rng(9).integers(0, 256, (720, 1280, 3), np.uint8)
    (render,) = networks.render([face(networks.backend)])
    on_host = render.tensor.float().cpu().numpy().transpose(1, 2, 0) * 255
    expected = PasteBack().paste(frame, on_host, TURNED).astype(int)
    paste_back = networks.paste_back()
    for got in (paste_back.paste(frame, render, TURNED), paste_back.background(frame, TURNED).paste(render)):
        assert np.abs(got - expected).max() <= 1


@needs_gpu
def test_sessions_on_one_gpu_get_the_frames_that_each_gets_alone(untrained: Weights) -> None:
    context = dh.Context(device="cuda", weights=untrained.folder)
    alone = open_frame_networks(RendererOptions(), context)
    expected = [pasted(alone, seed)[0] for seed in range(6)]
    sessions = [open_frame_networks(RendererOptions(share_batch=4), context) for _ in range(6)]

    def speaks(seed: int) -> Callable[[], list[np.ndarray]]:
        return lambda: [pasted(sessions[seed], seed)[0] for _ in range(10)]

    with ThreadPoolExecutor(len(sessions)) as threads:
        made = [threads.submit(speaks(seed)) for seed in range(6)]
        for frames, one in zip(made, expected, strict=True):
            assert min(psnr(frame / 255, one / 255) for frame in frames.result()) > 45


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
