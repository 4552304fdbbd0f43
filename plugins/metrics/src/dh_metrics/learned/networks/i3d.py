"""I3D: Inception v1 in three dimensions, Carreira and Zisserman 2017 (arXiv:1705.07750), table 1 and figure 3.

Key names are those of the PyTorch release of the Kinetics weights.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

_CLASSES = 400
_MIXED = {
    "3b": (192, (64, 96, 128, 16, 32, 32)),
    "3c": (256, (128, 128, 192, 32, 96, 64)),
    "4b": (480, (192, 96, 208, 16, 48, 64)),
    "4c": (512, (160, 112, 224, 24, 64, 64)),
    "4d": (512, (128, 128, 256, 24, 64, 64)),
    "4e": (512, (112, 144, 288, 32, 64, 64)),
    "4f": (528, (256, 160, 320, 32, 128, 128)),
    "5b": (832, (256, 160, 320, 32, 128, 128)),
    "5c": (832, (384, 192, 384, 48, 128, 128)),
}
_Three = tuple[int, int, int]


def _pad_same(x: Tensor, kernel: _Three, stride: _Three) -> Tensor:
    """Zeros around time, height and width as TensorFlow pads: the odd one comes last."""
    padding: list[int] = []
    for size, width, step in zip(x.shape[2:], kernel, stride, strict=True):
        total = max(width - (size % step or step), 0)
        padding = [total // 2, total - total // 2, *padding]
    return F.pad(x, padding)


class Unit(nn.Module):
    """Convolution with padding "same"; then batch normalisation and ReLU, or a bias alone."""

    def __init__(
        self, channels: int, out: int, kernel: _Three = (1, 1, 1), stride: _Three = (1, 1, 1), *, last: bool = False
    ) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.conv3d = nn.Conv3d(channels, out, kernel, stride, bias=last)
        self.bn = None if last else nn.BatchNorm3d(out, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv3d(_pad_same(x, self.kernel, self.stride))
        return x if self.bn is None else F.relu(self.bn(x))


class Mixed(nn.Module):
    """An Inception module; ``widths`` in the order of the published keys."""

    def __init__(self, channels: int, widths: tuple[int, int, int, int, int, int]) -> None:
        super().__init__()
        self.b0 = Unit(channels, widths[0])
        self.b1a = Unit(channels, widths[1])
        self.b1b = Unit(widths[1], widths[2], (3, 3, 3))
        self.b2a = Unit(channels, widths[3])
        self.b2b = Unit(widths[3], widths[4], (3, 3, 3))
        self.b3b = Unit(channels, widths[5])

    def forward(self, x: Tensor) -> Tensor:
        pooled = _max_pool(x, (3, 3, 3), (1, 1, 1))
        return torch.cat((self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(pooled)), 1)


def _max_pool(x: Tensor, kernel: _Three, stride: _Three) -> Tensor:
    return F.max_pool3d(_pad_same(x, kernel, stride), kernel, stride)


class I3D(nn.Module):
    """From clips, (n, 3, time, 224, 224) in 0 to 255, to the 400 logits of Kinetics averaged over time, (n, 400).

    FVD compares these (Unterthiner et al. 2018, arXiv:1812.01717). A clip has at least 9 frames.
    """

    num_features = _CLASSES

    def __init__(self) -> None:
        super().__init__()
        self.Conv3d_1a_7x7 = Unit(3, 64, (7, 7, 7), (2, 2, 2))
        self.Conv3d_2b_1x1 = Unit(64, 64)
        self.Conv3d_2c_3x3 = Unit(64, 192, (3, 3, 3))
        for name, (channels, widths) in _MIXED.items():
            self.add_module(f"Mixed_{name}", Mixed(channels, widths))
        self.logits = Unit(1024, _CLASSES, last=True)

    def forward(self, clips: Tensor) -> Tensor:
        x = _max_pool(self.Conv3d_1a_7x7(clips / 127.5 - 1), (1, 3, 3), (1, 2, 2))
        x = _max_pool(self.Conv3d_2c_3x3(self.Conv3d_2b_1x1(x)), (1, 3, 3), (1, 2, 2))
        for name in _MIXED:
            if name == "4b":
                x = _max_pool(x, (3, 3, 3), (2, 2, 2))
            elif name == "5b":
                x = _max_pool(x, (2, 2, 2), (2, 2, 2))
            x = self.get_submodule(f"Mixed_{name}")(x)
        return self.logits(F.avg_pool3d(x, (2, 7, 7), stride=1)).mean((2, 3, 4))
