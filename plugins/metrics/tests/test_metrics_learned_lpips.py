"""LPIPS: zero for equal videos, and torchmetrics' own numbers on the same weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dh
from dh_metrics.learned.lpips import Lpips, perceptual_distance
from dh_metrics.learned.options import LearnedOptions
from learned_samples import HeldMaterial, context_with, noise_frames, untrained

torch = pytest.importorskip("torch")
library = pytest.importorskip("torchmetrics.functional.image.lpips")
from dh_metrics.learned.lpips import _linear_file  # noqa: E402
from dh_metrics.learned.networks.perceptual import alexnet_features, vgg16_features  # noqa: E402

FEATURES = {"alex": alexnet_features, "vgg": vgg16_features}
FILES = {"alex": "alexnet-owt-7be5be79.pth", "vgg": "vgg16-397923af.pth"}


def _save(folder: Path, kind: str) -> Path:
    """A classifier's file as torchvision publishes it, its fully connected part included."""
    state = {f"features.{key}": value for key, value in untrained(FEATURES[kind]()).items()}
    torch.save({**state, "classifier.6.bias": torch.zeros(1000)}, folder / FILES[kind])
    return folder / FILES[kind]


@pytest.fixture
def weights(tmp_path: Path) -> dh.Context:
    _save(tmp_path, "alex")
    return context_with(tmp_path)


@pytest.mark.parametrize("kind", ["alex", "vgg"])
def test_the_distance_is_torchmetrics_on_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = _save(tmp_path, kind)
    network = perceptual_distance(kind, path, _linear_file(kind))
    monkeypatch.setattr(library, "_get_tv_model_features", lambda *_: network.features)
    theirs = library._LPIPS(pnet_rand=True, net=kind)
    one, other = (torch.rand(2, 3, 64, 72) * 2 - 1 for _ in range(2))
    assert network(one, other).tolist() == pytest.approx(theirs(one, other).flatten().tolist(), rel=1e-5)


def test_equal_videos_read_zero_and_noise_reads_more_the_stronger_it_is(weights: dh.Context) -> None:
    frames = noise_frames(3, height=64, width=64)
    random = np.random.default_rng(1)
    noise = [random.normal(size=frame.shape) for frame in frames]

    def noisy(strength: float) -> dh.Measure:
        changed = [np.clip(f + strength * n, 0, 255).astype(np.uint8) for f, n in zip(frames, noise, strict=True)]
        return Lpips(LearnedOptions(), weights).measure(HeldMaterial(changed, reference=frames))

    same, little, much = noisy(0), noisy(10), noisy(60)
    assert same.value == 0
    assert 0 < float(little.value or 0) < float(much.value or 0)
    assert same.count == 3
    assert len(much.series["LPIPS"]) == 3
    assert much.value == pytest.approx(np.mean(np.array(much.series["LPIPS"], float)))


def test_the_note_names_the_classifier_and_weights_carry_hashes(weights: dh.Context) -> None:
    frames = noise_frames(1, height=64, width=64)
    found = Lpips(LearnedOptions(), weights).measure(HeldMaterial(frames, reference=frames))
    assert found.note == "LPIPS 0.1 with AlexNet"
    assert set(found.weights) == {FILES["alex"], "torchmetrics/alex.pth"}
    assert all(len(digest) == 64 for digest in found.weights.values())


def test_vgg_16_is_read_from_the_published_safetensors(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    state = {f"features.{key}": value for key, value in untrained(vgg16_features()).items()}
    save_file({**state, "head.fc.bias": torch.zeros(1000)}, tmp_path / "model.safetensors")
    context = dh.Context(checkpoints={"metrics-vgg16": tmp_path})
    frames = noise_frames(1)
    found = Lpips(LearnedOptions(), context).measure(HeldMaterial(frames, reference=noise_frames(1, seed=5)))
    assert float(found.value or 0) > 0
    assert found.note == "LPIPS 0.1 with VGG-16"
    assert set(found.weights) == {"torchmetrics/vgg.pth"}


def test_videos_of_different_sizes_are_not_measured(weights: dh.Context) -> None:
    material = HeldMaterial(noise_frames(2), reference=noise_frames(2, width=60))
    with pytest.raises(dh.NotMeasurable, match="60x48"):
        Lpips(LearnedOptions(), weights).measure(material)
