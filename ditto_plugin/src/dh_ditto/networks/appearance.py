"""The appearance extractor: what a face looks like, as a volume of features."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from dh_ditto.networks.blocks import ConvBlock, ResidualBlock3d

DEPTH = 16
"""Layers of a feature volume."""


class AppearanceExtractor(nn.Module):
    """Lifts a picture of a face to a volume (Wang et al. 2021, arXiv:2011.15126; Guo et al. 2024, arXiv:2407.03168).

    Args:
        width: channels of the first convolution; each of the two halvings of the picture doubles them.
        volume_channels: of the volume.
        resblocks: residual blocks on the volume.
    """

    def __init__(self, width: int = 64, volume_channels: int = 32, resblocks: int = 6) -> None:
        super().__init__()
        self.first = ConvBlock(3, width)
        self.down_blocks = nn.ModuleList([ConvBlock(width, 2 * width), ConvBlock(2 * width, 4 * width)])
        self.second = nn.Conv2d(4 * width, volume_channels * DEPTH, kernel_size=1)
        self.resblocks_3d = nn.Sequential()
        for i in range(resblocks):
            self.resblocks_3d.add_module(f"3dr{i}", ResidualBlock3d(volume_channels))

    def forward(self, image: Tensor) -> Tensor:
        """The feature volume of each picture.

        Args:
            image: [n,3,h,w], RGB in 0..1; sides are multiples of 4, and 256 in the published model.

        Returns:
            [n,32,16,h/4,w/4].
        """
        x = self.first(image)
        for block in self.down_blocks:
            x = functional.avg_pool2d(block(x), 2)
        return self.resblocks_3d(self.second(x).unflatten(1, (-1, DEPTH)))
