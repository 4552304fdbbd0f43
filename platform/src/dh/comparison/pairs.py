"""One video that shows all variants of an input pair side by side, with one audio track."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dh.comparison.lettering import fit_font, wrap
from dh.media.video import VideoReader
from dh.media.writer import VideoWriter

MAX_SIZE = (1920, 1080)
"""Largest width and height in pixels."""

_GAP = 8
_LABEL_ROOM = 40
_BACKGROUND = (17, 18, 20)
_TEXT = (240, 241, 243)
_ABSENT, _ABSENT_TITLE, _ABSENT_TEXT = (58, 61, 66), (255, 255, 255), (214, 217, 221)
_WITHOUT_VIDEO = (512, 512)
"""Size of the panels where none has a video."""
_WITHOUT_VIDEO_SECONDS, _WITHOUT_VIDEO_RATE = 1, Fraction(25)


@dataclass(frozen=True)
class Panel:
    """A place in the grid.

    Args:
        label: text above it.
        video: what it shows; None: a grey field.
        reason: text on the grey field, why there is no video.
    """

    label: str
    video: Path | None
    reason: str = ""


def write_pair(panels: Sequence[Panel], audio: Path, target: Path) -> None:
    """Writes the panels as one video, in step from their first frames on, with ``audio`` from time 0.

    The grid has as many columns as make the panels largest within ``MAX_SIZE``; videos keep their aspect and are never
    enlarged beyond the largest of them. The frame rate is the highest of the videos', the length that of the longest;
    a shorter one holds its last frame. Memory does not grow with the length.

    Args:
        panels: at least one, in reading order.
        audio: sound file, or a video with sound.
        target: a video file that ``dh.VideoWriter`` writes.

    Raises:
        ValueError: there is no panel.
        MediaError: a video or the audio cannot be read, or the target not be encoded.
        InputError: the target cannot be written.
    """
    if not panels:
        raise ValueError("a side-by-side video needs at least one panel")
    with ExitStack() as stack:
        readers = [
            None if panel.video is None else stack.enter_context(VideoReader(panel.video, str(panel.video)))
            for panel in panels
        ]
        present = [reader for reader in readers if reader is not None]
        grid = _Grid.of(len(panels), [(reader.width, reader.height) for reader in present])
        canvas = grid.draw(panels)
        rate = max((reader.rate for reader in present), default=_WITHOUT_VIDEO_RATE)
        writer = stack.enter_context(
            VideoWriter(str(target), width=grid.width, height=grid.height, fps=rate, audio=audio)
        )
        if not present:
            for _ in range(int(_WITHOUT_VIDEO_SECONDS * rate)):
                writer.write(canvas)
        for images in _in_step([None if reader is None else reader.frames(rate) for reader in readers]):
            for place, image in images:
                grid.paste(canvas, place, image)
            writer.write(canvas)


def _in_step(
    streams: Sequence[Iterator[NDArray[np.uint8]] | None],
) -> Iterator[list[tuple[int, NDArray[np.uint8]]]]:
    """For each frame of the longest stream, the images that are new, with their stream's index."""
    going = {place: stream for place, stream in enumerate(streams) if stream is not None}
    while going:
        images = []
        for place, stream in list(going.items()):
            image = next(stream, None)
            if image is None:
                del going[place]
            else:
                images.append((place, image))
        if images:
            yield images


@dataclass(frozen=True)
class _Grid:
    """Where panels lie: ``columns`` of fields of (field_width, field_height) pixels, each below its label."""

    columns: int
    rows: int
    field_width: int
    field_height: int

    @classmethod
    def of(cls, count: int, sizes: Sequence[tuple[int, int]]) -> _Grid:
        """The grid of ``count`` fields that hold pictures of these sizes, as large as possible."""
        width, height = (max(sides) for sides in zip(*(sizes or [_WITHOUT_VIDEO]), strict=True))
        candidates = []
        for columns in range(1, count + 1):
            rows = math.ceil(count / columns)
            room = (MAX_SIZE[0] - _GAP * (columns + 1)) / columns, (MAX_SIZE[1] - _GAP) / rows - _GAP - _LABEL_ROOM
            scale = min(1.0, room[0] / width, room[1] / height)
            shape = columns * width / (rows * height)
            off_shape = abs(math.log(shape * MAX_SIZE[1] / MAX_SIZE[0]))
            candidates.append((-round(scale, 2), columns * rows - count, off_shape, columns, rows, scale))
        *_, columns, rows, scale = min(candidates)
        return cls(columns, rows, max(2, int(width * scale)), max(2, int(height * scale)))

    @property
    def width(self) -> int:
        return _even(self.columns * (self.field_width + _GAP) + _GAP)

    @property
    def height(self) -> int:
        return _even(self.rows * (self.field_height + _LABEL_ROOM + _GAP) + _GAP)

    def corner(self, place: int) -> tuple[int, int]:
        """Left and upper edge of a field."""
        row, column = divmod(place, self.columns)
        return (
            _GAP + column * (self.field_width + _GAP),
            _GAP + row * (self.field_height + _LABEL_ROOM + _GAP) + _LABEL_ROOM,
        )

    def draw(self, panels: Sequence[Panel]) -> NDArray[np.uint8]:
        """The picture without videos, uint8 RGB of shape (height, width, 3)."""
        picture = Image.new("RGB", (self.width, self.height), _BACKGROUND)
        pen = ImageDraw.Draw(picture)
        for place, panel in enumerate(panels):
            left, top = self.corner(place)
            font, label = fit_font(panel.label, self.field_width, sizes=(22, 18, 15))
            pen.text((left + self.field_width / 2, top - _LABEL_ROOM / 2), label, _TEXT, font, anchor="mm")
            if panel.video is None:
                self._draw_absent(pen, left, top, panel.reason)
        return np.array(picture)

    def paste(self, canvas: NDArray[np.uint8], place: int, image: NDArray[np.uint8]) -> None:
        """Lays an image into the middle of its field, made smaller where it is too large."""
        height, width = image.shape[:2]
        scale = min(1.0, self.field_width / width, self.field_height / height)
        if scale < 1:
            size = max(1, round(width * scale)), max(1, round(height * scale))
            image = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0))
            height, width = image.shape[:2]
        left, top = self.corner(place)
        left, top = left + (self.field_width - width) // 2, top + (self.field_height - height) // 2
        canvas[top : top + height, left : left + width] = image

    def _draw_absent(self, pen: ImageDraw.ImageDraw, left: int, top: int, reason: str) -> None:
        pen.rectangle((left, top, left + self.field_width - 1, top + self.field_height - 1), _ABSENT)
        room = self.field_width * 0.86, self.field_height * 0.8
        font, title = fit_font("no video", room[0], sizes=(24, 18, 13))
        line_height = font.size * 1.5
        middle = left + self.field_width / 2
        small, lines = wrap(reason, room[0], room[1] - line_height, sizes=(19, 16, 13, 11))
        step = small.size * 1.35
        y = top + (self.field_height - line_height - step * len(lines)) / 2
        pen.text((middle, y + line_height / 2), title, _ABSENT_TITLE, font, anchor="mm")
        for index, line in enumerate(lines):
            pen.text((middle, y + line_height + step * (index + 0.5)), line, _ABSENT_TEXT, small, anchor="mm")


def _even(length: int) -> int:
    return length + length % 2
