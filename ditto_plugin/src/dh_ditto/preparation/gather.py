"""The list of clips that training reads, and the mean and variance of their motion."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dh_ditto.preparation.layout import DataInfo, flipped

LEAST_FRAMES = 81
"""Of a clip: a window of 80 and the frame before it."""

_MIRRORED = ("mtn", "eye_open", "eye_ball", "lmk")
"""What differs between a video and its mirror image."""

Entry = dict[str, Any]
"""``frame_num``, and paths by kind: ``mtn``, ``aud`` and, as used, ``emo``, ``eye_open``, ``eye_ball``, ``lmk``,
``style``."""


def gather(
    data_info: DataInfo,
    use_emo: bool,
    use_eye_open: bool,
    use_eye_ball: bool,
    with_flip: bool,
    *,
    folder: Path = Path(),
    motion: str = "LP_npy",
    audio: str = "hubert_aud_npy",
    use_lmk: bool = False,
    use_style: bool = False,
) -> list[Entry]:
    """Entries of all clips that are long enough and whose files are all there: the plain ones, then the mirrored ones.

    Args:
        data_info: paths, as ``read_data_info`` gives them.
        use_emo: whether entries name the emotion.
        use_eye_open: likewise.
        use_eye_ball: likewise.
        with_flip: add the mirrored clips.
        folder: that relative paths are meant from.
        motion: folder of the targets.
        audio: folder of the features.
        use_lmk: whether entries name the landmarks.
        use_style: whether entries name the speaking style.

    Raises:
        KeyError: ``data_info`` has no list of a kind that is used.
    """
    kinds = {
        "mtn": motion,
        "aud": audio,
        **({"emo": "emo_npy"} if use_emo else {}),
        **({"eye_open": "eye_open_npy"} if use_eye_open else {}),
        **({"eye_ball": "eye_ball_npy"} if use_eye_ball else {}),
        **({"lmk": "MP_lmk_npy"} if use_lmk else {}),
        **({"style": "style_npy"} if use_style else {}),
    }
    plain = [
        dict(zip(kinds, paths, strict=True))
        for paths in zip(*(data_info[f"{name}_list"] for name in kinds.values()), strict=True)
    ]
    entries = _usable(plain, folder)
    if with_flip:
        entries += _usable([_flip(paths) for paths in plain], folder)
    return entries


def clip_name(entry: Entry) -> str:
    """Which clip an entry is of, mirrored or not."""
    return PurePosixPath(entry["mtn"]).stem


def held_out(names: Sequence[str], share: float) -> set[str]:
    """Clips for validation: the same for the same names, and still mostly the same when there are more of them."""
    count = 0 if not share or len(names) < 2 else max(1, round(share * len(names)))
    return set(sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())[:count])


def frames_of(entries: Sequence[Entry]) -> int:
    """Frames of all entries together."""
    return sum(entry["frame_num"] for entry in entries)


def mean_and_variance(entries: Sequence[Entry], columns: int, folder: Path = Path()) -> NDArray[np.float32]:
    """[2, columns]: mean and variance of the first columns of the motion, over all frames of all entries."""
    count = frames_of(entries)
    total = _sum(entries, columns, folder, lambda rows: rows)
    mean = total / count
    variance = _sum(entries, columns, folder, lambda rows: np.square(rows - mean)) / count
    return np.stack([mean, variance]).astype(np.float32)


def _sum(
    entries: Sequence[Entry],
    columns: int,
    folder: Path,
    of: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> NDArray[np.float64]:
    total = np.zeros(columns)
    for entry in entries:
        rows = np.load(folder / entry["mtn"], mmap_mode="r", allow_pickle=False)[: entry["frame_num"], :columns]
        total += of(np.asarray(rows, np.float64)).sum(0)
    return total


def _flip(paths: Entry) -> Entry:
    return {kind: flipped(path) if kind in _MIRRORED else path for kind, path in paths.items()}


def _usable(clips: Sequence[Entry], folder: Path) -> list[Entry]:
    entries = []
    for paths in clips:
        files = [folder / path for path in paths.values()]
        if not all(file.is_file() for file in files):
            continue
        frames = min(len(np.load(file, mmap_mode="r", allow_pickle=False)) for file in files)
        if frames >= LEAST_FRAMES:
            entries.append({**paths, "frame_num": frames})
    return entries
