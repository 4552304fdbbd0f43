"""The decoder: from a feature map to the picture of the face."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from dh_ditto.networks.spade import SLOPE, SpadeBlock


class Decoder(nn.Module):
    """A SPADE generator whose only input is the map that also conditions it (Park et al. 2019, arXiv:1903.07291).

    Args:
        feature_channels: of the feature map.
        width: of the middle blocks; each of the two up-sampling steps narrows it.
        middle_blocks: how many run at the feature map's own size.
        upscale: by which the last step enlarges the picture.
    """

    def __init__(self, feature_channels: int = 256, width: int = 512, middle_blocks: int = 6, upscale: int = 2) -> None:
        super().__init__()
        self.fc = nn.Conv2d(feature_channels, width, kernel_size=3, padding=1)
        self._middle_names = [f"G_middle_{i}" for i in range(middle_blocks)]
        for name in self._middle_names:
            self.add_module(name, SpadeBlock(width, width, feature_channels))
        self.up_0 = SpadeBlock(width, width // 2, feature_channels)
        self.up_1 = SpadeBlock(width // 2, width // 8, feature_channels)
        self.conv_img = nn.Sequential(
            nn.Conv2d(width // 8, 3 * upscale**2, kernel_size=3, padding=1), nn.PixelShuffle(upscale)
        )

    def forward(self, feature: Tensor) -> Tensor:
        """The picture of each feature map.

        Args:
            feature: [n,256,h,w]; 64 x 64 in the published model.

        Returns:
            [n,3,8h,8w], RGB in 0..1.
        """
        x = self.fc(feature)
        for block in self.middle:
            x = block(x, feature)
        x = self.up_0(functional.interpolate(x, scale_factor=2), feature)
        x = self.up_1(functional.interpolate(x, scale_factor=2), feature)
        return self.conv_img(functional.leaky_relu(x, SLOPE)).sigmoid()

    @property
    def middle(self) -> list[nn.Module]:
        """The blocks that run at the feature map's size, in order."""
        return [self.get_submodule(name) for name in self._middle_names]
