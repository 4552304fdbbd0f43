"""A video at a glance: frames evenly over its time, side by side in one picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dh.files import whole_file
from dh.media.video import VideoReader

FRAMES = 8
HEIGHT = 160
"""Of the picture, in pixels; a video of fewer rows keeps its own."""

_GAP = 2
_GAP_COLOUR = (128, 128, 128)
_QUALITY = 85


def write_filmstrip(video: Path, target: Path) -> None:
    """Writes ``FRAMES`` frames of a video as one JPEG, left to right; frame i is from (i + 0.5) / 8 of its time.

    A video of fewer frames than that repeats some.

    Raises:
        MediaError: the video cannot be read.
        InputError: the target cannot be written.
    """
    with VideoReader(video, str(video)) as reader:
        height = min(HEIGHT, reader.height)
        width = max(1, round(reader.width * height / reader.height))
        strip = Image.new("RGB", (FRAMES * (width + _GAP) - _GAP, height), _GAP_COLOUR)
        for place, image in enumerate(_evenly(reader)):
            picture = Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS)
            strip.paste(picture, (place * (width + _GAP), 0))
    with whole_file(target) as temporary:
        strip.save(temporary, format="JPEG", quality=_QUALITY, optimize=True)


def _evenly(reader: VideoReader) -> Iterator[NDArray[np.uint8]]:
    """``FRAMES`` frames; where the file holds fewer than it says, its last one takes the place of the rest."""
    wanted = [int((place + 0.5) / FRAMES * reader.frame_count) for place in range(FRAMES)]
    given = 0
    for source in reader.sources():
        latest = source
        while given < FRAMES and wanted[given] == source.index:
            yield reader.convert(source.picture)
            given += 1
        if given == FRAMES:
            return
    for _ in range(given, FRAMES):
        yield reader.convert(latest.picture)
