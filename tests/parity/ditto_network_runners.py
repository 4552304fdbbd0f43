"""Runs the networks of one frame for the Ditto goldens."""

from __future__ import annotations

from typing import Any

import torch

import ditto_goldens as goldens
from ditto_weights import seeded


@torch.inference_mode()
def outputs(name: str, network: Any, case: goldens.Case) -> goldens.Outputs:
    """What a form of a network, called by its name in state_dicts.json, gives for a case."""
    inputs = {key: torch.from_numpy(value) for key, value in case["inputs"].items()}
    if name == "warp_network":
        volume = inputs.pop("feature_3d")
        motion = network.dense_motion(network.compress(volume), **inputs)
        results = {"out": network.warp(volume, motion), **motion._asdict()}
    elif name == "motion_extractor":
        results = network(**inputs)
    else:
        (output,) = case["outputs"]
        results = {output: network(**inputs)}
    return {key: value.numpy() for key, value in results.items()}


def _runner(name: str) -> goldens.Runner:
    return lambda case: outputs(name, seeded(name), case)


RUNNERS: dict[str, goldens.Runner] = {
    "appearance_extractor_full": _runner("appearance_extractor"),
    "appearance_extractor_small": _runner("appearance_extractor"),
    "motion_extractor_full": _runner("motion_extractor"),
    "motion_extractor_small": _runner("motion_extractor"),
    "stitch_network": _runner("stitch_network"),
    "warp_network_full": _runner("warp_network"),
    "warp_network_small": _runner("warp_network"),
    "decoder_full": _runner("decoder"),
    "decoder_small": _runner("decoder"),
}
