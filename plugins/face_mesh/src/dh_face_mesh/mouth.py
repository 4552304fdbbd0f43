"""Paints what shows between the lips of a rendered frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dh_face_mesh.crop import Head, compose, inverse, scale_of
from dh_face_mesh.opening import Opening
from dh_face_mesh.teeth import Layer, Palette

Array = NDArray[np.float64]
Field = NDArray[np.float32]
Image = NDArray[np.uint8]

_SOFTNESS = 0.008
"""Width of the lips' antialiased inner edge, in face heights; at least one pixel."""


@dataclass(frozen=True, eq=False)
class Mouth:
    """A mouth's inside.

    Args:
        upper: teeth that move with the head.
        lower: teeth and tongue that move with the jaw.
        palette: colours.
        head: pose of the source's head, in crop pixels.
    """

    upper: Layer
    lower: Layer
    palette: Palette
    head: Head

    def paint(
        self, image: Image, corner: tuple[int, int], matrix: Array, line: Opening, skull: Array, jaw: Array, seam: float
    ) -> None:
        """Paints into ``image`` where the lips are apart.

        Args:
            image: part of the frame, changed in place.
            corner: the frame's pixel that is its first: x, y.
            matrix: frame to crop.
            line: the lips of this frame, in frame pixels.
            skull: (2, 3), what the head's motion makes of crop points at the mouth.
            jaw: (2,), motion of the jaw on the head, in crop pixels.
            seam: how much to darken the line where closed lips meet, 0 to 1.
        """
        unit = self.head.height / scale_of(matrix)
        box = self._box(image, corner, line, unit)
        if box is None:
            return
        left, top, right, bottom = box
        part = image[top - corner[1] : bottom - corner[1], left - corner[0] : right - corner[0]]
        u, v = line.coordinates(left, top, right - left, bottom - top)
        upper, lower, middle = line.heights(u)
        soft = np.float32(max(1.0, _SOFTNESS * unit))
        cover = np.minimum(lower, v + soft / 2) - np.maximum(upper, v - soft / 2)
        cover = np.clip(cover / soft + np.float32(0.25), 0, 1) * np.clip((lower - upper) / soft, 0, 1)
        if seam:
            ends = np.clip(np.minimum(u, line.length - u) / np.float32(0.12 * line.length), 0, 1)
            band = np.exp(-(((v - middle) / np.float32(0.009 * unit)) ** 2)) * ends * np.float32(0.42 * seam)
            part[:] = (part * (1 - band[..., None])).astype(np.uint8)
        if line.gap <= 0:
            return
        shade = self._shade(u, v, upper, lower, line, unit)[..., None]
        inside = self._inside(left, top, right, bottom, matrix, skull, jaw) * shade + self.palette.cavity * (1 - shade)
        part[:] = (part + (inside - part) * cover[..., None] + np.float32(0.5)).astype(np.uint8)

    def _box(
        self, image: Image, corner: tuple[int, int], line: Opening, unit: float
    ) -> tuple[int, int, int, int] | None:
        """Frame rectangle around the lips' opening, within ``image``; None where nothing of it lies there."""
        u = np.linspace(0, line.length, 33, dtype=np.float32)[None]
        upper, lower, _ = line.heights(u)
        normal = np.array([-line.axis[1], line.axis[0]])
        points = np.concatenate(
            [line.origin + u[0][:, None] * line.axis + v[0][:, None] * normal for v in (upper, lower)]
        )
        margin = 2 + 0.02 * unit
        left, top = np.maximum(np.floor(points.min(0) - margin).astype(int), corner)
        right, bottom = np.minimum(np.ceil(points.max(0) + margin).astype(int), np.add(corner, image.shape[1::-1]))
        return (int(left), int(top), int(right), int(bottom)) if right > left and bottom > top else None

    def _inside(self, left: int, top: int, right: int, bottom: int, matrix: Array, skull: Array, jaw: Array) -> Field:
        size = (right - left, bottom - top)
        to_crop = np.column_stack([matrix[:, :2], matrix[:, :2] @ [left, top] + matrix[:, 2]])
        upright = inverse(skull)
        colour = np.empty((size[1], size[0], 3), np.float32)
        colour[:] = self.palette.cavity
        for layer, shift in ((self.lower, jaw), (self.upper, np.zeros(2))):
            rest = np.column_stack([upright[:, :2], upright[:, 2] - shift])
            warp = compose(layer.matrix, compose(rest, to_crop))
            drawn = cv2.warpAffine(layer.pixels, warp, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
            colour *= 1 - drawn[..., 3:]
            colour += drawn[..., :3]
        return colour

    @staticmethod
    def _shade(u: Field, v: Field, upper: Field, lower: Field, line: Opening, unit: float) -> Field:
        """Light that falls into the mouth: less under the upper lip, in the corners and through a narrow gap."""
        below = np.maximum(v - upper, 0) / np.float32(0.016 * unit)
        above = np.maximum(lower - v, 0) / np.float32(0.012 * unit)
        ends = np.clip(np.minimum(u, line.length - u) / np.float32(0.20 * line.length), 0, 1)
        ambient = np.float32(0.60 + 0.40 * min(1.0, line.gap / (0.045 * unit)))
        shade = (1 - 0.38 * np.exp(-below)) * (1 - 0.25 * np.exp(-above)) * (0.35 + 0.65 * ends) * ambient
        return np.asarray(shade, np.float32)
