"""The networks that run give what the published modules give."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from dh_ditto.networks import AppearanceExtractor, Decoder, MotionExtractor, StitchNetwork, WarpNetwork
from dh_ditto.networks.dense_motion import gaussians, sample_volume, sparse_motions
from dh_ditto.networks.inference import CpuAppearanceExtractor, CpuDecoder, CpuWarpNetwork, fold, for_inference
from dh_ditto.networks.inference import tiles as tiled
from dh_ditto.networks.inference.sparse_motion import evidence
from dh_ditto.networks.spectral import SpectralConv2d
from dh_ditto.weights.untrained import seeded_state_dict

BUILD: dict[str, Callable[[], nn.Module]] = {
    "appearance": lambda: AppearanceExtractor(width=8, volume_channels=4, resblocks=2),
    "motion": lambda: MotionExtractor(depths=(1, 1, 2, 1), widths=(8, 16, 24, 32)),
    "stitch": StitchNetwork,
    "warp": lambda: WarpNetwork(keypoints=3, volume_channels=4, feature_channels=8),
    "decoder": lambda: Decoder(feature_channels=8, width=32, middle_blocks=2),
}
FAST = {"appearance": CpuAppearanceExtractor, "warp": CpuWarpNetwork, "decoder": CpuDecoder}


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def keypoints(*shape: int, seed: int = 0) -> Tensor:
    return normal(*shape, 3, seed=seed).mul(0.4).clamp(-0.95, 0.95)


INPUTS = {
    "appearance": [normal(2, 3, 32, 48)],
    "motion": [normal(2, 3, 64, 64)],
    "stitch": [keypoints(2, 21), keypoints(2, 21, seed=1)],
    "warp": [normal(2, 4, 16, 32, 64), keypoints(2, 3), keypoints(2, 3, seed=1)],
    "decoder": [normal(2, 8, 8, 12)],
}


@pytest.fixture(scope="module", params=sorted(BUILD))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def build(name: str) -> nn.Module:
    module = BUILD[name]()
    module.load_state_dict(seeded_state_dict(module))
    return module.eval()


def results(module: nn.Module, name: str) -> dict[str, Tensor]:
    with torch.inference_mode():
        result = module(*INPUTS[name])
    return result if isinstance(result, dict) else {"result": result}


def check_same(mine: dict[str, Tensor], plain: dict[str, Tensor]) -> None:
    assert mine.keys() == plain.keys()
    for part, value in plain.items():
        torch.testing.assert_close(mine[part], value, rtol=2e-5, atol=2e-5)


def test_a_folded_network_gives_the_same_with_fewer_layers(name: str) -> None:
    plain = build(name)
    folded = fold(plain)
    check_same(results(folded, name), results(plain, name))
    assert not any(isinstance(module, SpectralConv2d) for module in folded.modules())
    norms = [key for key, module in folded.named_modules() if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d)]
    assert all("norm1" in key for key in norms), f"not folded: {norms}"


def test_a_folded_decoder_runs_in_half_precision() -> None:
    plain = build("decoder")
    with torch.inference_mode():
        result = fold(plain).half()(INPUTS["decoder"][0].half())
    assert result.dtype == torch.float16
    torch.testing.assert_close(result.float(), results(plain, "decoder")["result"], rtol=0.02, atol=0.02)


def test_a_half_precision_volume_is_sampled_at_exact_coordinates() -> None:
    volume, coordinates = normal(1, 4, 8, 16, 12).half(), keypoints(1, 8, 16, 12)
    sampled = sample_volume(volume, coordinates)
    assert sampled.dtype == torch.float16
    assert torch.equal(sampled, sample_volume(volume.float(), coordinates).half())


def test_the_cpu_form_gives_the_same_for_every_frame_of_a_batch(name: str) -> None:
    plain = build(name)
    fast = for_inference(plain, "cpu")
    assert isinstance(fast, FAST.get(name, type(plain)))
    check_same(results(fast, name), results(plain, name))


def test_a_form_for_running_leaves_its_network_as_it_is(name: str) -> None:
    plain = build(name)
    before = copy.deepcopy(plain.state_dict())
    results(for_inference(plain), name)
    results(fold(plain), name)
    assert plain.state_dict().keys() == before.keys()
    assert all(torch.equal(value, before[key]) for key, value in plain.state_dict().items())


def test_results_of_earlier_calls_stay(name: str) -> None:
    """Memory is used again, but not that of results."""
    fast = for_inference(build(name))
    first = results(fast, name)
    kept = {part: value.clone() for part, value in first.items()}
    with torch.inference_mode():
        fast(*(value * 0.5 for value in INPUTS[name]))
    assert all(torch.equal(first[part], value) for part, value in kept.items())


def test_the_cpu_warp_tells_the_same_motion() -> None:
    plain, (volume, source, driving) = build("warp"), INPUTS["warp"]
    fast = CpuWarpNetwork(plain)
    with torch.inference_mode():
        expected = plain.dense_motion(plain.compress(volume), source, driving)
        motion = fast.dense_motion(fast.compress(volume), source, driving)
    check_same(motion._asdict(), expected._asdict())


def test_one_source_serves_many_driven_frames_on_a_cpu() -> None:
    fast, (volume, source, driving) = CpuWarpNetwork(build("warp")), INPUTS["warp"]
    shared = fast(volume[:1], source[:1], driving, compressed=fast.compress(volume[:1]))
    repeated = fast(volume[:1].expand(2, -1, -1, -1, -1), source[:1].expand(2, -1, -1), driving)
    torch.testing.assert_close(shared, repeated)


def test_evidence_is_sampled_volumes_and_heatmaps() -> None:
    volume, source, driving = normal(1, 4, 8, 16, 12), keypoints(1, 3), keypoints(1, 3, seed=1)
    tiles = evidence(volume[0], source[0], driving[0])
    mine = tiled.join(tiles).unflatten(0, (4, 5))
    motions = sparse_motions(volume.shape[-3:], source, driving)[0]
    torch.testing.assert_close(mine[:, 1:], sample_volume(volume, motions), rtol=1e-5, atol=1e-5)
    heatmap = gaussians(volume.shape[-3:], driving) - gaussians(volume.shape[-3:], source)
    torch.testing.assert_close(mine[1:, 0], heatmap[0], rtol=1e-5, atol=1e-6)
    assert not mine[0, 0].any()


def test_evidence_has_no_denormal_numbers() -> None:
    tiles = evidence(normal(4, 16, 64, 64).relu(), keypoints(21), keypoints(21, seed=1)).abs()
    assert tiles[tiles > 0].min() > torch.finfo(torch.float32).tiny
