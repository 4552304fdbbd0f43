"""The published networks with deterministic weights, built once."""

from __future__ import annotations

import functools

import torch

import ditto_goldens as goldens
from dh_ditto import networks
from dh_ditto.weights.untrained import seeded_state_dict

CLASSES = {
    "appearance_extractor": "AppearanceExtractor",
    "motion_extractor": "MotionExtractor",
    "stitch_network": "StitchNetwork",
    "warp_network": "WarpNetwork",
    "decoder": "Decoder",
    "lmdm": "MotionDecoder",
}


@functools.cache
def seeded(name: str) -> torch.nn.Module:
    """A network by its name in state_dicts.json, in evaluation mode, with the index's weights."""
    index = goldens.index()
    module = getattr(networks, CLASSES[name])(**index["network_arguments"].get(name, {}))
    state = seeded_state_dict(module, index["weight_seed"], index["state_dict_prefix"], tuple(index["state_dict_skip"]))
    module.load_state_dict(state)
    return module.eval()
