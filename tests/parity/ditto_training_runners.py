"""Runs the goldens of the diffusion model's training: noise, loss, optimiser, steps and windows."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

import ditto_training_goldens as goldens
from dh_ditto.networks.denoiser import MotionDecoder
from dh_ditto.training.adan import Adan
from dh_ditto.training.dataset import MotionDataset, open_dataset
from dh_ditto.training.losses import LIVEPORTRAIT_PARTS, MotionLoss, parts_from
from dh_ditto.training.noise import ForwardNoise, betas
from dh_ditto.training.options import TrainingOptions
from dh_ditto.weights.untrained import seeded_state_dict

_STEPS_RATE = 1e-4


def schedule(case: goldens.Case) -> goldens.Outputs:
    """Every table of the published schedule follows from the shares of clean variance."""
    beta = betas()
    level = (1 - beta).cumprod(0)
    before = torch.cat([torch.ones(1), level[:-1]])
    variance = beta * (1 - before) / (1 - level)
    noise = ForwardNoise()
    return {
        "betas": beta,
        "alphas_cumprod": level,
        "alphas_cumprod_prev": before,
        "sqrt_alphas_cumprod": noise.signal.numpy(),
        "sqrt_one_minus_alphas_cumprod": noise.noise.numpy(),
        "sqrt_recip_alphas_cumprod": noise.inverse_signal.numpy(),
        "sqrt_recipm1_alphas_cumprod": noise.inverse_noise.numpy(),
        "posterior_variance": variance,
        "posterior_log_variance_clipped": variance.clamp(min=1e-20).log(),
        "posterior_mean_coef1": beta * before.sqrt() / (1 - level),
        "posterior_mean_coef2": (1 - before) * (1 - beta).sqrt() / (1 - level),
        "p2_loss_weight": np.ones(len(level)),
    }


def q_sample(case: goldens.Case) -> goldens.Outputs:
    inputs, noise = goldens.drawn(case), ForwardNoise()
    x, fresh = torch.from_numpy(inputs["q.x"]), torch.from_numpy(inputs["q.noise"])
    times = torch.from_numpy(case["values"]["t"])
    noisy = noise(x, times, fresh)
    return {
        "x": x,
        "noise": fresh,
        "t": times,
        "noisy": noisy,
        "noise_from_start": noise.inverse(noisy, times, x),
    }


def network(case: goldens.Case) -> MotionDecoder:
    sizes = dict(case["network"])
    names = {"nfeats": "motion_feat_dim", "seq_len": "seq_frames", "cond_feature_dim": "audio_feat_dim"}
    module = MotionDecoder(**{names.get(name, name): value for name, value in sizes.items()})
    skip = tuple(goldens.index()["cases"]["p_losses"]["skip"])
    module.load_state_dict(seeded_state_dict(module, goldens.index()["seed"], skip=skip))
    return module.eval()


def loss(case: goldens.Case, flags: list[str]) -> MotionLoss:
    size = case["network"]["nfeats"]
    parts = parts_from(case["part_w_dict"], size) if "part_w_dict" in flags else LIVEPORTRAIT_PARTS
    weights = torch.from_numpy(case["values"]["dim_ws"]) if "dim_ws" in flags else None
    known = {"part_w_dict", "dim_ws", "use_last_frame_loss", "use_reg_loss"}
    assert set(flags) <= known, f"a flag without a meaning: {set(flags) - known}"
    return MotionLoss(parts, weights, last_frame="use_last_frame_loss" in flags, regularise="use_reg_loss" in flags)


@torch.no_grad()
def p_losses(case: goldens.Case) -> goldens.Outputs:
    inputs = {name.partition(".")[2]: torch.from_numpy(value) for name, value in goldens.drawn(case).items()}
    given = {name: torch.from_numpy(case["values"][name]) for name in ("t", "keep_condition", "dim_ws")}
    module = network(case)
    noisy = ForwardNoise()(inputs["x"], given["t"], inputs["noise"])
    frame, cond, times = inputs["cond_frame"], inputs["cond"], given["t"]
    predicted = module(noisy, frame, cond, times, given["keep_condition"])
    # The golden's guided output is that of the clean motion.
    own, null = (module(inputs["x"], frame, cond, times, torch.full((len(times),), keep)) for keep in (True, False))
    outputs: goldens.Outputs = {**inputs, **given, "prediction": predicted, "guided": null + 2 * (own - null)}
    for variant, flags in case["variants"].items():
        total, terms = loss(case, flags)(predicted, inputs["x"], frame)
        outputs[f"{variant}.total"] = total
        outputs.update({f"{variant}.{name}": term for name, term in terms.items()})
    return outputs


def adan(case: goldens.Case) -> goldens.Outputs:
    inputs = goldens.drawn(case)
    weight = torch.nn.Parameter(torch.from_numpy(inputs.pop("adan.weight")))
    optimizer = Adan([weight], lr=0.01, weight_decay=0.02)
    weights = [weight.detach().clone()]
    for gradient in inputs.values():
        weight.grad = torch.from_numpy(gradient)
        optimizer.step()
        weights.append(weight.detach().clone())
    return {"grads": np.stack(list(inputs.values())), "weights": torch.stack(weights)}


def train_steps(case: goldens.Case) -> goldens.Outputs:
    inputs = {name.partition(".")[2]: torch.from_numpy(value) for name, value in goldens.drawn(case).items()}
    module, noise, objective = network(case), ForwardNoise(), MotionLoss(last_frame=True)
    optimizer = Adan(module.parameters(), lr=_STEPS_RATE)
    totals, norms = [], []
    for step in range(len(case["values"]["totals"])):
        times = torch.tensor([(137 * step + 50) % 1000, (611 * step + 7) % 1000, (89 * step + 999) % 1000])
        keep = torch.tensor([True, step % 2 == 0, True])
        noisy = noise(inputs["x"], times, inputs[f"noise{step}"])
        predicted = module(noisy, inputs["cond_frame"], inputs["cond"], times, keep)
        total, _ = objective(predicted, inputs["x"], inputs["cond_frame"])
        optimizer.zero_grad()
        total.backward()
        totals.append(total.item())
        norms.append(torch.nn.utils.get_total_norm([weight.grad for weight in module.parameters()]).item())
        optimizer.step()
    state = module.state_dict()
    return {
        **{name: inputs[name] for name in ("x", "cond_frame", "cond")},
        "totals": np.array(totals),
        "gradient_norms": np.array(norms),
        **{name: state[name].numpy() for name in ("final_layer.bias", "input_projection.weight", "null_cond_hidden")},
    }


def _middle(counts: np.ndarray, *key: Any) -> np.ndarray:
    return (counts - 1) // 2


def dataset(case: goldens.Case) -> goldens.Outputs:
    outputs: goldens.Outputs = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_clips(case["values"], folder)
        for variant, entry in case["variants"].items():
            items = _items(entry["options"], folder)
            outputs[f"{variant}.idx_map"] = items.index_map
            assert len(items) == entry["length"]
            for index in (0, len(items) - 1):
                outputs.update({f"{variant}.{index}.{key}": value for key, value in items.item(index).items()})
    return outputs


def _write_clips(values: goldens.Arrays, folder: Path) -> None:
    clips: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        if name.startswith("in.clip"):
            _, clip, key = name.split(".")
            np.save(folder / f"{clip}.{key}.npy", value)
            clips.setdefault(clip, {})[key] = f"{clip}.{key}.npy"
    for entry in clips.values():
        entry["frame_num"] = min(len(np.load(folder / file)) for file in entry.values())
    (folder / "list.json").write_text(json.dumps(list(clips.values())), encoding="utf-8")
    np.save(folder / "mean_var.npy", values["in.mean_var"])


def _items(published: dict[str, Any], folder: Path) -> MotionDataset:
    options = dict(published)
    options["seq_frames"] = options.pop("seq_len")
    options["data_preload"] = options.pop("preload", False)
    if options.pop("mtn_mean_var_npy", None):
        options["mtn_mean_var_npy"] = folder / "mean_var.npy"
    width = 16
    for flag, size in (("emo", 8), ("eye_open", 2), ("eye_ball", 6), ("sc", 63), ("lmk", 15)):
        width += size * options.get(f"use_{flag}", False)
    chosen = TrainingOptions(
        **options, data_list_json=folder / "list.json", audio_feat_dim=width, reference_defects=True
    )
    opened, _ = open_dataset(folder / "list.json", chosen)
    return MotionDataset(opened.clips, chosen, opened.normalisation, draw=_middle)


RUNNERS: dict[str, goldens.Runner] = {
    "schedule": schedule,
    "q_sample": q_sample,
    "p_losses": p_losses,
    "adan": adan,
    "train_steps": train_steps,
    "dataset": dataset,
}
