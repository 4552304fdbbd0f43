"""Each frame against the reference's frame at the same time, computed by OpenCV."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import dh

Image = NDArray[np.uint8]

IDENTICAL_DB = 100.0
"""What a frame that equals the reference counts, whose PSNR is infinite; others stay below it where they can."""


_RADIUS = 5
"""Of the windows of SSIM."""


def psnr(frame: Image, reference: Image) -> float:
    """Peak signal-to-noise ratio of the RGB values of two uint8 pictures (h, w, 3) in dB, at most 100."""
    if np.array_equal(frame, reference):
        return IDENTICAL_DB
    return min(float(cv2.PSNR(reference, frame)), IDENTICAL_DB)


def ssim(frame: Image, reference: Image) -> float:
    """Structural similarity of the luma of two uint8 RGB pictures (h, w, 3), as Wang et al. 2004 define it.

    Gaussian windows of 11 pixels with a standard deviation of 1.5, those alone that lie within the picture; luma as
    BT.601 weighs it. The pictures are larger than a window.
    """
    lumas = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (reference, frame)]
    _, similarity = cv2.quality.QualitySSIM_compute(*lumas)  # type: ignore[attr-defined]  # OpenCV states no types of it
    return float(similarity[_RADIUS:-_RADIUS, _RADIUS:-_RADIUS].mean())


def compare(material: dh.Material, measure: Callable[[Image, Image], float]) -> tuple[list[float], str]:
    """A measure of every frame against the reference's frame at the same time.

    Returns:
        Values of the frames that both have, and a note where one video is longer.

    Raises:
        NotMeasurable: there is no reference, or it has another size.
    """
    size, wanted = material.reference_size, (material.width, material.height)
    if size != wanted:
        raise dh.NotMeasurable(
            f"the reference is {size[0]}x{size[1]}, the video {wanted[0]}x{wanted[1]}; bring one to the other's size"
        )
    values: list[float] = []
    for frame, reference in zip_longest(material.frames(), material.reference_frames()):
        if frame is None or reference is None:
            longer = "video" if reference is None else "reference"
            return values, f"the {longer} is longer; its rest was not compared"
        values.append(measure(frame, reference))
    return values, ""


class Psnr:
    """Peak signal-to-noise ratio against the reference."""

    def __init__(self, options: Any, context: dh.Context) -> None:
        pass

    def measure(self, material: dh.Material) -> dh.Measure:
        """Decibels, averaged over the frames that both videos have."""
        values, note = compare(material, psnr)
        same = sum(value == IDENTICAL_DB for value in values)
        notes = [f"{same} of {len(values)} frames equal the reference and count as {IDENTICAL_DB:g} dB"] if same else []
        notes += [note] if note else []
        return dh.Measure(float(np.mean(values)), len(values), series={"PSNR": values}, note="; ".join(notes))


class Ssim:
    """Structural similarity to the reference."""

    def __init__(self, options: Any, context: dh.Context) -> None:
        pass

    def measure(self, material: dh.Material) -> dh.Measure:
        """-1 to 1, averaged over the frames that both videos have."""
        values, note = compare(material, ssim)
        return dh.Measure(float(np.mean(values)), len(values), series={"SSIM": values}, note=note)
