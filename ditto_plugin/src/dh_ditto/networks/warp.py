"""The warp network: the source's feature volume in the driven pose, as a feature map for the decoder."""

from __future__ import annotations

from torch import Tensor, nn

from dh_ditto.networks.appearance import DEPTH
from dh_ditto.networks.blocks import ConvBlock
from dh_ditto.networks.dense_motion import DenseMotion, DenseMotionNetwork, sample_volume
from dh_ditto.networks.motion_extractor import KEYPOINTS


class WarpNetwork(nn.Module):
    """Warps a volume by the motion of its keypoints (Wang et al. 2021, arXiv:2011.15126).

    Args:
        keypoints: of a face.
        volume_channels: of the feature volume.
        feature_channels: of the feature map.
    """

    def __init__(self, keypoints: int = KEYPOINTS, volume_channels: int = 32, feature_channels: int = 256) -> None:
        super().__init__()
        self.dense_motion_network = DenseMotionNetwork(keypoints, volume_channels)
        self.third = ConvBlock(volume_channels * DEPTH, feature_channels, slope=0.01)
        self.fourth = nn.Conv2d(feature_channels, feature_channels, kernel_size=1)

    def forward(
        self, feature_3d: Tensor, kp_source: Tensor, kp_driving: Tensor, compressed: Tensor | None = None
    ) -> Tensor:
        """The feature map of each driven frame.

        Args:
            feature_3d: [n,32,16,h,w], or [1,32,16,h,w] for all of kp_driving; h and w are multiples of 32, and 64 in
                the published model.
            kp_source: [n,21,3] or [1,21,3], x, y, z in -1..1.
            kp_driving: [n,21,3].
            compressed: ``compress(feature_3d)``, where it is at hand.

        Returns:
            [n,256,h,w].
        """
        motion = self.dense_motion(
            self.compress(feature_3d) if compressed is None else compressed, kp_source, kp_driving
        )
        return self.warp(feature_3d, motion)

    def compress(self, feature_3d: Tensor) -> Tensor:
        """What the dense motion network reads of a volume: [n,4,16,h,w]. It depends on the source alone."""
        return self.dense_motion_network.compressed(feature_3d)

    def dense_motion(self, compressed: Tensor, kp_source: Tensor, kp_driving: Tensor) -> DenseMotion:
        """Where each point of the driven volume comes from; arguments as in ``forward``."""
        return self.dense_motion_network(compressed, kp_source, kp_driving)

    def warp(self, feature_3d: Tensor, motion: DenseMotion) -> Tensor:
        """The feature map [n,256,h,w] of a volume after a motion."""
        warped = sample_volume(feature_3d, motion.deformation)
        return self.fourth(self.third(warped.flatten(1, 2))) * motion.occlusion_map
