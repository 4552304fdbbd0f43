"""From motion to keypoints, and from the render back to the frame."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dh_ditto.blinks import blink_table
from dh_ditto.fades import fade_table
from dh_ditto.keypoints import ANGLES, keypoints, rotation_matrix, to_degrees
from dh_ditto.paste import PasteBack, blend_mask
from dh_ditto.source_frames import mirror_index
from dh_ditto.stitching import MotionStitcher, StitchOptions
from ditto_goldens import Case, Outputs, Runner
from ditto_weights import seeded

Array = NDArray[np.float32]

_OPTIONS = {
    "use_d_keys": "driven",
    "relative_d": "relative",
    "drive_eye": "drive_eyes",
    "delta_eye_arr": "blink_shape",
    "delta_eye_open_n": "blink_interval",
    "fade_type": "fade_to",
    "fade_out_keys": "fade_parts",
    "flag_stitching": "stitch",
    "ctrl_info": "frame_controls",
    "overall_ctrl_info": "overall_controls",
    "d0": "rest",
}
"""Fields of StitchOptions by published name."""


def keypoint_transform(case: Case) -> Outputs:
    inputs = case["inputs"]
    if case["kind"] == "bins_to_degrees":
        return {"degrees": to_degrees(inputs["logits"])}
    if case["kind"] == "rotation":
        return {"matrix": rotation_matrix(*inputs["angles"].T)}
    infos = inputs["infos"]
    info = {part: np.concatenate([info[part] for info in infos]) for part in infos[0]}
    return {"kp": keypoints(info), **{f"degrees_{angle}": to_degrees(info[angle]) for angle in ANGLES}}


def motion_stitch(case: Case) -> Outputs:
    return {"control": _control, "blink_table": _blink_table}[case["kind"]](case)


def _blink_table(case: Case) -> Outputs:
    inputs = case["inputs"]
    rng = random.Random(inputs["python_random_seed"])
    return {"index": blink_table(inputs["frames"], inputs["blink_length"], inputs["open"], rng)}


def _control(case: Case) -> Outputs:
    inputs, run, setup = case["inputs"], case["run"], dict(case["setup"])
    source, still = inputs["source"], inputs["is_image"]
    character = setup.pop("ch_info", None)
    fields: dict[str, Any] = {_OPTIONS[name]: value for name, value in setup.items()}
    if character is not None:
        fields["character_scale"] = float(character["x_s_info_lst"][0]["scale"].item())
    stitcher = MotionStitcher(
        source[0],
        still,
        StitchOptions(**fields),
        network=_stitch,
        frames=run["N_d"],
        fade_in=run["fade_in"],
        fade_out=run["fade_out"],
        controls=run["ctrl_info"],
        reference_defects=True,
    )
    pairs = [
        stitcher.frame(source[mirror_index(index, len(source))], driving, index)
        for index, driving in enumerate(inputs["driving"])
    ]
    x_s, x_d = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return {"x_d": x_d, "x_s": x_s[:1] if still else x_s}


def _stitch(kp_source: Array, kp_driving: Array) -> Array:
    with torch.no_grad():
        stitched: torch.Tensor = seeded("stitch_network")(torch.from_numpy(kp_source), torch.from_numpy(kp_driving))
    return np.asarray(stitched)


def fade_tables(case: Case) -> Outputs:
    run = case["run"]
    table = dict(sorted(fade_table(run["N_d"], run["fade_in"], run["fade_out"], reference_defects=True).items()))
    return {"frames": np.array(list(table), np.int64), "alpha": np.array(list(table.values()), np.float32)}


def mask(case: Case) -> Outputs:
    inputs = case["inputs"]
    return {"mask": blend_mask(inputs["width"], inputs["height"], inputs["width_ratio"], inputs["height_ratio"])}


def putback(case: Case) -> Outputs:
    """By the way for still sources and the one for videos, which must agree."""
    inputs = case["inputs"]
    frame, render, matrix = inputs["frame"], inputs["render"], inputs["M_c2o"]
    still = PasteBack().background(frame, matrix).paste(render)
    assert np.array_equal(still, PasteBack().paste(frame, render, matrix))
    return {"frame": still}


RUNNERS: dict[str, Runner] = {
    "keypoint_transform": keypoint_transform,
    "motion_stitch": motion_stitch,
    "fade_tables": fade_tables,
    "mask": mask,
    "mask_small": mask,
    "putback": putback,
}
