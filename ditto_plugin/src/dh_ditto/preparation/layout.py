"""Where prepared data lie: a folder for each kind of file, in it one file for each video."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dh

SUFFIXES: Mapping[str, str] = {
    "fps25_video": ".mp4",
    "video": ".mp4",
    "wav": ".wav",
    "hubert_aud_npy": ".npy",
    "mel_aud_npy": ".npy",
    "LP_npz": ".npz",
    "LP_npy": ".npy",
    "arkit_npy": ".npy",
    "MP_lmk_npy": ".npy",
    "eye_open_npy": ".npy",
    "eye_ball_npy": ".npy",
    "emo_npy": ".npy",
    "style_npy": ".npy",
}
"""By folder. The names are the published ones where there are such; LP_npz is in place of LP_pkl, because whoever reads
a pickle runs what it says."""

FLIP = "_flip"
"""Ends the name of a folder that holds the same of mirrored videos."""

DataInfo = Mapping[str, Sequence[str]]
"""``FOLDER_list``: the paths of that folder, one for each video and all in one order."""


@dataclass(frozen=True)
class DataLayout:
    """The files of an output folder."""

    root: Path

    def path(self, folder: str, clip: str) -> Path:
        """The file of a clip in a folder of ``SUFFIXES``, plain or with ``FLIP`` at its end."""
        return self.root / folder / f"{clip}{SUFFIXES[folder.removesuffix(FLIP)]}"

    def data_info(self, folders: Sequence[str], clips: Sequence[str]) -> DataInfo:
        """Relative paths of the clips."""
        return {f"{folder}_list": [self._relative(folder, clip) for clip in clips] for folder in folders}

    def _relative(self, folder: str, clip: str) -> str:
        return self.path(folder, clip).relative_to(self.root).as_posix()


def flipped(path: str) -> str:
    """The mirrored counterpart of a file: the same name, in the folder beside."""
    plain = PurePosixPath(path.replace("\\", "/"))
    return str(plain.parent.with_name(plain.parent.name + FLIP) / plain.name)


def read_data_info(path: Path) -> DataInfo:
    """Reads a ``data_info.json``; relative paths in it are meant from its folder.

    Raises:
        InputError: it cannot be read, or holds something else.
    """
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise dh.InputError(f"{path}: not readable as JSON: {dh.one_line(error)}") from error
    if not isinstance(info, dict) or not all(isinstance(value, list) for value in info.values()):
        raise dh.InputError(f"{path}: expected lists of paths, such as 'LP_npy_list'")
    if len({len(value) for value in info.values()}) > 1:
        raise dh.InputError(f"{path}: its lists differ in length; each has one path for every video")
    return info


def save_array(path: Path, values: NDArray[Any]) -> None:
    """Writes an .npy file, whole or not at all; makes its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with dh.whole_file(path) as temporary, temporary.open("wb") as file:
        np.save(file, values, allow_pickle=False)


def save_json(path: Path, value: Any) -> None:
    """Writes a JSON file, whole or not at all."""
    with dh.whole_file(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
