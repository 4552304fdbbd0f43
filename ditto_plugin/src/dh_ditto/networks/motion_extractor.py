"""The motion extractor: pose, expression and canonical keypoints of a face in a picture."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

KEYPOINTS = 21
"""Implicit keypoints of a face."""

ANGLE_BINS = 66
"""Bins that a head angle is classified into."""

_EPSILON = 1e-6


class MotionExtractor(nn.Module):
    """A ConvNeXt V2 (Tiny by default) with a head for each part of a motion.

    Args:
        keypoints: how many.
        depths: blocks of the four stages.
        widths: channels of the four stages.
    """

    def __init__(
        self,
        keypoints: int = KEYPOINTS,
        depths: tuple[int, ...] = (3, 3, 9, 3),
        widths: tuple[int, ...] = (96, 192, 384, 768),
    ) -> None:
        super().__init__()
        self.detector = ConvNeXtV2(keypoints, depths, widths)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """The motion in each picture.

        Args:
            image: [n,3,h,w], RGB in 0..1; sides are multiples of 32, and 256 in the published model.

        Returns:
            pitch, yaw, roll [n,66] (logits of angle bins), t [n,3], exp [n,63], scale [n,1] and kp [n,63], in this
            order.
        """
        return self.detector(image)


class ConvNeXtV2(nn.Module):
    """The backbone (Woo et al. 2023, arXiv:2301.00808) and the linear heads on its pooled features."""

    def __init__(self, keypoints: int, depths: tuple[int, ...], widths: tuple[int, ...]) -> None:
        super().__init__()
        self.downsample_layers = nn.ModuleList(
            [nn.Sequential(nn.Conv2d(3, widths[0], kernel_size=4, stride=4), ChannelNorm(widths[0], eps=_EPSILON))]
        )
        for narrow, wide in itertools.pairwise(widths):
            self.downsample_layers.append(
                nn.Sequential(ChannelNorm(narrow, eps=_EPSILON), nn.Conv2d(narrow, wide, kernel_size=2, stride=2))
            )
        self.stages = nn.ModuleList(
            nn.Sequential(*(ConvNeXtBlock(width) for _ in range(depth)))
            for depth, width in zip(depths, widths, strict=True)
        )
        self.norm = nn.LayerNorm(widths[-1], eps=_EPSILON)
        self.fc_kp = nn.Linear(widths[-1], 3 * keypoints)
        self.fc_scale = nn.Linear(widths[-1], 1)
        self.fc_pitch = nn.Linear(widths[-1], ANGLE_BINS)
        self.fc_yaw = nn.Linear(widths[-1], ANGLE_BINS)
        self.fc_roll = nn.Linear(widths[-1], ANGLE_BINS)
        self.fc_t = nn.Linear(widths[-1], 3)
        self.fc_exp = nn.Linear(widths[-1], 3 * keypoints)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        x = image
        for downsample, stage in zip(self.downsample_layers, self.stages, strict=True):
            x = stage(downsample(x))
        x = self.norm(x.mean((-2, -1)))
        return {
            "pitch": self.fc_pitch(x),
            "yaw": self.fc_yaw(x),
            "roll": self.fc_roll(x),
            "t": self.fc_t(x),
            "exp": self.fc_exp(x),
            "scale": self.fc_scale(x),
            "kp": self.fc_kp(x),
        }


class ConvNeXtBlock(nn.Module):
    """Depthwise 7x7 convolution, then an inverted bottleneck at every pixel: [n,c,h,w] to [n,c,h,w]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, kernel_size=7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=_EPSILON)
        self.pwconv1 = nn.Linear(width, 4 * width)
        self.grn = GlobalResponseNorm(4 * width)
        self.pwconv2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        y = self.pwconv2(self.grn(functional.gelu(self.pwconv1(y))))
        return x + y.permute(0, 3, 1, 2)


class GlobalResponseNorm(nn.Module):
    """Scales each channel by its share of the picture's energy: [n,h,w,c] to [n,h,w,c]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1, 1, 1, width))
        self.beta = nn.Parameter(torch.zeros(1, 1, 1, width))

    def forward(self, x: Tensor) -> Tensor:
        energy = torch.linalg.vector_norm(x, dim=(1, 2), keepdim=True)
        share = energy / (energy.mean(-1, keepdim=True) + _EPSILON)
        return self.gamma * (x * share) + self.beta + x


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of [n,c,h,w]."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
