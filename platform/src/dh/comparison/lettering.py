"""Text in pictures: in Pillow's own font, as large as fits."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import cast

from PIL import ImageFont

_LINE = 1.35
"""Distance of two lines, in font sizes."""


@lru_cache(maxsize=16)
def font_of(size: int) -> ImageFont.FreeTypeFont:
    """The font that comes with Pillow, of a size in pixels."""
    return cast(ImageFont.FreeTypeFont, ImageFont.load_default(size=size))


def fit_font(text: str, width: float, sizes: Sequence[int]) -> tuple[ImageFont.FreeTypeFont, str]:
    """The largest of some sizes in which a text fits on one line of a width in pixels; cut in the smallest."""
    text = " ".join(text.split())
    for size in sizes:
        if font_of(size).getlength(text) <= width:
            return font_of(size), text
    return font_of(sizes[-1]), _cut(text, font_of(sizes[-1]), width)


def wrap(text: str, width: float, height: float, sizes: Sequence[int]) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """The largest of some sizes in which a text, broken into lines, fits into a box; cut in the smallest."""
    for size in sizes:
        lines = _lines(text, font_of(size), width)
        if len(lines) * size * _LINE <= height:
            return font_of(size), lines
    font = font_of(sizes[-1])
    kept = max(1, int(height / (sizes[-1] * _LINE)))
    return font, [*lines[: kept - 1], _cut(" ".join(lines[kept - 1 :]), font, width)]


def _lines(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Breaks at blanks, and within a word that is longer than a line."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        if font.getlength(f"{line} {word}".strip()) <= width:
            line = f"{line} {word}".strip()
            continue
        if line:
            lines.append(line)
        while font.getlength(word) > width and len(word) > 1:
            length = max(1, _fitting(word, font, width))
            lines.append(word[:length])
            word = word[length:]  # noqa: PLW2901
        line = word
    return [*lines, line] if line else lines


def _cut(text: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    if font.getlength(text) <= width:
        return text
    return f"{text[: _fitting(text, font, width - font.getlength('…'))].rstrip()}…"


def _fitting(text: str, font: ImageFont.FreeTypeFont, width: float) -> int:
    """How many of a text's first characters fit into a width."""
    return bisect_right(range(1, len(text) + 1), width, key=lambda length: font.getlength(text[:length]))
