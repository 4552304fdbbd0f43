"""The warp network for CPUs: the published one's numbers, with a quarter of its multiplications."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from dh_ditto.networks.dense_motion import DenseMotion, DenseMotionNetwork, identity_grid, sample_volume
from dh_ditto.networks.inference import tiles as tiled
from dh_ditto.networks.inference.folding import folded_conv, folded_weights, plain_weights
from dh_ditto.networks.inference.fourier import TILE as LARGE_TILE
from dh_ditto.networks.inference.fourier import FourierConv
from dh_ditto.networks.inference.hourglass import CpuHourglass
from dh_ditto.networks.inference.scratch import Scratch
from dh_ditto.networks.inference.sparse_motion import evidence
from dh_ditto.networks.inference.winograd import WinogradConv
from dh_ditto.networks.warp import WarpNetwork


class CpuWarpNetwork(nn.Module):
    """A warp network made from a published one, with the same methods, for inference in float32.

    Args:
        network: whose weights to take; it is not changed.
    """

    def __init__(self, network: WarpNetwork) -> None:
        super().__init__()
        scratch = Scratch()
        self.dense_motion_network = CpuDenseMotion(network.dense_motion_network, scratch)
        self.third = WinogradConv(*folded_weights(network.third.conv, network.third.norm), scratch)
        self.slope = network.third.slope
        self.fourth = network.fourth

    @torch.inference_mode()
    def forward(
        self, feature_3d: Tensor, kp_source: Tensor, kp_driving: Tensor, compressed: Tensor | None = None
    ) -> Tensor:
        """See ``WarpNetwork.forward``."""
        motion = self.dense_motion(
            self.compress(feature_3d) if compressed is None else compressed, kp_source, kp_driving
        )
        return self.warp(feature_3d, motion)

    @torch.inference_mode()
    def compress(self, feature_3d: Tensor) -> Tensor:
        """See ``WarpNetwork.compress``."""
        return self.dense_motion_network.compress(feature_3d).relu_()

    @torch.inference_mode()
    def dense_motion(self, compressed: Tensor, kp_source: Tensor, kp_driving: Tensor) -> DenseMotion:
        """See ``WarpNetwork.dense_motion``."""
        return self.dense_motion_network(compressed, kp_source, kp_driving)

    @torch.inference_mode()
    def warp(self, feature_3d: Tensor, motion: DenseMotion) -> Tensor:
        """See ``WarpNetwork.warp``."""
        warped = sample_volume(feature_3d, motion.deformation).flatten(1, 2)
        third = [tiled.join(self.third(tiled.cut(one))) for one in warped]
        return self.fourth(functional.leaky_relu_(torch.stack(third), self.slope)).mul_(motion.occlusion_map)


class CpuDenseMotion(nn.Module):
    """The dense motion network, one frame at a time.

    Args:
        network: whose weights to take.
        scratch: for intermediate results.
    """

    def __init__(self, network: DenseMotionNetwork, scratch: Scratch) -> None:
        super().__init__()
        self.compress = folded_conv(network.compress, network.norm)
        self.hourglass = CpuHourglass(network.hourglass, scratch)
        mask, mask_bias = plain_weights(network.mask)
        occlusion, occlusion_bias = plain_weights(network.occlusion)
        # The occlusion's kernel covers the whole depth: it is one more kernel of the same volume.
        margin = mask.shape[2] // 2
        through = functional.pad(occlusion.unflatten(1, (mask.shape[1], -1)), (0, 0, 0, 0, margin, margin))
        self.mask_and_occlusion = FourierConv([mask, through], [mask_bias, occlusion_bias], scratch)

    def forward(self, compressed: Tensor, kp_source: Tensor, kp_driving: Tensor) -> DenseMotion:
        """See ``DenseMotionNetwork.forward``."""
        frames = len(kp_driving)
        compressed = compressed.expand(frames, -1, -1, -1, -1)
        kp_source = kp_source.expand(frames, -1, -1)
        motions = [self._motion(*one) for one in zip(compressed, kp_source, kp_driving, strict=True)]
        return DenseMotion(*(torch.stack(parts) for parts in zip(*motions, strict=True)))

    def _motion(self, compressed: Tensor, kp_source: Tensor, kp_driving: Tensor) -> DenseMotion:
        features = tiled.join(self.hourglass(evidence(compressed, kp_source, kp_driving)))
        mask, occlusion = self.mask_and_occlusion(tiled.cut(features, LARGE_TILE))
        mask = tiled.join(mask).softmax(0)
        offsets = torch.tensordot(mask[1:], kp_source - kp_driving, ([0], [0]))
        deformation = identity_grid(compressed.shape[-3:], compressed.device) + offsets
        return DenseMotion(deformation, tiled.join(occlusion)[:, 0].sigmoid_(), mask)
