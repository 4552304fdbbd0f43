"""The clips of a data list: the files of each, checked, on disk or in memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

import dh
from dh_ditto.motion import Array
from dh_ditto.training.columns import Column
from dh_ditto.training.draws import Integers


class ClipEntry(BaseModel):
    """One object of a data list; paths are absolute, or relative to the list's folder."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    frame_num: int = Field(ge=0)
    mtn: str
    aud: str
    emo: str | None = None
    eye_open: str | None = None
    eye_ball: str | None = None
    lmk: str | None = None
    style: str | None = None


@dataclass(frozen=True)
class DataList:
    """A data list as it was read.

    Args:
        path: of the file.
        digest: SHA-256 of its bytes, as hex.
        entries: its clips.
    """

    path: Path
    digest: str
    entries: tuple[ClipEntry, ...]

    def where(self, clip: int) -> str:
        """A clip's name in messages."""
        return f"{self.path}: clip {clip}"

    def file(self, clip: int, key: str) -> Path:
        """The file of a clip's array.

        Raises:
            dh.InputError: the clip has none.
        """
        value: str | None = getattr(self.entries[clip], key)
        if value is None:
            raise dh.InputError(f"{self.where(clip)}: has no {key!r}; prepare it, or switch use_{key} off")
        return self.path.parent / value


def read_data_list(path: Path) -> DataList:
    """Reads a JSON list of clips.

    Raises:
        dh.InputError: there is no such file, or it is not such a list, or is empty.
    """
    try:
        content = path.read_bytes()
        rows = json.loads(content)
    except FileNotFoundError:
        raise dh.InputError(f"{path}: no such data list; prepare the data first, or correct data_list_json") from None
    except (OSError, ValueError) as error:
        raise dh.InputError(
            f"{path}: not readable as JSON ({dh.one_line(error, 120)}); prepare the data again"
        ) from error
    if not isinstance(rows, list) or not rows:
        raise dh.InputError(f"{path}: holds no list of clips; give a list of objects with frame_num, mtn and aud")
    return DataList(
        path, hashlib.sha256(content).hexdigest(), tuple(_entry(path, i, row) for i, row in enumerate(rows))
    )


def _entry(path: Path, number: int, row: Any) -> ClipEntry:
    try:
        return ClipEntry.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise dh.InputError(
            f"{path}: clip {number}: {where}: {first['msg'].lower()}; give frame_num, mtn and aud"
        ) from error


class Clips(Protocol):
    """The arrays of all clips."""

    @property
    def frames(self) -> Integers:
        """[clips]: length of each."""
        ...

    @property
    def widths(self) -> Mapping[str, int]:
        """Columns of each group."""
        ...

    def rows(self, name: str, clips: Integers, first: Integers, count: int) -> Array:
        """[batch, count, width] float32: rows first .. first + count - 1 of one group of each of the clips [batch]."""
        ...


class DiskClips:
    """Arrays that stay in their files; only what a batch takes is read.

    Args:
        source: the clips.
        columns: the groups to read.
        keep: keep each file's rows in memory once it was read.

    Raises:
        dh.InputError: a file is missing, not an array of numbers, too short, or not as wide as the others.
    """

    def __init__(self, source: DataList, columns: Sequence[Column], *, keep: bool = False) -> None:
        self._source, self._keep = source, keep
        self._columns = {column.name: column for column in columns}
        self._kept: dict[tuple[int, str], NDArray[Any]] = {}
        self.frames: Integers = np.array([entry.frame_num for entry in source.entries], np.int64)
        self.widths: dict[str, int] = {}
        for clip in range(len(source.entries)):
            for column in columns:
                width = self._open(clip, column).shape[1]
                if self.widths.setdefault(column.name, width) != width:
                    raise dh.InputError(
                        f"{source.file(clip, column.key)}: {width} columns of {column.name}, other clips have "
                        f"{self.widths[column.name]}; prepare all clips in the same way"
                    )

    def rows(self, name: str, clips: Integers, first: Integers, count: int) -> Array:
        """See ``Clips``.

        Raises:
            dh.InputError: a value is not finite.
        """
        column = self._columns[name]
        picked = [
            self._finite(int(clip), column, self._array(int(clip), column)[start : start + count])
            for clip, start in zip(clips, first, strict=True)
        ]
        return np.stack(picked).astype(np.float32)

    def whole(self, clip: int, name: str) -> NDArray[Any]:
        """All rows of a clip's group, as its file has them.

        Raises:
            dh.InputError: a value is not finite.
        """
        column = self._columns[name]
        return np.array(self._finite(clip, column, self._open(clip, column)))

    def _array(self, clip: int, column: Column) -> NDArray[Any]:
        if not self._keep:
            return self._open(clip, column)
        if (clip, column.name) not in self._kept:
            self._kept[clip, column.name] = np.array(self._open(clip, column))
        return self._kept[clip, column.name]

    def _finite(self, clip: int, column: Column, rows: NDArray[Any]) -> NDArray[Any]:
        if not np.isfinite(rows).all():
            path = self._source.file(clip, column.key)
            raise dh.InputError(f"{path}: holds values that are not finite; prepare this clip again or leave it out")
        return rows

    def _open(self, clip: int, column: Column) -> NDArray[Any]:
        """[frame_num, width], mapped from the file."""
        path, frames = self._source.file(clip, column.key), self.frames[clip]
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except FileNotFoundError:
            raise dh.InputError(f"{self._source.where(clip)}: {path}: no such file; prepare the data again") from None
        except (OSError, ValueError, EOFError) as error:
            raise dh.InputError(f"{path}: not readable as an array; prepare this clip again") from error
        if array.ndim < 2 or array.dtype.kind not in "fiu":
            raise dh.InputError(
                f"{path}: {array.dtype} of shape {list(array.shape)}; give numbers with one row for every frame"
            )
        if len(array) < frames:
            raise dh.InputError(
                f"{path}: {len(array)} frames, the data list says {frames}; correct frame_num or prepare the clip again"
            )
        rows = array.reshape(len(array), -1)
        last = rows.shape[1] if column.last is None else column.last
        if not column.first < last <= rows.shape[1]:
            raise dh.InputError(
                f"{path}: {rows.shape[1]} columns, {column.name} takes columns {column.first} to "
                f"{max(last, column.first + 1)}; give the file that belongs to these options, or correct them"
            )
        return rows[:frames, column.first : last]


class MemoryClips:
    """All arrays in memory, one table for each group, from which a batch is taken in one piece.

    Args:
        frames: [clips].
        tables: [sum of frames, width] of each group.
    """

    def __init__(self, frames: Integers, tables: Mapping[str, NDArray[Any]]) -> None:
        self.frames = frames
        self.tables = dict(tables)
        self.widths = {name: table.shape[1] for name, table in tables.items()}
        self._begin = np.cumsum(frames) - frames

    @classmethod
    def read(cls, clips: DiskClips) -> MemoryClips:
        """Reads everything, in the precision of the files: float16 takes half the memory."""
        tables = {}
        for name in clips.widths:
            parts = [clips.whole(clip, name) for clip in range(len(clips.frames))]
            kind = np.float16 if all(part.dtype == np.float16 for part in parts) else np.float32
            tables[name] = np.concatenate(parts, dtype=kind, casting="unsafe")
        return cls(clips.frames, tables)

    def rows(self, name: str, clips: Integers, first: Integers, count: int) -> Array:
        """See ``Clips``."""
        index = (self._begin[clips] + first)[:, None] + np.arange(count)
        return self.tables[name][index].astype(np.float32, copy=False)
