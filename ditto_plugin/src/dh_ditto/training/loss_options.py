"""The loss that the options of a training ask for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import TypeAdapter, ValidationError

import dh
from dh_ditto.training.losses import PARTS, MotionLoss, Part, parts_from
from dh_ditto.training.options import TrainingOptions

_TABLE = TypeAdapter(dict[str, tuple[int, int, float]])


def build_loss(options: TrainingOptions) -> MotionLoss:
    """The loss for the options' parts and column weights.

    Raises:
        dh.InputError: a file of weights cannot be used.
        dh.OptionError: parts that do not fit the motion.
    """
    weights = None if options.dim_ws_npy is None else _column_weights(options.dim_ws_npy, options.motion_feat_dim)
    return MotionLoss(_parts(options), weights, last_frame=options.use_last_frame_loss, regularise=options.use_reg_loss)


def _parts(options: TrainingOptions) -> tuple[Part, ...]:
    given, size = options.part_w_dict_json, options.motion_feat_dim
    if given is not None:
        return parts_from(_read_parts(given) if isinstance(given, Path) else given, size)
    parts = PARTS[options.motion_space]
    if options.motion_feat_start or parts[-1].end != size:
        raise dh.OptionError(
            f"motion_feat_start={options.motion_feat_start}, motion_feat_dim={size}: not a whole motion of "
            f"{options.motion_space}, which has {parts[-1].end} columns; name the parts with part_w_dict_json"
        )
    return parts


def _read_parts(path: Path) -> dict[str, tuple[int, int, float]]:
    try:
        table: Any = json.loads(path.read_text(encoding="utf-8"))
        return _TABLE.validate_python(table)
    except (OSError, ValueError, ValidationError) as error:
        raise dh.InputError(f'{path}: no parts of a loss; give JSON such as {{"exp": [202, 265, 1]}}') from error


def _column_weights(path: Path, size: int) -> torch.Tensor:
    try:
        weights = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise dh.InputError(f"{path}: no readable array; give one weight for each column of the motion") from error
    if weights.shape != (size,) or weights.dtype.kind not in "fiu" or not np.isfinite(weights).all():
        raise dh.InputError(
            f"{path}: {weights.dtype} of shape {list(weights.shape)}; give {size} finite numbers, one for each column"
        )
    return torch.from_numpy(weights.astype(np.float32))
