"""The stitch network: moves driven keypoints so that the face still joins the shoulders of the source."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dh_ditto.networks.motion_extractor import KEYPOINTS


class StitchNetwork(nn.Module):
    """A small perceptron over both sets of keypoints (Guo et al. 2024, arXiv:2407.03168).

    Args:
        keypoints: of a face.
        widths: of the hidden layers.
    """

    def __init__(self, keypoints: int = KEYPOINTS, widths: tuple[int, ...] = (128, 128, 64)) -> None:
        super().__init__()
        self.mlp = nn.Sequential()
        width = 2 * 3 * keypoints
        for hidden in widths:
            self.mlp.extend([nn.Linear(width, hidden), nn.ReLU()])
            width = hidden
        self.mlp.append(nn.Linear(width, 3 * keypoints + 2))

    def forward(self, kp_source: Tensor, kp_driving: Tensor) -> Tensor:
        """The driven keypoints, stitched.

        Args:
            kp_source: [n,21,3], or [1,21,3] for all of kp_driving.
            kp_driving: [n,21,3].

        Returns:
            [n,21,3].
        """
        kp_source = kp_source.expand_as(kp_driving)
        change = self.mlp(torch.cat([kp_source.flatten(1), kp_driving.flatten(1)], 1))
        offsets, shift = change[:, :-2], change[:, -2:]  # of each keypoint; of all, in x and y
        stitched = kp_driving + offsets.view_as(kp_driving)
        return torch.cat([stitched[..., :2] + shift[:, None], stitched[..., 2:]], -1)
