"""Eyes: lids that close over an unmoved eyeball, and an iris that turns in it, on a small part of the source.

Everything happens in the source's own pixels, before the face is warped, and only where an eye differs from the
source's. Lids move along columns across the eye's axis; the skin of the upper lid is stretched from its fold down to
the lashes, which keep their shape, and covers the eyeball; nothing of the eyeball is squeezed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from dh_face_mesh.expression import Eye
from dh_face_mesh.opening import Opening
from dh_face_mesh.topology import IRIS, LOWER_LID, UPPER_LID

Array = NDArray[np.float64]
Field = NDArray[np.float32]
Image = NDArray[np.uint8]

# Shares of the eye's largest opening.
_FOLD = 1.15  # reach of the upper lid's motion above its line
_LASHES = 0.16  # band at the upper lid's edge that is moved, not stretched
_CHEEK = 0.9  # reach of the lower lid's motion below its line
_MEET = 0.14  # where closed lids meet, above the lower lid's line
_SQUINT = 0.20  # rise of the lower lid at squint 1
_EDGE = 0.09  # softness of the lids' edges
_OVERLAP = 0.10  # of closed lids
_RIM = 0.08  # band along the lower lid's edge that may show its shadow

_EYEBALL = 0.40
"""Radius of the eyeball, as a share of the eye's width."""

_TURN_LIMIT = 1.0
"""An iris moves by less than this share of its own radius."""

_LIMBUS = 1.28
"""Where the white is sure to begin, in radii of the iris."""

_WHITE_SCALES = (0.6, 0.2)
"""Scales on which the white is continued beyond what shows of it, as shares of the eye's largest opening."""

_TRUST = 0.15
"""Share of known pixels in a neighbourhood from which on its average is trusted fully."""


@dataclass(frozen=True, eq=False)
class EyePatch:
    """One eye on one picture of the source.

    Args:
        image: the picture.
        box: left, top, right, bottom in pixels of the picture.
        lids: the lids' contours.
        u, v: coordinates of the patch's pixels along and across the eye's axis.
        upper, lower: height of the lids' lines at each pixel's column.
        reach: how far closed lids travel at each pixel's column.
        height: the eye's largest opening in pixels.
        iris: (2,), centre along and across.
        radius: of the iris in pixels.
    """

    image: Image
    box: tuple[int, int, int, int]
    lids: Opening
    u: Field
    v: Field
    upper: Field
    lower: Field
    reach: Field
    height: float
    iris: Array
    radius: float

    @classmethod
    def of(cls, image: Image, landmarks: Array, side: str) -> EyePatch | None:
        """The eye of one side, from landmarks in the picture's pixels; None where it lies outside."""
        lids = Opening.of(landmarks[list(UPPER_LID[side]), :2], landmarks[list(LOWER_LID[side]), :2])
        tall = max(lids.gap, 0.12 * lids.length)
        centre = lids.origin + lids.axis * lids.length / 2
        reach = np.array([0.68 * lids.length, 0.30 * lids.length + (1 + _FOLD) * tall])
        left, top = np.maximum(np.floor(centre - reach).astype(int), 0)
        right, bottom = np.minimum(np.ceil(centre + reach).astype(int), image.shape[1::-1])
        if right - left < 4 or bottom - top < 4:
            return None
        u, v = lids.coordinates(left, top, right - left, bottom - top)
        upper, lower, _ = lids.heights(u)
        travel = lids.smoothed(0.07).heights(u)
        iris = landmarks[list(IRIS[side]), :2] - lids.origin
        radius = float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
        normal = np.array([-lids.axis[1], lids.axis[0]])
        middle = np.array([iris[0] @ lids.axis, iris[0] @ normal])
        box = (int(left), int(top), int(right), int(bottom))
        return cls(
            image, box, lids, u, v, upper, lower, np.maximum(travel[1] - travel[0], lower - upper), tall, middle, radius
        )

    def draw(self, eye: Eye) -> Image:
        """The pixels of the patch's box with the eye in the given state."""
        closure = max(eye.closure, 0.0)
        drop = self.reach * np.float32(eye.closure * (1 - _MEET) + closure**2 * _OVERLAP)
        rise = self.reach * np.float32(closure * _MEET + eye.squint * _SQUINT * (1 - closure))
        upper, lower = self.upper + drop, self.lower - rise
        skin = self._skin(drop, rise, upper, lower) if eye.closure or eye.squint else self._own
        ball = self._ball(eye)
        if closure:
            under = np.exp(-np.maximum(self.v - upper, 0) / np.float32(0.16 * self.height))
            ball = ball * (1 - np.float32(0.35 * min(1.0, 2.5 * closure)) * under)[..., None]
        soft = np.float32(max(1.0, _EDGE * self.height))
        cover = np.clip((np.minimum(lower, self.v + soft / 2) - np.maximum(upper, self.v - soft / 2)) / soft, 0, 1)
        return np.asarray(skin + (ball - skin) * cover[..., None] + np.float32(0.5)).astype(np.uint8)

    @cached_property
    def _own(self) -> Field:
        """The patch of the picture: (h, w, 3) float32."""
        left, top, right, bottom = self.box
        return self.image[top:bottom, left:right].astype(np.float32)

    def _skin(self, drop: Field, rise: Field, upper: Field, lower: Field) -> Field:
        """The lids' skin: the upper lid's stretched down by ``drop``, the lower lid's up by ``rise``."""
        lashes, fold, cheek = (np.float32(share * self.height) for share in (_LASHES, _FOLD, _CHEEK))
        start, end = self.upper - fold, self.lower + cheek
        down = drop * _smooth((self.v - start) / np.maximum(upper - lashes - start, 1))
        up = rise * _smooth((end - self.v) / np.maximum(end - lower, 1))
        skin = self._sample(self.u, self.v + up)
        upper_skin = self._sample(self.u, self.v - down)
        skin += (upper_skin - skin) * np.clip((upper + lower) / 2 - self.v + np.float32(0.5), 0, 1)[..., None]
        return skin

    def _ball(self, eye: Eye) -> Field:
        """The eyeball as if there were no lids: its own pixels where they show it and it has not turned."""
        own = self._own
        turn = np.sin(np.radians([eye.gaze_x, -eye.gaze_y])) * _EYEBALL * self.lids.length
        length = float(np.hypot(*turn))
        if not length and eye.closure >= 0:
            return own
        if length:
            limit = _TURN_LIMIT * self.radius
            turn *= limit * np.tanh(length / limit) / length
        shown = np.clip(self._inside / np.float32(_RIM * self.height), 0, 1)
        white, iris = self._white, self._iris(turn)
        distance = np.hypot(self.u - np.float32(self.iris[0] + turn[0]), self.v - np.float32(self.iris[1] + turn[1]))
        disc = _smooth((np.float32(1.24) - distance / np.float32(self.radius)) / np.float32(0.22))
        turned = white + (iris - white) * disc[..., None]
        share = np.float32(min(1.0, length / (0.08 * self.radius)))
        # Beside the lids the white keeps its own shadow, unless the lids open wider and leave it behind.
        beside = (1 - shown) * self._beyond_iris * (1 - disc) * np.float32(max(0.0, 1 + 10 * min(eye.closure, 0)))
        keep = np.maximum((1 - share) * shown, beside)
        return np.asarray(turned + (own - turned) * keep[..., None])

    @cached_property
    def _inside(self) -> Field:
        """How far inside the lids each pixel is sure to lie, in pixels: the lashes hang below the upper lid's line."""
        lashes, rim = (np.float32(share * self.height) for share in (_LASHES, _RIM))
        return np.asarray(np.minimum(self.v - self.upper - lashes, self.lower - self.v - rim))

    @cached_property
    def _beyond_iris(self) -> Field:
        """0 on the iris as the picture has it, 1 where the white is sure to be."""
        distance = np.hypot(self.u - np.float32(self.iris[0]), self.v - np.float32(self.iris[1]))
        return _smooth((distance / np.float32(self.radius) - np.float32(1.1)) / np.float32(_LIMBUS - 1.1))

    @cached_property
    def _white(self) -> Field:
        """The eye's white, continued smoothly where the iris and the lids hide it: (h, w, 3)."""
        left, top, right, bottom = self.box
        own = self.image[top:bottom, left:right]
        distance = np.hypot(self.u - np.float32(self.iris[0]), self.v - np.float32(self.iris[1]))
        known = (self._inside > 0) & (distance > _LIMBUS * self.radius)
        if np.count_nonzero(known) < 8:
            return own.astype(np.float32)
        colours, mask = own.astype(np.float32), known.astype(np.float32)[..., None]
        # Normalised convolution (Knutsson and Westin 1993), from coarse to fine: averages of what is known nearby.
        white = np.broadcast_to(colours[known].mean(0), colours.shape)
        for share in _WHITE_SCALES:
            sigma = max(share * self.height, 0.5)
            nearby = cv2.GaussianBlur(np.concatenate([colours * mask, mask], axis=2), (0, 0), sigma)
            weight = nearby[..., 3:]
            white = white + (nearby[..., :3] / np.maximum(weight, 1e-6) - white) * np.clip(weight / _TRUST, 0, 1)
        return np.asarray(white + (colours - white) * mask, np.float32)

    def _iris(self, turn: Array) -> Field:
        """The whole iris, turned: what the lids hide of it is taken from where it shows at the same radius."""
        du, dv = self.u - np.float32(self.iris[0] + turn[0]), self.v - np.float32(self.iris[1] + turn[1])
        centre_u, centre_v = self.iris.astype(np.float32)
        high, low, _ = self.lids.heights(du + centre_u)
        rim = np.float32(0.10 * self.height)
        middle = (high + low) / 2
        # The lowest and highest point of this column that shows the iris; beyond it, go round at the same radius.
        v = np.clip(dv, np.minimum(high + rim, middle) - centre_v, np.maximum(low - rim, middle) - centre_v)
        u = np.where(v == dv, du, np.copysign(np.sqrt(np.maximum(du**2 + dv**2 - v**2, 0)), du))
        return self._sample(u + centre_u, v + centre_v)

    def _sample(self, u: Field, v: Field) -> Field:
        """Colours of the source at coordinates along and across the eye's axis: (h, w, 3) float32."""
        (x0, y0), (ax, ay) = self.lids.origin.astype(np.float32), self.lids.axis.astype(np.float32)
        x, y = u * ax - v * ay + x0, u * ay + v * ax + y0
        colours = cv2.remap(self.image, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(colours, np.float32)


def _smooth(x: Field) -> Field:
    t = np.clip(x, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
