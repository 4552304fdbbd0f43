"""What lies behind the lips: layers for teeth and tongue, taken from the source where it shows them, else drawn.

Layers are drawn in the aligned crop, upright, in colours measured on the picture itself, so that they share its
brightness and white balance. Lengths are fractions of the face's height.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dh_face_mesh.crop import Head, apply, inverse, scale_of
from dh_face_mesh.opening import Opening
from dh_face_mesh.topology import (
    CHIN,
    FOREHEAD_TOP,
    INNER_LOWER,
    INNER_UPPER,
    IRIS,
    LOWER_LID,
    LOWER_LIP,
    UPPER_LID,
    UPPER_LIP,
)

Array = NDArray[np.float64]
Field = NDArray[np.float32]
Image = NDArray[np.uint8]

_UPPER_GAPS = (0.0, 0.046, 0.080, 0.110, 0.136, 0.156)
_LOWER_GAPS = (0.0, 0.029, 0.060, 0.092, 0.119, 0.143)
"""Where neighbouring teeth touch, sideways from the mid-line."""

_CHEEKS = (50, 280, 205, 425, 101, 330, 151, 9)


@dataclass(frozen=True, eq=False)
class Palette:
    """Colours (RGB, 0 to 255, float32) of a mouth that the picture does not show."""

    teeth: Field
    tongue: Field
    cavity: Field


@dataclass(frozen=True, eq=False)
class Layer:
    """A picture with opacity.

    Args:
        pixels: (h, w, 4) float32, colour times opacity (0 to 255), then opacity (0 to 1).
        matrix: (2, 3), crop pixels to the layer's pixels.
    """

    pixels: Field
    matrix: Array


def measure_palette(image: Image, landmarks: Array) -> Palette:
    """Colours from the whites of the eyes, the cheeks and the lips.

    Args:
        image: (h, w, 3).
        landmarks: (478, 2 or more) in its pixels.
    """
    skin = np.median(_patch_colours(image, landmarks, _CHEEKS), axis=0)
    lips = np.median(_patch_colours(image, landmarks, [*LOWER_LIP[1][2:-2], *UPPER_LIP[1][2:-2]], 0.008), axis=0)
    white = _eye_white(image, landmarks)
    grey = np.full(3, skin @ [0.299, 0.587, 0.114])
    pale = 0.30 * skin + 0.70 * grey  # skin without most of its hue keeps the light's own tint
    pale *= min(1.25, 235 / max(pale.max(), 1.0))
    teeth = pale if white is None else 0.5 * pale + 0.5 * white * (pale.mean() / max(white.mean(), 1.0))
    warm = np.array([1.0, 0.965, 0.88])
    dark = lips * 0.16 + skin * 0.05
    return Palette(
        teeth=np.clip(teeth * warm, 0, 245).astype(np.float32),
        tongue=(0.62 * lips + 0.10 * skin).astype(np.float32),
        cavity=(dark * [1.0, 0.72, 0.70]).astype(np.float32),
    )


def _patch_colours(image: Image, landmarks: Array, points: Sequence[int], radius: float = 0.02) -> Array:
    """Colours (n, 3) around landmarks, within a share of the face's height."""
    height, width = image.shape[:2]
    reach = max(1, int(radius * np.linalg.norm(landmarks[CHIN, :2] - landmarks[FOREHEAD_TOP, :2])))
    colours = []
    places = np.clip(landmarks[list(points), :2].astype(int), 0, [width - 1, height - 1])
    for x, y in places:
        colours.append(image[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1].reshape(-1, 3))
    return np.asarray(np.concatenate(colours), np.float64)


def _eye_white(image: Image, landmarks: Array) -> Array | None:
    """Colour of the eyes' whites: the lighter pixels between the lids beside the iris; None where they are too few."""
    found = []
    for side in ("Right", "Left"):
        lids = np.concatenate([landmarks[list(UPPER_LID[side]), :2], landmarks[list(LOWER_LID[side])[::-1], :2]])
        mask = np.zeros(image.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.round(lids).astype(np.int32)], 1)
        centre = landmarks[IRIS[side][0], :2]
        radius = np.linalg.norm(landmarks[list(IRIS[side][1:]), :2] - centre, axis=1).mean()
        cv2.circle(mask, tuple(np.round(centre).astype(int).tolist()), int(np.ceil(1.15 * radius)), 0, -1)
        found.append(image[mask > 0])
    colours = np.concatenate(found).astype(np.float64)
    if len(colours) < 12:
        return None
    light = colours.mean(1)
    return np.asarray(np.median(colours[light >= np.percentile(light, 65)], axis=0))


def own_teeth(image: Image, matrix: Array, landmarks: Array, head: Head) -> Layer:
    """The source's own teeth, continued upwards behind the lip, ending where the lower lip ended them.

    Args:
        image: the whole picture.
        matrix: picture to crop.
        landmarks: (478, 3) in crop pixels.
        head: their pose, in crop pixels.
    """
    back = inverse(matrix)
    upper, lower = (apply(back, landmarks[list(row), :2]) for row in (INNER_UPPER, INNER_LOWER))
    unit = head.height / scale_of(matrix)
    line = Opening.of(upper, lower)
    points = np.concatenate([upper, lower])
    left, top = np.floor(points.min(0) - 0.06 * unit).astype(int)
    right, bottom = np.ceil(points.max(0) + 0.06 * unit).astype(int)
    u, v = line.coordinates(left, top, right - left, bottom - top)
    rim = np.float32(0.009 * unit)
    inside = np.clip(u, 0.04 * line.length, 0.96 * line.length)
    high, low, _ = line.heights(inside)
    inset = np.minimum(rim, (low - high) * np.float32(0.3))
    across = np.clip(v, high + inset, low - inset)
    x = line.origin[0] + inside * line.axis[0] - across * line.axis[1]
    y = line.origin[1] + inside * line.axis[1] + across * line.axis[0]
    colour = cv2.remap(
        image, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    opacity = np.clip((low - np.float32(0.2) * inset - v) / np.float32(0.012 * unit), 0, 1)
    pixels = np.dstack([colour * opacity[..., None], opacity]).astype(np.float32)
    return Layer(pixels, np.column_stack([back[:, :2], back[:, 2] - [left, top]]))


def drawn_teeth(line: Opening, middle: Array, height: float, zoom: float, palette: Palette, brightness: float) -> Layer:
    """A row of upper teeth whose edges show a little below the closed lips' line.

    Args:
        line: the closed lips, in crop pixels.
        middle: (2,), where the face's mid-line crosses it.
        height: of the face in crop pixels.
        zoom: layer pixels per crop pixel.
        palette: colours.
        brightness: of the teeth, 1 as measured.
    """
    u, v, matrix = _canvas(line, middle, height, zoom, above=0.09, below=0.05)
    curve = line.heights(((u + (middle - line.origin) @ line.axis / height) * height).astype(np.float32))[2] / height
    side = np.abs(u)
    notch = _notches(u, _UPPER_GAPS, 0.006)
    edge = 0.55 * curve + 0.016 - 0.30 * u**2 / 0.15 - 0.004 * notch + 0.002 * (side < _UPPER_GAPS[1])
    opacity = _soft(edge - v, 0.006) * _soft(0.165 - side, 0.02)
    depth = np.clip(1 - 0.62 * (side / 0.15) ** 2, 0.15, 1)
    shade = depth * (1 - 0.20 * _notches(u, _UPPER_GAPS, 0.0028)) * (0.90 + 0.10 * _soft(edge - 0.008 - v, 0.012))
    return _layer(palette.teeth * brightness * 0.92, shade, opacity, matrix)


def drawn_jaw(line: Opening, middle: Array, height: float, zoom: float, palette: Palette, brightness: float) -> Layer:
    """The tongue and, before it, a row of lower teeth; arguments as ``drawn_teeth``."""
    u, v, matrix = _canvas(line, middle, height, zoom, above=0.11, below=0.09)
    curve = line.heights(((u + (middle - line.origin) @ line.axis / height) * height).astype(np.float32))[2] / height
    side = np.abs(u)
    top = 0.6 * curve - 0.075 + 2.4 * u**2
    groove = 1 - 0.16 * np.exp(-((u / 0.012) ** 2))
    swell = _soft(v - top, 0.030)
    tongue = _layer(
        palette.tongue,
        (0.50 + 0.50 * _soft(v - top - 0.005, 0.045)) * groove,
        swell * _soft(0.125 - side, 0.05) * 0.9,
        matrix,
    )
    edge = 0.6 * curve - 0.013 + 0.35 * u**2 / 0.15 + 0.003 * _notches(u, _LOWER_GAPS, 0.005)
    opacity = _soft(v - edge, 0.007) * _soft(0.145 - side, 0.03)
    depth = np.clip(1 - 0.60 * (side / 0.14) ** 2, 0.12, 1)
    shade = depth * (1 - 0.22 * _notches(u, _LOWER_GAPS, 0.0026)) * (0.80 + 0.20 * _soft(v - edge, 0.02))
    teeth = _layer(palette.teeth * brightness * 0.66, shade, opacity, matrix)
    pixels = tongue.pixels * (1 - teeth.pixels[..., 3:]) + teeth.pixels
    return Layer(pixels, matrix)


def _canvas(
    line: Opening, middle: Array, height: float, zoom: float, *, above: float, below: float
) -> tuple[Array, Array, Array]:
    """Coordinates of a layer along and across the lips, in face heights from their middle; crop to layer."""
    half = 0.24
    x_axis, y_axis = line.axis, np.array([-line.axis[1], line.axis[0]])
    pixel = 1 / (zoom * height)
    u, v = np.meshgrid(np.arange(-half, half, pixel), np.arange(-above, below, pixel))
    linear = np.stack([x_axis, y_axis]) * zoom
    return u, v, np.column_stack([linear, -linear @ middle + np.array([half, above]) / pixel])


def _layer(colour: Field, shade: Array, opacity: Array, matrix: Array) -> Layer:
    lit = np.clip(colour * shade[..., None], 0, 255) * opacity[..., None]
    return Layer(np.dstack([lit, opacity]).astype(np.float32), matrix)


def _soft(distance: Array, width: float) -> Array:
    """0 below 0, 1 above ``width``."""
    t = np.clip(distance / width, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _notches(u: Array, places: tuple[float, ...], width: float) -> Array:
    """1 between two teeth, 0 on them."""
    side = np.abs(u)
    return np.asarray(sum(np.exp(-(((side - place) / width) ** 2)) for place in places))
