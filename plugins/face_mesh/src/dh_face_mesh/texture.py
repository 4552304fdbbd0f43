"""The source's pixels, to be taken from any position."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from dh_face_mesh.placement import Box

Field = NDArray[np.float32]
Image = NDArray[np.uint8]

_MARGIN = 8
"""Pixels kept around the region that moves, for motion that reaches across its border."""

_SUPPORT = 2
"""Pixels on either side that bicubic interpolation reads."""


@dataclass(frozen=True, eq=False)
class Texture:
    """Pixels of a frame, or of a region of it enlarged to double size.

    A picture that serves many frames is doubled once, bicubically: taking pixels bilinearly from that is three times
    as fast as bicubically from the picture, and nearer to ideal interpolation. Either gives a pixel's exact value at
    its own position.

    Args:
        image: (height, width, 3), the frame.
        pixels: of the region, doubled; None: of the frame itself.
        left: of the region, in frame pixels.
        top: of the region, in frame pixels.
    """

    image: Image
    pixels: Image | None = None
    left: int = 0
    top: int = 0

    @classmethod
    def doubled(cls, image: Image, box: Box) -> Texture:
        """Of a picture that serves many frames; positions will lie in ``box`` or close to it."""
        left, top = max(box[0] - _MARGIN, 0), max(box[1] - _MARGIN, 0)
        return cls(image, _double(image[top : box[3] + _MARGIN, left : box[2] + _MARGIN]), left, top)

    def patched(self, patches: Iterable[tuple[Box, Image]]) -> Texture:
        """A copy with rectangles replaced by others, (box, pixels), whose borders fit what they replace."""
        if self.pixels is None:
            image = self.image.copy()
            for (left, top, right, bottom), patch in patches:
                image[top:bottom, left:right] = patch
            return Texture(image)
        pixels = self.pixels.copy()
        for (left, top, right, bottom), patch in patches:
            x, y = max(left - _SUPPORT, 0), max(top - _SUPPORT, 0)
            around = self.image[y : bottom + _SUPPORT, x : right + _SUPPORT].copy()
            around[top - y : bottom - y, left - x : right - x] = patch
            inner = _double(around)[2 * (top - y) : 2 * (bottom - y) - 1, 2 * (left - x) : 2 * (right - x) - 1]
            rows, columns = 2 * (top - self.top), 2 * (left - self.left)
            pixels[rows : rows + len(inner), columns : columns + inner.shape[1]] = inner
        return replace(self, pixels=pixels)

    def at(self, positions: Field) -> Image:
        """Pixels (h, w, 3) at frame positions (h, w, 2)."""
        if self.pixels is None:
            return np.asarray(cv2.remap(self.image, positions, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))
        doubled = cv2.transform(positions, np.array([[2.0, 0, -2 * self.left], [0, 2, -2 * self.top]]))
        return np.asarray(cv2.remap(self.pixels, doubled, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _double(image: Image) -> Image:
    """Twice the size, the image's own values at even rows and columns."""
    height, width = image.shape[:2]
    half = np.array([[0.5, 0, 0], [0, 0.5, 0]])
    return np.asarray(
        cv2.warpAffine(
            image,
            half,
            (2 * width, 2 * height),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )
