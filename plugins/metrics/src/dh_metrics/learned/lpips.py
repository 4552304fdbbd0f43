"""LPIPS: how different each frame looks from the reference's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import dh
from dh_metrics.fidelity import compare
from dh_metrics.learned.checkpoints import VGG16
from dh_metrics.learned.options import LearnedOptions
from dh_metrics.learned.weights import digest, given_weights, load_into, read_state_dict, require, weights_file

if TYPE_CHECKING:
    from torch import Tensor, nn

_ALEXNET_FILES = ("alexnet-owt-7be5be79.pth", "alexnet-owt-4df8aa71.pth")
_VGG_FILES = ("vgg16-397923af.pth",)
_PREFIX = "features."


class Lpips:
    """LPIPS of Zhang et al. 2018 with VGG-16, or with AlexNet where a folder of weights holds that."""

    def __init__(self, options: LearnedOptions, context: dh.Context) -> None:
        self._context = context

    def measure(self, material: dh.Material) -> dh.Measure:
        """Mean over the frames that both videos have, with the curve "LPIPS".

        Raises:
            NotMeasurable: there is no reference, or its frames have another size.
        """
        torch = require("lpips", "torch")
        path = weights_file(self._context, VGG16, *_VGG_FILES, *_ALEXNET_FILES)
        kind = "alex" if path.name in _ALEXNET_FILES else "vgg"
        linear = _linear_file(kind)
        network = perceptual_distance(kind, path, linear).to(self._context.device)

        def distance(frame: NDArray[np.uint8], reference: NDArray[np.uint8]) -> float:
            pair = torch.from_numpy(np.stack([frame, reference])).to(self._context.device)
            pair = pair.permute(0, 3, 1, 2).float() / 127.5 - 1
            with torch.inference_mode():
                return float(network(pair[:1], pair[1:]))

        values, note = compare(material, distance)
        version = f"LPIPS 0.1 with {'AlexNet' if kind == 'alex' else 'VGG-16'}"
        return dh.Measure(
            value=float(np.mean(values)),
            count=len(values),
            series={"LPIPS": values},
            note=f"{version}; {note}" if note else version,
            weights={**given_weights(self._context, path), f"torchmetrics/{linear.name}": digest(linear)},
        )


def perceptual_distance(kind: str, features_file: Path, linear_file: Path) -> nn.Module:
    """The network, from a classifier's published weights and the published weights of LPIPS's channels.

    Args:
        kind: "vgg" or "alex".
        features_file: state dict of the classifier.
        linear_file: state dict of the channels' weights, ``lin0.model.1.weight`` to ``lin4.model.1.weight``.

    Raises:
        InputError: a file holds something else.
    """
    from dh_metrics.learned.networks import perceptual

    features = perceptual.vgg16_features() if kind == "vgg" else perceptual.alexnet_features()
    state = read_state_dict(features_file)
    convolutions = {key.removeprefix(_PREFIX): value for key, value in state.items() if key.startswith(_PREFIX)}
    load_into(features, convolutions, features_file)
    return perceptual.PerceptualDistance(
        features, perceptual.TAPS[kind], _linear_weights(linear_file, perceptual.CHANNELS[kind])
    ).eval()


def _linear_file(kind: str) -> Path:
    """The channels' weights, which torchmetrics ships inside its package."""
    module = require("lpips", "torchmetrics.functional.image.lpips")
    return Path(module.__file__).parent / "lpips_models" / f"{kind}.pth"


def _linear_weights(path: Path, channels: tuple[int, ...]) -> list[Tensor]:
    state = read_state_dict(path)
    expected = {f"lin{index}.model.1.weight": (1, width, 1, 1) for index, width in enumerate(channels)}
    if {key: tuple(value.shape) for key, value in state.items()} != expected:
        raise dh.InputError(f"{path}: not the weights of LPIPS version 0.1; install torchmetrics again")
    return [state[key] for key in expected]
