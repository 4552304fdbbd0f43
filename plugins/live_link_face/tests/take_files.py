"""Takes as the Live Link Face app would have recorded them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import dh
from dh_live_link_face.columns import HEADER
from dh_live_link_face.driver import LiveLinkFaceDriver
from dh_live_link_face.options import LiveLinkFaceOptions
from dh_live_link_face.writing import write_recording

Fields = Mapping[str, NDArray[np.float32]]
Row = tuple[str, Mapping[str, float]]
"""A timecode, and the columns that are not 0."""

AVATAR = dh.Avatar("none", 2, 2)


def write_take(path: Path, rows: Sequence[Row]) -> Path:
    """A file of these rows."""
    lines = [",".join(HEADER)]
    lines += [",".join([timecode, "61", *(str(row.get(name, 0.0)) for name in HEADER[2:])]) for timecode, row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def ramp(path: Path, frames: int = 61) -> Path:
    """A take of 60 rows per second in which the jaw opens from 0 to 1, the head turns and the left eye blinks once."""
    share = np.linspace(0, 1, frames)
    motion = dh.arkit_motion(
        0,
        60.0,
        rotation=np.stack([10 * share, 20 * share, -5 * share], axis=1),
        jawOpen=share,
        eyeBlinkLeft=np.sin(np.pi * share),
        eyeLookOutLeft=share,
    )
    write_recording([motion], path)
    return path


def silence(seconds: float) -> Iterator[dh.AudioChunk]:
    """Speech of nothing."""
    yield dh.AudioChunk(np.zeros(round(seconds * dh.SAMPLE_RATE), np.float32), 0)


def played(path: Path, seconds: float, fps: float = 25.0, **options: object) -> Fields:
    """What the driver plays beside silence, by field."""
    driver = LiveLinkFaceDriver(LiveLinkFaceOptions.model_validate({"file": path, **options}), dh.Context(fps=fps))
    chunks = list(driver.drive(AVATAR, silence(seconds)))
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in dh.ARKIT.fields}


def shape(played: Fields, name: str) -> NDArray[np.float32]:
    """One blendshape of all frames."""
    return played["blendshapes"][:, dh.ARKIT_BLENDSHAPES.index(name)]
