"""A small made-up data folder whose motion follows its sound, and a training that fits it in seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

MOTION, SOUND, STYLE = 6, 5, 2


def write_data(folder: Path, clips: int = 4, frames: int = 60, **widths: int) -> Path:
    """Writes train.json, validation.json (the last clip) and mean_var.npy; ``widths`` adds or replaces arrays."""
    folder.mkdir()
    generator = np.random.default_rng(3)
    mixing = generator.standard_normal((SOUND, MOTION))
    sizes = {"mtn": MOTION, "aud": SOUND, "style": STYLE, **widths}
    entries, motions = [], []
    for clip in range(clips):
        count = frames + 5 * clip
        phase = np.arange(count)[:, None] * (0.1 + 0.05 * np.arange(SOUND)) + clip
        sound = np.sin(phase)
        entry: dict[str, Any] = {"frame_num": count}
        for key, width in sizes.items():
            rows = {"aud": sound, "mtn": sound @ mixing}.get(key)
            if rows is None or rows.shape[1] != width:
                rows = 0.1 * generator.standard_normal((count, width))
            entry[key] = f"{clip}_{key}.npy"
            np.save(folder / entry[key], rows.astype(np.float32))
            if key == "mtn":
                motions.append(rows)
        entries.append(entry)
    (folder / "train.json").write_text(json.dumps(entries[:-1]), encoding="utf-8")
    (folder / "validation.json").write_text(json.dumps(entries[-1:]), encoding="utf-8")
    every = np.concatenate(motions)
    np.save(folder / "mean_var.npy", np.stack([every.mean(0), every.var(0)]).astype(np.float32))
    return folder


def options(data: Path, **changes: Any) -> dict[str, Any]:
    """Options that fit ``write_data``, by name."""
    return {
        "data": str(data),
        "data_preload": True,
        "motion_feat_dim": MOTION,
        "audio_feat_dim": SOUND + STYLE,
        "seq_frames": 12,
        "use_style": True,
        "use_last_frame": True,
        "use_last_frame_loss": True,
        "part_w_dict_json": {"head": [0, 2, 1.0], "face": [2, -1, 2.0]},
        "latent_dim": 16,
        "ff_size": 16,
        "num_layers": 1,
        "num_heads": 2,
        "dropout": 0.1,
        "batch_size": 30,
        "steps": 12,
        "lr": 3e-3,
        "ema_decay": 0.9,
        "log_steps": 3,
        "sampling_steps": 3,
        **changes,
    }
