"""Which arrays of a clip a training reads, and how they become a condition row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dh_ditto.training.options import TrainingOptions

MOTION_KEY = "mtn"
CANONICAL_START = 265
"""First column of the canonical keypoints in a motion file."""

Treatment = Literal["frames", "mean", "random"]
"""Of a window's rows: as they are, their mean repeated, or one random row of the clip repeated."""


@dataclass(frozen=True)
class Column:
    """One group of columns of a condition row, or the motion.

    Args:
        name: of the group.
        key: of a clip's entry in the data list.
        first: first column of the file that is taken.
        last: end of the columns taken, None: all.
        treatment: how a window takes its rows.
    """

    name: str
    key: str
    first: int = 0
    last: int | None = None
    treatment: Treatment = "frames"


def motion_column(options: TrainingOptions) -> Column:
    """The columns of the motion file that the network predicts."""
    return Column("motion", MOTION_KEY, options.motion_feat_start, options.motion_feat_start + options.motion_feat_dim)


def condition_columns(options: TrainingOptions) -> tuple[Column, ...]:
    """The groups of a condition row in their order."""
    optional = (
        (options.use_emo, Column("emo", "emo", treatment="mean")),
        (options.use_eye_open, Column("eye_open", "eye_open")),
        (options.use_eye_ball, Column("eye_ball", "eye_ball")),
        (options.use_sc, Column("sc", MOTION_KEY, CANONICAL_START, treatment="random")),
        (options.use_lmk, Column("lmk", "lmk", treatment="random")),
        (options.use_style, Column("style", "style")),
    )
    return (Column("aud", "aud"), *(column for used, column in optional if used))
