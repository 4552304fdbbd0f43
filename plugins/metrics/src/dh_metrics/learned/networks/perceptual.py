"""LPIPS: the distance of two pictures in the features of a classifier.

Zhang et al. 2018 (arXiv:1801.03924), equation 1, version 0.1. Classifiers: VGG-16 of Simonyan and Zisserman 2015
(arXiv:1409.1556), AlexNet of Krizhevsky 2014 (arXiv:1404.5997).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
_EPSILON = 1e-8
_VGG16 = (64, 64, "pool", 128, 128, "pool", 256, 256, 256, "pool", 512, 512, 512, "pool", 512, 512, 512, "pool")

TAPS = {"vgg": (3, 8, 15, 22, 29), "alex": (1, 4, 7, 9, 11)}
"""After which of a classifier's feature layers the pictures are compared."""
CHANNELS = {"vgg": (64, 128, 256, 512, 512), "alex": (64, 192, 384, 256, 256)}
"""Channels at each of them."""


def vgg16_features() -> nn.Sequential:
    """The convolutional part of VGG-16, with torchvision's layer numbers."""
    layers: list[nn.Module] = []
    channels = 3
    for item in _VGG16:
        if isinstance(item, int):
            layers += [nn.Conv2d(channels, item, 3, padding=1), nn.ReLU()]
            channels = item
        else:
            layers.append(nn.MaxPool2d(2, 2))
    return nn.Sequential(*layers)


def alexnet_features() -> nn.Sequential:
    """The convolutional part of AlexNet ("one weird trick"), with torchvision's layer numbers."""
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
    )  # fmt: skip


class PerceptualDistance(nn.Module):
    """From two batches of pictures, (n, 3, h, w) in -1 to 1, to their distances (n,).

    Args:
        features: of the classifier; layers after the last tap are not run.
        taps: indices of layers whose output is compared.
        weights: of the channels at each tap, (1, channels, 1, 1).
    """

    def __init__(self, features: nn.Sequential, taps: Sequence[int], weights: Sequence[Tensor]) -> None:
        super().__init__()
        self.features = features
        self.taps = tuple(taps)
        for tap, weight in zip(taps, weights, strict=True):
            self.register_buffer(f"weight{tap}", weight)
        self.register_buffer("shift", torch.tensor(_SHIFT).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor(_SCALE).view(1, 3, 1, 1))

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        both = (torch.cat((first, second)) - self.shift) / self.scale
        distance = torch.zeros(len(first), dtype=both.dtype, device=both.device)
        for index, layer in enumerate(self.features[: self.taps[-1] + 1]):
            both = layer(both)
            if index in self.taps:
                unit = both / torch.sqrt(_EPSILON + both.square().sum(1, keepdim=True))
                one, other = unit.chunk(2)
                difference = (one - other).square() * getattr(self, f"weight{index}")
                distance += difference.sum(1).mean((1, 2))
        return distance
