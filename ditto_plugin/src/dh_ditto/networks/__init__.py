"""The networks of Ditto, each as published: built without arguments they take the published checkpoints, strictly.

These modules are the readable form. ``dh_ditto.networks.inference`` makes faster forms of them for running.
"""

from dh_ditto.networks.appearance import AppearanceExtractor
from dh_ditto.networks.decoder import Decoder
from dh_ditto.networks.denoiser import MotionDecoder
from dh_ditto.networks.motion_extractor import KEYPOINTS, MotionExtractor
from dh_ditto.networks.stitch import StitchNetwork
from dh_ditto.networks.warp import WarpNetwork

__all__ = [
    "KEYPOINTS",
    "AppearanceExtractor",
    "Decoder",
    "MotionDecoder",
    "MotionExtractor",
    "StitchNetwork",
    "WarpNetwork",
]
