"""The coefficient regressor of Deep3DFaceRecon: Deng et al. 2019 (arXiv:1903.08527), section 3; a ResNet-50.

ResNet-50 is that of He et al. 2016 (arXiv:1512.03385) with the stride in the 3x3 convolution. Key names are those of
the PyTorch release.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

_HEADS = (80, 64, 80, 3, 27, 2, 1)
"""Widths of identity, expression, texture, angles, lighting, shift in the image plane, depth."""
_EXPRESSION = 1


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions beside a shortcut."""

    def __init__(self, channels: int, inner: int, stride: int) -> None:
        super().__init__()
        out = 4 * inner
        self.conv1 = nn.Conv2d(channels, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.downsample = (
            None
            if channels == out and stride == 1
            else nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        )

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        return F.relu(self.bn3(self.conv3(x)) + shortcut)


class ResNet50(nn.Module):
    """From pictures, (n, 3, h, w) in 0 to 1, to features (n, 2048, 1, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        channels = 64
        for number, (inner, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), 1):
            layer = nn.Sequential()
            for block in range(blocks):
                layer.append(Bottleneck(channels, inner, 2 if block == 0 and number > 1 else 1))
                channels = 4 * inner
            self.add_module(f"layer{number}", layer)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for number in range(1, 5):
            x = self.get_submodule(f"layer{number}")(x)
        return x.mean((2, 3), keepdim=True)


class FaceCoefficients(nn.Module):
    """From aligned faces, uint8 (n, 3, 224, 224), to the 64 expression coefficients, (n, 64)."""

    num_features = _HEADS[_EXPRESSION]

    def __init__(self) -> None:
        super().__init__()
        self.backbone = ResNet50()
        self.final_layers = nn.ModuleList(nn.Conv2d(2048, width, 1) for width in _HEADS)

    def forward(self, faces: Tensor) -> Tensor:
        expression: Tensor = self.final_layers[_EXPRESSION](self.backbone(faces.float() / 255))
        return torch.flatten(expression, 1)
