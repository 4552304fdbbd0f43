"""Decoded video frames as upright RGB with square pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from av import VideoFrame
from av.sidedata.sidedata import Type
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from numpy.typing import NDArray

from dh.media.images import over_white

_BT709 = 1
_UNSPECIFIED = 2
_HD_LINES = 720
"""Untagged video of at least this many lines is BT.709, below BT.601, as players take it."""


class RgbConverter:
    """Converts the frames of one video.

    Args:
        first: any frame of it; tells orientation and pixel shape of all.
        pixel_aspect: width of a stored pixel by its height; None where the file does not say.

    Attributes:
        width: of the converted frames.
        height: of the converted frames.
    """

    def __init__(self, first: VideoFrame, pixel_aspect: float | None) -> None:
        self._transpose, self._flip_x, self._flip_y = _orientation(first)
        self._stored = (max(1, round(first.width * (pixel_aspect or 1.0))), first.height)
        self.width, self.height = self._stored[::-1] if self._transpose else self._stored
        self._reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """uint8 RGB of shape (height, width, 3), contiguous; transparent pixels are laid over white."""
        has_alpha = frame.format.name == "pal8" or any(component.is_alpha for component in frame.format.components)
        tagged_709 = frame.colorspace == _BT709
        guessed_709 = frame.colorspace == _UNSPECIFIED and frame.height >= _HD_LINES
        converted = self._reformatter.reformat(
            frame,
            width=self._stored[0],
            height=self._stored[1],
            format="rgba" if has_alpha else "rgb24",
            src_colorspace=Colorspace.ITU709 if guessed_709 or tagged_709 else None,
            src_color_range=frame.color_range,
            dst_color_range=ColorRange.JPEG,
        )
        pixels: NDArray[np.uint8] = converted.to_ndarray()  # type: ignore[assignment]
        if has_alpha:
            pixels = over_white(pixels)
        if self._transpose:
            pixels = pixels.transpose(1, 0, 2)
        if self._flip_x:
            pixels = pixels[:, ::-1]
        if self._flip_y:
            pixels = pixels[::-1]
        return np.ascontiguousarray(pixels)


def _orientation(frame: VideoFrame) -> tuple[bool, bool, bool]:
    """Whether to swap the axes, then to mirror left-right, then top-bottom.

    The display matrix of MP4 (ISO 14496-12, 6.2.2) maps x' = a x + c y, y' = b x + d y, with y downwards. Phones
    write quarter turns and mirrorings alone; of other angles, the nearest is taken.
    """
    side_data: Any = frame.side_data
    data = side_data.get(Type.DISPLAYMATRIX)
    if data is None:
        return False, False, False
    a, b, _, c, d = np.frombuffer(bytes(data), "<i4")[:5].tolist()
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return False, a < 0, d < 0
    return True, c < 0, b < 0
