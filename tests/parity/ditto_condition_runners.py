"""Runs the goldens of speech features, conditions, diffusion and windows."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

import ditto_goldens as goldens
import ditto_weights
from dh_ditto.audio_features import FEATURE_SIZE, StreamingFeatures
from dh_ditto.condition import ConditionHandler
from dh_ditto.diffusion import Sampler, alphas_cumprod, ddim_schedule, predicted_noise
from dh_ditto.motion import Array, SourceMotion
from dh_ditto.networks.denoiser import TwoPassDenoiser
from dh_ditto.networks.guided_denoiser import GuidedDenoiser
from dh_ditto.source_frames import mirror_index
from dh_ditto.windows import MotionWindows

_CUTS = (1, 777, 640, 5000, 33)
"""Lengths that speech is cut into."""


@functools.cache
def _denoisers(guidance: float = 2.0) -> tuple[TwoPassDenoiser, GuidedDenoiser]:
    module = ditto_weights.seeded("lmdm")
    return TwoPassDenoiser(module, guidance), GuidedDenoiser(module, guidance)


def _agreed(plain: Array, fast: Array) -> Array:
    np.testing.assert_allclose(fast, plain, rtol=1e-4, atol=2e-4)
    return fast


def lmdm_step(case: goldens.Case) -> goldens.Outputs:
    plain, fast = _denoisers(case["options"]["guidance_weight"])
    inputs = case["inputs"]
    x, time = torch.from_numpy(inputs["x"]), int(inputs["time_cond"][0])
    window = inputs["cond_frame"], inputs["cond"], (time,)
    prepared = plain.prepare(*window)
    x_start = _agreed(plain.x_start(prepared, x, time).numpy(), fast.x_start(fast.prepare(*window), x, time).numpy())
    return {
        "conditional": plain.one_pass(prepared, x, time, True),
        "unconditional": plain.one_pass(prepared, x, time, False),
        "x_start": x_start,
        "pred_noise": predicted_noise(inputs["x"], x_start, time),
    }


def lmdm_schedule(case: goldens.Case) -> goldens.Outputs:
    if case["kind"] == "alphas":
        return {"alphas_cumprod": alphas_cumprod()}
    schedule = ddim_schedule(case["options"]["steps"])
    return {
        "time_pairs": np.array(schedule.time_pairs),
        "sigma_list": schedule.sigma,
        "c_list": schedule.c,
        "alpha_next_sqrt_list": schedule.alpha_next_sqrt,
    }


def lmdm_ddim(case: goldens.Case) -> goldens.Outputs:
    inputs, options = case["inputs"], case["options"]
    plain, fast = (
        Sampler(denoiser, eta=options["eta"], noise=inputs["noise_list"], starts=inputs["x_T"])
        for denoiser in _denoisers(options["guidance_weight"])
    )
    window = inputs["cond_frame"], inputs["cond"], options["steps"]
    return {f"window_{i}": _agreed(plain(*window), fast(*window)) for i in range(len(inputs["x_T"]))}


def _source(info: dict[str, Any]) -> SourceMotion:
    return SourceMotion(
        infos=info["x_s_info_lst"],
        eye_open=np.concatenate(info["eye_open_lst"]),
        eye_ball=np.concatenate(info["eye_ball_lst"]),
        canonical=info["sc"],
        still=info["is_image_flag"],
    )


def condition_handler(case: goldens.Case) -> goldens.Outputs:
    setup, call = dict(case["setup"]), case["call"]
    source, other = setup.pop("source_info"), setup.pop("ch_info")
    handler = ConditionHandler(
        _source(source), **setup, **case["constructor"], ch_info=None if other is None else _source(other)
    )
    return {"condition": handler.condition(call["aud_feat"], call["idx"], call["emo"])}


def audio2motion(case: goldens.Case) -> goldens.Outputs:
    inputs, setup, run = case["inputs"], dict(case["setup"]), case["run"]
    features, source = inputs["aud_feat"][: run["frames"]], _source(inputs["source_info"])
    if "diffusion" in inputs:
        diffusion = inputs["diffusion"]
    else:
        diffusion = Sampler(_denoisers()[1], noise=inputs["noise_list"], starts=inputs["x_T"])
    handler = ConditionHandler(source, emo=inputs["emo"])
    lead = None
    if setup.pop("online_mode"):
        silence = np.zeros((setup["overlap_v2"], FEATURE_SIZE), np.float32)
        lead = handler.condition(silence, -setup["overlap_v2"])
    windows = MotionWindows(diffusion, handler.kp_cond, **setup, lead=lead, reference_defects=True)
    piece = run["piece_frames"] or len(features)
    parts = [
        windows.push(handler.condition(features[start : start + piece])) for start in range(0, len(features), piece)
    ]
    motion = np.concatenate([*parts, windows.finish()])
    outputs = {
        "frame_index": np.array([mirror_index(i, len(source)) for i in range(len(motion))], np.int64),
        "motion": motion,
        "d0": windows.d0,
    }
    return {name: outputs[name] for name in case["outputs"]}


def _cut(samples: Array) -> Iterator[Array]:
    start = turn = 0
    while start < len(samples):
        length = _CUTS[turn % len(_CUTS)]
        yield samples[start : start + length]
        start, turn = start + length, turn + 1


def wav2feat(case: goldens.Case) -> goldens.Outputs:
    inputs, options = case["inputs"], case["options"]
    outputs = {}
    for name, online in (("offline", False), ("online", True)):
        features = StreamingFeatures(inputs["hubert"], options["chunksize"], online, reference_defects=online)
        parts = [features.push(samples) for samples in _cut(inputs["audio"])]
        outputs[name] = np.concatenate([*parts, features.finish()])
    return outputs


RUNNERS: dict[str, goldens.Runner] = {
    "lmdm_step": lmdm_step,
    "lmdm_schedule": lmdm_schedule,
    "lmdm_ddim": lmdm_ddim,
    "condition_handler": condition_handler,
    "audio2motion_offline_stub": audio2motion,
    "audio2motion_online_stub": audio2motion,
    "audio2motion_offline_lmdm": audio2motion,
    "audio2motion_online_lmdm": audio2motion,
    "wav2feat": wav2feat,
}
