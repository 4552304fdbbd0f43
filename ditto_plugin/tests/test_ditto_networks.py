"""The published networks: their checkpoints' keys and sizes, and that a batch gives what its members give alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from dh_ditto import networks
from dh_ditto.networks import AppearanceExtractor, Decoder, MotionExtractor, StitchNetwork, WarpNetwork
from dh_ditto.networks.dense_motion import gaussians, identity_grid, sample_volume
from dh_ditto.networks.spectral import SpectralConv2d
from dh_ditto.weights.untrained import seeded_state_dict

PUBLISHED = json.loads((Path(__file__).parents[2] / "tests/goldens/ditto/state_dicts.json").read_text(encoding="utf-8"))

BUILD: dict[str, Callable[[], torch.nn.Module]] = {
    "appearance_extractor": AppearanceExtractor,
    "motion_extractor": MotionExtractor,
    "stitch_network": StitchNetwork,
    "warp_network": WarpNetwork,
    "decoder": Decoder,
    "lmdm": networks.MotionDecoder,
}

PARAMETERS = {
    "appearance_extractor": 836_224,
    "motion_extractor": 28_118_728,
    "stitch_network": 45_249,
    "warp_network": 45_529_829,
    "decoder": 55_365_388,
    "lmdm": 47_788_297,
}


def small(name: str, seed: int = 0) -> torch.nn.Module:
    """A network whose layers are those of the published one, only narrower or fewer, with weights of a seed."""
    builders: dict[str, Callable[[], torch.nn.Module]] = {
        "appearance_extractor": lambda: AppearanceExtractor(width=8, volume_channels=4, resblocks=2),
        "motion_extractor": lambda: MotionExtractor(depths=(1, 1, 2, 1), widths=(8, 16, 24, 32)),
        "stitch_network": StitchNetwork,
        "warp_network": lambda: WarpNetwork(keypoints=3, volume_channels=4, feature_channels=8),
        "decoder": lambda: Decoder(feature_channels=8, width=32, middle_blocks=2),
    }
    module = builders[name]()
    module.load_state_dict(seeded_state_dict(module, seed))
    return module.eval()


@pytest.mark.parametrize("name", sorted(BUILD))
def test_keys_shapes_and_types_are_the_published_ones(name: str) -> None:
    with torch.device("meta"):
        state = BUILD[name]().state_dict()
    mine = {key: [list(value.shape), str(value.dtype).removeprefix("torch.")] for key, value in state.items()}
    assert mine == PUBLISHED[name]


@pytest.mark.parametrize("name", sorted(BUILD))
def test_parameter_counts_are_the_published_ones(name: str) -> None:
    with torch.device("meta"):
        module = BUILD[name]()
    assert sum(parameter.numel() for parameter in module.parameters()) == PARAMETERS[name]


@pytest.mark.parametrize("name", ["appearance_extractor", "motion_extractor", "stitch_network", "decoder"])
def test_a_missing_or_foreign_key_is_refused(name: str) -> None:
    module = small(name)
    state = module.state_dict()
    foreign = {**state, "other.weight": torch.zeros(1)}
    state.pop(next(iter(state)))
    for wrong in (state, foreign):
        with pytest.raises(RuntimeError, match="state_dict"):
            module.load_state_dict(wrong)


def keypoints(count: int, of: int = 21, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, of, 3, generator=torch.Generator().manual_seed(seed)).mul(0.3).clamp(-0.95, 0.95)


def batch(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("appearance_extractor", [batch(3, 3, 32, 32)]),
        ("motion_extractor", [batch(3, 3, 64, 64)]),
        ("stitch_network", [keypoints(3), keypoints(3, seed=2)]),
        ("warp_network", [batch(3, 4, 16, 32, 32), keypoints(3, 3), keypoints(3, 3, seed=2)]),
        ("decoder", [batch(3, 8, 8, 8)]),
    ],
)
@torch.inference_mode()
def test_a_batch_gives_what_its_members_give(name: str, inputs: list[torch.Tensor]) -> None:
    module = small(name)
    together = module(*inputs)
    for i in range(3):
        alone = module(*(value[i : i + 1] for value in inputs))
        if name != "motion_extractor":
            together, alone = {"out": together} if torch.is_tensor(together) else together, {"out": alone}
        for part, value in alone.items():
            torch.testing.assert_close(together[part][i : i + 1], value, rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_one_source_serves_many_driven_frames() -> None:
    network = small("warp_network")
    volume, source, driving = batch(1, 4, 16, 32, 32), keypoints(1, 3), keypoints(3, 3, seed=2)
    shared = network(volume, source, driving, compressed=network.compress(volume))
    repeated = network(volume.expand(3, -1, -1, -1, -1), source.expand(3, -1, -1), driving)
    torch.testing.assert_close(shared, repeated, rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_one_source_is_stitched_to_many_driven_frames() -> None:
    network, source, driving = small("stitch_network"), keypoints(1), keypoints(3, seed=2)
    torch.testing.assert_close(network(source, driving), network(source.expand(3, -1, -1), driving))


def test_spectral_weight_has_norm_one_and_follows_its_vectors() -> None:
    conv = SpectralConv2d(5, 7, kernel_size=3)
    conv.load_state_dict(seeded_state_dict(conv))
    torch.testing.assert_close(torch.linalg.matrix_norm(conv.weight.flatten(1), 2), torch.tensor(1.0))
    before = conv.weight
    conv.weight_u.mul_(2)
    torch.testing.assert_close(conv.weight, before / 2)


def test_identity_grid_is_x_y_z_with_corners_at_one() -> None:
    grid = identity_grid(torch.Size([3, 5, 9]), torch.device("cpu"))
    assert grid.shape == (3, 5, 9, 3)
    assert grid[0, 0, 0].tolist() == [-1, -1, -1]
    assert grid[2, 2, 2].tolist() == [-0.5, 0, 1]


def test_a_heatmap_peaks_at_its_keypoint() -> None:
    grid = identity_grid(torch.Size([5, 5, 5]), torch.device("cpu"))
    heatmap = gaussians(torch.Size([5, 5, 5]), grid[1, 2, 3][None, None])
    assert heatmap.shape == (1, 1, 5, 5, 5)
    assert heatmap[0, 0, 1, 2, 3] == heatmap.max() == 1


def test_samples_are_nought_outside_the_volume() -> None:
    coordinates = torch.full((1, 1, 1, 2, 3), 0.0)
    coordinates[0, 0, 0, 1] = 1.9
    assert sample_volume(torch.ones(1, 1, 4, 4, 4), coordinates).flatten().tolist() == [1, 0]
