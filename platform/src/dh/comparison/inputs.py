"""Sources, audios and references: found to be readable, and copied in forms that a browser shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dh.comparison.names import identifiers
from dh.comparison.request import InputPair
from dh.errors import InputError
from dh.record import fingerprint

THUMBNAIL_SIDE = 360
"""Longest side of a source's picture in the report, in pixels."""


@dataclass(frozen=True)
class Input:
    """A file that cells use.

    Args:
        id: of the file among its kind.
        path: as given.
        sha256: of its content.
        duration: seconds of an audio, 0 of others.
    """

    id: str
    path: Path
    sha256: str
    duration: float = 0.0


@dataclass(frozen=True)
class Inputs:
    """Every file that a comparison uses, by path."""

    sources: dict[Path, Input]
    audios: dict[Path, Input]
    references: dict[Path, Input]


def examine(pairs: Iterable[InputPair]) -> Inputs:
    """Looks into every file.

    Raises:
        MediaError: one of them cannot be read as what it is given for.
        InputError: a reference is a picture.
    """
    pairs = list(pairs)
    return Inputs(
        _inputs([pair.source for pair in pairs], _open_source),
        _inputs([pair.audio for pair in pairs], _open_audio),
        _inputs([pair.reference for pair in pairs if pair.reference is not None], _open_reference),
    )


def write_thumbnail(source: Path, target: Path) -> None:
    """Writes a source's picture, or its first frame, as a small JPEG.

    Raises:
        MediaError: it cannot be read.
        InputError: the target cannot be written.
    """
    from PIL import Image

    from dh.files import whole_file
    from dh.source import Source

    image = Image.fromarray(Source.open(source).image())
    image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    with whole_file(target) as temporary:
        image.save(temporary, "JPEG", quality=88)


def write_playable(audio: Path, target: Path) -> None:
    """Writes a file's sound as AAC in an MP4 container, which every browser plays.

    Raises:
        MediaError: it cannot be read.
        InputError: the target cannot be written.
    """
    import av

    from dh.files import whole_file
    from dh.media.soundtrack import Soundtrack

    mp4: dict[str, Any] = {"format": "mp4", "container_options": {"movflags": "faststart"}}
    with whole_file(target) as temporary, av.open(f"file:{temporary}", "w", **mp4) as container:
        sound = Soundtrack(audio, container, "aac")
        container.start_encoding()
        for packet in sound.rest():
            container.mux(packet)


def _inputs(paths: list[Path], look: Callable[[Path], float]) -> dict[Path, Input]:
    unique = list(dict.fromkeys(paths))
    names = identifiers([path.stem for path in unique])
    return {
        path: Input(name, path, duration=look(path), sha256=str(fingerprint(path)["sha256"]))
        for name, path in zip(names, unique, strict=True)
    }


def _open_source(path: Path) -> float:
    from dh.source import Source

    Source.open(path)
    return 0.0


def _open_audio(path: Path) -> float:
    from dh.media.audio import probe_audio

    return probe_audio(path).duration


def _open_reference(path: Path) -> float:
    from dh.source import Source

    if Source.open(path).kind != "video":
        raise InputError(f"--reference {path}: is a picture; give the ground-truth video")
    return 0.0
