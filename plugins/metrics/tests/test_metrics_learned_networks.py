"""The networks have the published layers: keys, shapes and sizes of the published files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from learned_samples import untrained

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from dh_metrics.learned.networks.i3d import I3D  # noqa: E402
from dh_metrics.learned.networks.inception import InceptionV3  # noqa: E402
from dh_metrics.learned.networks.perceptual import alexnet_features, vgg16_features  # noqa: E402
from dh_metrics.learned.networks.reconstruction import FaceCoefficients  # noqa: E402
from dh_metrics.learned.networks.syncnet import SyncNet  # noqa: E402
from dh_metrics.learned.weights import load_into, read_state_dict  # noqa: E402

PUBLISHED = [
    (alexnet_features, 2_469_696, {"0.weight": (64, 3, 11, 11), "10.bias": (256,)}),
    (vgg16_features, 14_714_688, {"0.weight": (64, 3, 3, 3), "28.weight": (512, 512, 3, 3)}),
    (
        InceptionV3,
        23_850_960,
        {
            "Conv2d_1a_3x3.conv.weight": (32, 3, 3, 3),
            "Mixed_6e.branch7x7dbl_5.conv.weight": (192, 192, 1, 7),
            "Mixed_7c.branch3x3dbl_3b.bn.running_var": (384,),
            "fc.weight": (1008, 2048),
        },
    ),
    (
        I3D,
        12_697_264,
        {
            "Conv3d_1a_7x7.conv3d.weight": (64, 3, 7, 7, 7),
            "Mixed_4f.b2b.bn.running_mean": (128,),
            "logits.conv3d.bias": (400,),
        },
    ),
    (
        SyncNet,
        13_631_616,
        {
            "netcnnaud.0.weight": (64, 1, 3, 3),
            "netcnnaud.18.weight": (512, 256, 5, 4),
            "netcnnlip.18.weight": (512, 256, 1, 6, 6),
            "netfclip.3.weight": (1024, 512),
        },
    ),
    (
        FaceCoefficients,
        24_034_625,
        {
            "backbone.conv1.weight": (64, 3, 7, 7),
            "backbone.layer4.2.bn3.running_var": (2048,),
            "backbone.layer1.0.downsample.1.bias": (256,),
            "final_layers.1.weight": (64, 2048, 1, 1),
            "final_layers.6.bias": (1,),
        },
    ),
]


@pytest.mark.parametrize(("make", "size", "shapes"), PUBLISHED, ids=lambda value: getattr(value, "__name__", ""))
def test_a_network_has_the_published_size_keys_and_shapes(
    make: Callable[[], nn.Module], size: int, shapes: dict[str, tuple[int, ...]]
) -> None:
    with torch.device("meta"):
        network = make()
    state = network.state_dict()
    assert sum(parameter.numel() for parameter in network.parameters()) == size
    assert {key: tuple(state[key].shape) for key in shapes} == shapes


def _published(tmp_path: Path, make: Callable[[], nn.Module]) -> nn.Module:
    """A network loaded from a file as it is published."""
    with torch.device("meta"):
        shapes = make().state_dict()
    network = make()
    state = untrained(network)
    assert state.keys() == shapes.keys()
    path = tmp_path / "published.pth"
    torch.save(state, path)
    return load_into(network, read_state_dict(path), path)


def test_inception_gives_2048_features_of_pictures_of_any_size(tmp_path: Path) -> None:
    network = _published(tmp_path, InceptionV3)
    pictures = torch.randint(0, 256, (1, 3, 60, 90), dtype=torch.uint8)
    found = network(pictures)
    assert found.shape == (1, 2048)
    assert float(found.std()) > 0


def test_i3d_gives_400_features_of_a_clip(tmp_path: Path) -> None:
    network = _published(tmp_path, I3D)
    found = network(torch.rand(1, 3, 16, 224, 224) * 255)
    assert found.shape == (1, 400)
    assert float(found.std()) > 0


def test_syncnet_embeds_faces_and_sound_in_one_space(tmp_path: Path) -> None:
    network = _published(tmp_path, SyncNet)
    assert network.face(torch.rand(2, 3, 5, 224, 224) * 255).shape == (2, 1024)
    assert network.sound(torch.randn(2, 1, 13, 20)).shape == (2, 1024)


def test_the_reconstruction_gives_64_expression_coefficients(tmp_path: Path) -> None:
    network = _published(tmp_path, FaceCoefficients)
    pictures = torch.randint(0, 256, (2, 3, 224, 224), dtype=torch.uint8)
    found = network(pictures)
    assert found.shape == (2, 64)
    features = network.backbone(pictures.float() / 255)
    whole = torch.cat([head(features) for head in network.final_layers], 1).flatten(1)
    assert torch.allclose(found, whole[:, 80:144])
