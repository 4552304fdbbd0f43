"""The videos that are prepared, and the names under which their files lie."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dh
from dh_ditto.preparation.layout import save_json
from dh_ditto.preparation.options import DECIDING, PrepareOptions

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".ts", ".flv", ".wmv", ".3gp")
"""Of files that are taken from a folder. A file that is named itself may have any."""

RECORD_NAME = "preparation.json"
"""Beside the data: which video has which name, and the options that decided the files."""


@dataclass(frozen=True)
class Clip:
    """One video.

    Args:
        name: of its files.
        source: the video.
    """

    name: str
    source: Path


def find_videos(sources: Sequence[Path], output: Path) -> list[Path]:
    """All videos, absolute and each once: files that are named, and those below folders, sorted.

    Args:
        sources: files and folders.
        output: absolute; what lies below it is no source.

    Raises:
        InputError: nothing is named, a path is not there, or a folder holds no video.
    """
    if not sources:
        raise dh.InputError("no videos are named; give video files, or folders of them")
    found: dict[Path, None] = {}
    for source in sources:
        path = Path(source).expanduser()
        if path.is_dir():
            inside = sorted(p for p in path.absolute().rglob("*") if _is_video(p, path.absolute(), output))
            if not inside:
                raise dh.InputError(f"{path}: holds no video ({', '.join(VIDEO_SUFFIXES)})")
            found |= dict.fromkeys(inside)
        elif path.exists():
            found[path.absolute()] = None
        else:
            raise dh.InputError(f"{path}: no such file or folder; check the name")
    return list(found)


@dataclass(frozen=True)
class ClipRecord:
    """Which videos an output folder holds, under which names, and the options that decided its files.

    Args:
        path: of ``RECORD_NAME``.
        clips: of this call.
        known: source and size in bytes of every clip of any call, by name.
        options: by key.
    """

    path: Path
    clips: Sequence[Clip]
    known: Mapping[str, Mapping[str, Any]]
    options: Mapping[str, Any]

    def save(self) -> None:
        """Writes it down, so that later calls give the same videos the same names."""
        save_json(self.path, {"options": self.options, "clips": self.known})


def name_clips(videos: Sequence[Path], output: Path, options: PrepareOptions) -> ClipRecord:
    """Names for videos: those of an earlier call, else the file's own with a number where that is taken.

    Raises:
        OptionError: the folder was prepared with other options.
        InputError: a video has another size than when it was first prepared, or the record is damaged.
    """
    record = _read_record(output / RECORD_NAME)
    chosen = options.model_dump(mode="json", include=set(DECIDING))
    for key, before in (record.get("options") or {}).items():
        if key in chosen and chosen[key] != before:
            raise dh.OptionError(
                f"--set {key}={chosen[key]}: {output} was prepared with {before}; give that, or name another folder"
            )
    known: dict[str, Mapping[str, Any]] = dict(record.get("clips", {}))
    names = {entry["source"]: name for name, entry in known.items()}
    clips = []
    for video in videos:
        name = names.get(str(video)) or _free_name(video.stem, known)
        size = video.stat().st_size
        if known.setdefault(name, {"source": str(video), "bytes": size})["bytes"] != size:
            raise dh.InputError(f"{video}: has changed since it was prepared in {output}; name another folder")
        clips.append(Clip(name, video))
    return ClipRecord(output / RECORD_NAME, clips, known, chosen)


def _is_video(path: Path, root: Path, output: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
    return path.suffix.lower() in VIDEO_SUFFIXES and not hidden and output not in path.parents and path.is_file()


def _free_name(stem: str, known: Mapping[str, object]) -> str:
    taken = {name.lower() for name in known}  # some systems take upper and lower case for the same
    name, number = stem, 1
    while name.lower() in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


def _read_record(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if all(isinstance(entry["bytes"], int) and entry["source"] for entry in record["clips"].values()):
            return dict(record)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise dh.InputError(f"{path}: is damaged ({dh.one_line(error)}); name another folder") from error
    raise dh.InputError(f"{path}: is damaged; name another folder")
