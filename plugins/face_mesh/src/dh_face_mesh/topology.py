"""Names for the landmarks of MediaPipe's 478-point face mesh that this package uses.

"Left" and "right" are the person's own: the left eye lies on the image's right. Every row runs from the image's
left to its right, so that rows of one feature correspond point by point.
"""

from __future__ import annotations

from collections.abc import Mapping

FOREHEAD_TOP = 10
CHIN = 152
EAR_RIGHT = 234
EAR_LEFT = 454

FACE_OVAL: tuple[int, ...] = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip

# Rows of the lips from the outer contour inwards; the first and last point of a row is a mouth corner.
UPPER_LIP: tuple[tuple[int, ...], ...] = (
    (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
    (62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292),
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
)
LOWER_LIP: tuple[tuple[int, ...], ...] = (
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
    (62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292),
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
)
INNER_UPPER = UPPER_LIP[-1]
INNER_LOWER = LOWER_LIP[-1]

# Lid lines, corner to corner, and the iris: centre, then its rim.
UPPER_LID: Mapping[str, tuple[int, ...]] = {
    "Right": (33, 246, 161, 160, 159, 158, 157, 173, 133),
    "Left": (362, 398, 384, 385, 386, 387, 388, 466, 263),
}
LOWER_LID: Mapping[str, tuple[int, ...]] = {
    "Right": (33, 7, 163, 144, 145, 153, 154, 155, 133),
    "Left": (362, 382, 381, 380, 374, 373, 390, 249, 263),
}
BROW_LOWER: Mapping[str, tuple[int, ...]] = {
    "Right": (46, 53, 52, 65, 55),
    "Left": (285, 295, 282, 283, 276),
}
IRIS: Mapping[str, tuple[int, ...]] = {
    "Right": (468, 469, 470, 471, 472),
    "Left": (473, 474, 475, 476, 477),
}
