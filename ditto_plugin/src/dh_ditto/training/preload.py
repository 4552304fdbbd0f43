"""A file that keeps preloaded clips, so that a later training does not read every array again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import safetensors
from safetensors.numpy import save_file

import dh
from dh_ditto.training.clips import DataList, DiskClips, MemoryClips
from dh_ditto.training.columns import Column

_FRAMES = "frame_num"
_CONTENT = "content"


def preloaded(source: DataList, columns: Sequence[Column], file: Path | None) -> MemoryClips:
    """The clips of a list in memory.

    Args:
        source: the clips.
        columns: the groups to read.
        file: a safetensors file, read if it is there, else written; None: the arrays themselves are read.

    Raises:
        dh.InputError: the file is not such a file, or was made of other clips, of clips that changed since or with
            other options; or an array is unusable.
    """
    if file is None:
        return MemoryClips.read(DiskClips(source, columns))
    content = _content(source, columns)
    if file.is_file():
        return _read(file, content)
    clips = MemoryClips.read(DiskClips(source, columns))
    file.parent.mkdir(parents=True, exist_ok=True)
    with dh.whole_file(file) as temporary:
        save_file({_FRAMES: clips.frames, **clips.tables}, temporary, {_CONTENT: content})
    return clips


def _read(file: Path, content: str) -> MemoryClips:
    try:
        with safetensors.safe_open(file, framework="numpy") as archive:
            if (archive.metadata() or {}).get(_CONTENT) != content:
                raise dh.InputError(
                    f"{file}: made of other clips or with other options; remove it, or name another data_preload_pkl"
                )
            tables = {name: archive.get_tensor(name) for name in archive.keys()}  # noqa: SIM118 (not a mapping)
    except (OSError, safetensors.SafetensorError) as error:
        raise dh.InputError(
            f"{file}: no safetensors file (a pickle is a program and is not read); remove it, or name another "
            "data_preload_pkl"
        ) from error
    return MemoryClips(tables.pop(_FRAMES), tables)


def _content(source: DataList, columns: Sequence[Column]) -> str:
    """Tells whether two sets of tables are the same, without reading the arrays."""
    states = []
    for clip in range(len(source.entries)):
        for column in columns:
            path = source.file(clip, column.key)
            state = path.stat() if path.is_file() else None
            states.append([str(path), state and [state.st_size, state.st_mtime_ns]])
    described = [source.digest, [repr(column) for column in columns], states]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()
