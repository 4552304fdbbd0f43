"""Windows of motion with their conditions, as the published training cuts them from clips."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import dh
from dh_ditto.motion import Array
from dh_ditto.training.clips import Clips, DataList, DiskClips, read_data_list
from dh_ditto.training.columns import condition_columns, motion_column
from dh_ditto.training.draws import Integers, below
from dh_ditto.training.options import TrainingOptions
from dh_ditto.training.preload import preloaded

PUBLISHED_LEAST_VARIANCE = 1e-8
"""What the published code takes for a variance of 0: such a column then counts 10^4 times what it should."""

_COND_FRAME, _CANONICAL = 0, 1

Draw = Callable[..., Integers]
"""``draws.below``, or what takes its place to compare numbers."""


class Windows(NamedTuple):
    """A batch of b windows of n frames.

    Args:
        motion: [b, n, motion] to predict, normalised.
        cond_frame: [b, motion], the frame before, or a random one of the clip; normalised.
        cond: [b, n, condition].
    """

    motion: Any
    cond_frame: Any
    cond: Any


class Normalisation(NamedTuple):
    """Mean and deviation of every motion column, [motion] each."""

    mean: Array
    deviation: Array

    def __call__(self, motion: Array) -> Array:
        """Motion [..., motion] in units of the deviation."""
        return np.asarray((motion - self.mean) / self.deviation, np.float32)

    def undone(self, motion: Array) -> Array:
        """The inverse."""
        return np.asarray(motion * self.deviation + self.mean, np.float32)


def read_normalisation(path: Path, size: int, *, reference_defects: bool = False) -> Normalisation:
    """Reads mean and variance, two rows. A column that never changes has variance 1.

    Raises:
        dh.InputError: the file is not there, or is not of shape (2, size), or holds what is no variance.
    """
    try:
        table = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise dh.InputError(f"{path}: no readable array; give mean and variance of the motion, two rows") from error
    if table.shape != (2, size) or table.dtype.kind != "f":
        raise dh.InputError(
            f"{path}: {table.dtype} of shape {list(table.shape)}; give mean and variance of shape [2, {size}]"
        )
    mean, variance = table.astype(np.float32)
    if not np.isfinite(table).all() or (variance < 0).any():
        raise dh.InputError(f"{path}: holds values that are no mean or variance; compute them again")
    constant = np.float32(PUBLISHED_LEAST_VARIANCE if reference_defects else 1)
    return Normalisation(mean, np.sqrt(np.where(variance == 0, constant, variance)))


class MotionDataset:
    """Every window of every clip. Window i of epoch e is the same in every run with one seed, whatever came before.

    Args:
        clips: motion and condition columns of all clips.
        options: lengths, columns and flags.
        normalisation: of motion, None: it stays as it is.
        draw: see ``draws.below``.
        name: of the clips, in messages.

    Raises:
        dh.InputError: no clip is longer than a window.
    """

    def __init__(
        self,
        clips: Clips,
        options: TrainingOptions,
        normalisation: Normalisation | None = None,
        *,
        draw: Draw = below,
        name: str = "the data list",
    ) -> None:
        self.clips, self.normalisation = clips, normalisation
        self._options, self._draw = options, draw
        self._condition = condition_columns(options)
        length = options.seq_frames
        starts = np.maximum(clips.frames - length, 0)
        if not starts.any():
            longest = max(clips.frames, default=0)
            raise dh.InputError(
                f"{name}: no clip has more than seq_frames={length} frames, the longest has {longest}; "
                "give longer clips or a smaller seq_frames"
            )
        self.index_map: Integers = np.stack(
            [
                np.repeat(np.arange(len(starts)), starts),
                np.arange(starts.sum()) - np.repeat(starts.cumsum() - starts - 1, starts),
            ],
            axis=1,
        )

    def __len__(self) -> int:
        return len(self.index_map)

    @property
    def widths(self) -> dict[str, int]:
        """Columns of each group of a condition row, in their order."""
        return {column.name: self.clips.widths[column.name] for column in self._condition}

    @property
    def short_clips(self) -> int:
        """Clips too short for any window."""
        return int((self.clips.frames <= self._options.seq_frames).sum())

    def windows(self, indices: Integers, epoch: int = 0) -> Windows:
        """A batch, without a loop over its windows where the clips are in memory.

        Args:
            indices: [b], of windows.
            epoch: decides, with seed and index, on random frames.
        """
        options = self._options
        clips, first = self.index_map[indices].T
        counts, key = self.clips.frames[clips], (options.seed, epoch, indices)
        before = first - 1 if options.use_last_frame else self._draw(counts, *key, _COND_FRAME)
        cond_frame = self._motion(clips, before, 1)[:, 0]
        motion = self._motion(clips, first, options.seq_frames)
        if options.motion_feat_offset_dim_se:
            start, end = options.motion_feat_offset_dim_se
            motion[..., start:end] -= cond_frame[:, None, start:end]
        return Windows(motion, cond_frame, self._conditions(clips, first, counts, key))

    def item(self, index: int, epoch: int = 0) -> dict[str, Any]:
        """One window under the published names."""
        motion, cond_frame, cond = (part[0] for part in self.windows(np.array([index]), epoch))
        clip, first = self.index_map[index]
        item = {"kp_seq": motion, "kp_cond": cond_frame, "aud_cond": cond, "idx": f"{index}_{clip}_{first}"}
        if self._options.use_cond_end:
            after = min(first + self._options.seq_frames, self.clips.frames[clip] - 1)
            item["kp_cond_end"] = self._motion(np.array([clip]), np.array([after]), 1)[0, 0]
        return item

    def _motion(self, clips: Integers, first: Integers, count: int) -> Array:
        rows = self.clips.rows("motion", clips, first, count)
        return rows if self.normalisation is None else self.normalisation(rows)

    def _conditions(self, clips: Integers, first: Integers, counts: Integers, key: tuple[Any, ...]) -> Array:
        length, groups = self._options.seq_frames, []
        for column in self._condition:
            if column.treatment == "random":
                frame = self._draw(counts, *key, _CANONICAL)
                rows = self.clips.rows(column.name, clips, frame, 1)
            else:
                rows = self.clips.rows(column.name, clips, first, length)
            if column.treatment == "mean":
                rows = rows.mean(1, keepdims=True)
            groups.append(np.broadcast_to(rows, (len(rows), length, rows.shape[2])))
        return np.concatenate(groups, 2)


def open_dataset(data_list: Path, options: TrainingOptions) -> tuple[MotionDataset, DataList]:
    """The windows of a data list, as the options ask for them.

    Raises:
        dh.InputError: the list, a file of it, or the file of mean and variance cannot be used; or the condition is not
            ``audio_feat_dim`` wide.
    """
    source = read_data_list(data_list)
    columns = (motion_column(options), *condition_columns(options))
    clips: Clips
    if options.data_preload:
        clips = preloaded(source, columns, options.data_preload_pkl if data_list == options.data_list_json else None)
    else:
        clips = DiskClips(source, columns, keep=options.data_cache)
    normalisation = None
    if options.mtn_mean_var_npy is not None:
        normalisation = read_normalisation(
            options.mtn_mean_var_npy, options.motion_feat_dim, reference_defects=options.reference_defects
        )
    dataset = MotionDataset(clips, options, normalisation, name=str(data_list))
    found = sum(dataset.widths.values())
    if found != options.audio_feat_dim:
        groups = " + ".join(f"{name} {width}" for name, width in dataset.widths.items())
        raise dh.InputError(
            f"{data_list}: condition rows have {found} columns ({groups}), audio_feat_dim is {options.audio_feat_dim}; "
            "correct it, or the use_ options"
        )
    return dataset, source
