"""The opening between two contours that share their ends: the lips, or an eye's lids."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Field = NDArray[np.float32]

_SAMPLES = 2.0
"""Table entries per pixel along the opening."""


@dataclass(frozen=True, eq=False)
class Opening:
    """Two contours as heights over the line from their left end to their right one.

    Args:
        origin: (2,), the left end, in pixels of the target.
        axis: (2,), unit vector from it to the right end.
        length: between the ends, in pixels.
        table: (3, n) float32: the upper contour, the lower one and the line between them, perpendicular to the axis,
            positive down, from one ``reach`` before the left end to one behind the right.
        reach: how far the table goes beyond the ends, in pixels.
        gap: largest distance of the contours in pixels, 0 where they touch or overlap everywhere.
    """

    origin: Array
    axis: Array
    length: float
    table: Field
    reach: float
    gap: float

    @classmethod
    def of(cls, upper: Array, lower: Array) -> Opening:
        """Of two contours of n points (n, 2) that share their ends."""
        left, right = (upper[0] + lower[0]) / 2, (upper[-1] + lower[-1]) / 2
        length = max(float(np.linalg.norm(right - left)), 1.0)
        axis = (right - left) / length
        normal = np.array([-axis[1], axis[0]])
        u = np.maximum.accumulate(((upper + lower) / 2 - left) @ axis)
        top, bottom = (upper - left) @ normal, (lower - left) @ normal
        middle = (top + bottom) / 2
        half = np.maximum(bottom - top, 0) / 2
        half[[0, -1]] = 0
        reach = 0.8 * length
        at = np.arange(int(_SAMPLES * (length + 2 * reach)) + 1) / _SAMPLES - reach
        line = _curve(u, middle, at)
        spread = np.maximum(_curve(u, half, at), 0)
        table = np.stack([line - spread, line + spread, line]).astype(np.float32)
        return cls(left, axis, length, table, reach, float(2 * half.max()))

    @property
    def lowest(self) -> float:
        """Height on the picture below which the whole line between the contours, and its continuation, lies above."""
        u = np.array([-self.reach, self.length + self.reach])
        return float(self.origin[1] + (u * self.axis[1]).max() + float(self.table[2].max()) * self.axis[0] + 2)

    def smoothed(self, share: float) -> Opening:
        """Blurred along its axis, over a share of its length, so that it tapers off beyond its ends."""
        sigma = share * self.length * _SAMPLES
        table = cv2.GaussianBlur(self.table, (0, 0), sigmaX=sigma, sigmaY=1e-3, borderType=cv2.BORDER_REPLICATE)
        return replace(self, table=table)

    def heights(self, u: Field) -> tuple[Field, Field, Field]:
        """Upper, lower and middle height at positions along the axis, each of the shape of ``u``."""
        at = (u + np.float32(self.reach)) * np.float32(_SAMPLES)
        zero = np.zeros_like(at)
        upper, lower, middle = (
            cv2.remap(row[None], at, zero, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for row in self.table
        )
        return upper, lower, middle

    def coordinates(self, left: int, top: int, width: int, height: int) -> tuple[Field, Field]:
        """Along and across the axis, for the pixels of a rectangle: two arrays (height, width)."""
        x = (np.arange(width) + (left - self.origin[0]))[None]
        y = (np.arange(height) + (top - self.origin[1]))[:, None]
        u = x * self.axis[0] + y * self.axis[1]
        v = y * self.axis[0] - x * self.axis[1]
        return u.astype(np.float32), v.astype(np.float32)


def _curve(u: Array, values: Array, at: Array) -> Array:
    """Monotone cubic through (u, values) (Fritsch & Carlson 1980), held constant beyond the ends."""
    step = np.maximum(np.diff(u), 1e-3)
    slope = np.diff(values) / step
    inner = np.where(
        slope[:-1] * slope[1:] > 0,
        2 * slope[:-1] * slope[1:] / np.where(slope[:-1] + slope[1:] == 0, 1, slope[:-1] + slope[1:]),
        0,
    )
    tangent = np.concatenate([slope[:1], inner, slope[-1:]])
    index = np.clip(np.searchsorted(u, at, side="right") - 1, 0, len(step) - 1)
    h = step[index]
    t = np.clip((at - u[index]) / h, 0, 1)
    a, b = values[index], values[index + 1]
    return np.asarray(
        (1 + 2 * t) * (1 - t) ** 2 * a + t * (1 - t) ** 2 * h * tangent[index]
        + t * t * (3 - 2 * t) * b + t * t * (t - 1) * h * tangent[index + 1]
    )  # fmt: skip
