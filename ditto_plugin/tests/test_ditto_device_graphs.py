"""Networks that are recorded and replayed give the numbers of networks that are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from dh_ditto.diffusion import Sampler
from dh_ditto.weights.layout import Weights

torch = pytest.importorskip("torch")

from dh_ditto.backends import open_backend  # noqa: E402
from dh_ditto.backends.cuda_graphs import Function, Graphed, Recording  # noqa: E402
from dh_ditto.networks.denoiser import MotionDecoder  # noqa: E402
from dh_ditto.networks.guided_denoiser import GuidedDenoiser  # noqa: E402


class FakeRecorder:
    """Records as a GPU does: reads and writes the same places at every replay, and runs no line of the caller's."""

    def __init__(self) -> None:
        self.shapes: list[list[tuple[int, ...]]] = []
        self.replays = 0

    def __call__(self, function: Function, inputs: Sequence[Any]) -> Recording:
        self.shapes.append([tuple(value.shape) for value in inputs])
        output = torch.full_like(function(*inputs), torch.nan)

        def replay() -> None:
            self.replays += 1
            output.copy_(function(*inputs))

        return Recording(inputs, output, replay)


def test_a_recording_serves_all_calls_of_its_shapes() -> None:
    record = FakeRecorder()
    doubled = Graphed(lambda x, y: 2 * x + y, record)
    one = torch.ones(1)
    results = [doubled(torch.full((size,), value), one) for size, value in ((2, 1.0), (2, 5.0), (3, 1.0), (2, 7.0))]
    assert [result.tolist() for result in results] == [[3, 3], [11, 11], [3, 3, 3], [15, 15]]
    assert record.shapes == [[(2,), (1,)], [(3,), (1,)]]
    assert record.replays == 4


def test_inputs_stay_as_they_are() -> None:
    values = torch.ones(2)
    assert Graphed(lambda x: x.add_(1), FakeRecorder())(values).tolist() == [2, 2]
    assert values.tolist() == [1, 1]


def small_decoder() -> MotionDecoder:
    torch.manual_seed(0)
    return MotionDecoder(motion_feat_dim=12, audio_feat_dim=20, latent_dim=32, num_layers=2, num_heads=4).eval()


def test_a_recorded_denoiser_samples_the_same_windows() -> None:
    module = small_decoder()
    random = np.random.default_rng(0)
    record = FakeRecorder()
    plain = GuidedDenoiser(module)
    recorded = GuidedDenoiser(module, wrap=lambda step: Graphed(step, record))
    samplers = [Sampler(denoiser, seed=3) for denoiser in (plain, recorded)]
    for _ in range(2):
        known, cond = random.standard_normal((1, 12), np.float32), random.standard_normal((1, 80, 20), np.float32)
        first, second = (sampler(known, cond, 5) for sampler in samplers)
        np.testing.assert_allclose(second, first, atol=1e-5)
    assert len(record.shapes) == 1, "steps and windows have the same shapes"


def test_recorded_networks_warp_and_decode_the_same_frames(untrained: Weights) -> None:
    random = np.random.default_rng(0)
    plain, recorded = open_backend(untrained), open_backend(untrained)
    record = recorded._recorder = FakeRecorder()  # type: ignore[attr-defined]
    volumes = random.standard_normal((2, 1, 32, 16, 32, 32), np.float32)
    points = 0.3 * random.standard_normal((2, 2, 1, 21, 3), np.float32)
    for volume, (source, driving) in zip(volumes, points, strict=True):
        features = [one.warp(one.volume(volume), source, driving) for one in (plain, recorded)]
        np.testing.assert_array_equal(features[1], features[0])
        corner = features[0][..., :4, :4].contiguous()
        np.testing.assert_array_equal(recorded.decode(corner), plain.decode(corner))
    assert len(record.shapes) == 2
    assert record.replays == 4


def test_on_a_cpu_nothing_is_recorded(untrained: Weights) -> None:
    backend = open_backend(untrained, graphs=True)
    assert backend._recorder is None  # type: ignore[attr-defined]
    assert not backend.on_device
