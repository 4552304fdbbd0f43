"""The 52 blendshapes as displacements of face-mesh landmarks.

Every number is a fraction of the face's height (hairline to chin), positive up and positive outwards (away from
the face's mid-line), for weight 1. A shape names what the lips do, by contour, and what regions of skin do; a
sided shape acts on its own side. What eyelids and eyeballs do is in ``eyes``: only the skin around them is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

import dh
from dh_face_mesh.topology import LOWER_LIP, UPPER_LIP

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Lips:
    """How the lips move: their corners, and the middle of each contour, from the top one down.

    The corners' outward motion stretches the lips evenly; vertical motion goes from the corners' at the corners to
    the contours' in the middle along an arch.
    """

    corner_out: float = 0.0
    corner_up: float = 0.0
    upper_outer: float = 0.0
    upper_inner: float = 0.0
    lower_inner: float = 0.0
    lower_outer: float = 0.0


Skin = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Shape:
    """One blendshape.

    Args:
        lips: motion of the lips.
        skin: (out, up) of regions of ``REGIONS``.
        shift: sideways motion of regions, and of "upper_lip" and "lower_lip", towards the shape's own side.
    """

    lips: Lips = Lips()
    skin: Skin = field(default_factory=dict)
    shift: Mapping[str, float] = field(default_factory=dict)


# Regions of skin: landmarks on the mid-line, on the image's left, on the image's right.
REGIONS: Mapping[str, tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]] = {
    "chin": ((152, 175, 199), (148, 171, 208), (377, 396, 428)),
    "chin_side": ((), (176, 140, 32), (400, 369, 262)),
    "under_lip": ((200, 18), (201, 83, 194), (421, 313, 418)),
    "jaw_front": ((), (149, 170), (378, 395)),
    "jaw_middle": ((), (150, 169), (379, 394)),
    "jaw_side": ((), (136, 135), (365, 364)),
    "jaw_angle": ((), (172, 138), (397, 367)),
    "jaw_hinge": ((), (58, 215, 132), (288, 435, 361)),
    "mouth_side": ((), (57, 212), (287, 432)),
    "below_corner": ((), (43, 202), (273, 422)),
    "beside_chin": ((), (106, 204, 211, 210), (335, 424, 431, 430)),
    "cheek_low": ((), (214, 192), (434, 416)),
    "cheek_middle": ((), (187, 207), (411, 427)),
    "cheek_high": ((), (205, 50, 123, 117), (425, 280, 352, 346)),
    "nasolabial": ((), (216, 206, 203), (436, 426, 423)),
    "above_lip": ((164,), (167, 165, 92), (393, 391, 322)),
    "nose_wing": ((), (98, 64, 129), (327, 294, 358)),
    "nose_base": ((2,), (97,), (326,)),
    "nose": ((4, 195, 6, 168), (198, 114, 188), (420, 343, 412)),
    "below_eye": ((), (119, 118, 120), (348, 347, 349)),
    "lower_lid": ((), (110, 23, 24), (339, 253, 254)),
    "eye": ((), (33, 133, 145, 159, 154, 163), (263, 362, 374, 386, 381, 390)),
    "lid_fold": ((), (223, 222, 224), (443, 442, 444)),
    "brow_inner": ((), (55, 107), (285, 336)),
    "brow_middle": ((), (65, 66, 52, 105), (295, 296, 282, 334)),
    "brow_outer": ((), (46, 53, 63, 70), (276, 283, 293, 300)),
    "glabella": ((9, 8), (), ()),
    "forehead": ((151, 10), (108, 69, 104, 68), (337, 299, 333, 298)),
    "temple": ((), (234, 127, 162, 21, 54, 103, 93, 139), (454, 356, 389, 251, 284, 332, 323, 368)),
}  # fmt: skip

SHAPES: Mapping[str, Shape] = {
    "jawOpen": Shape(
        Lips(corner_out=-0.022, corner_up=-0.062, upper_inner=0.002, lower_inner=-0.200, lower_outer=-0.195),
        {
            "chin": (0, -0.180), "under_lip": (0, -0.188), "chin_side": (-0.004, -0.172), "jaw_front": (-0.006, -0.155),
            "jaw_middle": (-0.008, -0.125), "jaw_side": (-0.010, -0.085), "jaw_angle": (-0.010, -0.045),
            "jaw_hinge": (-0.003, -0.010), "mouth_side": (-0.020, -0.062), "below_corner": (-0.016, -0.110),
            "beside_chin": (-0.012, -0.140), "cheek_low": (-0.014, -0.055), "cheek_middle": (-0.008, -0.022),
            "nasolabial": (-0.008, -0.020),
        },
    ),
    "jawForward": Shape(
        Lips(lower_inner=-0.006, lower_outer=-0.010),
        {"chin": (0, -0.014), "chin_side": (0.004, -0.010), "under_lip": (0, -0.010), "jaw_front": (0.003, -0.006)},
    ),
    "jaw": Shape(
        shift={
            "chin": 0.050, "chin_side": 0.046, "under_lip": 0.046, "jaw_front": 0.040, "jaw_middle": 0.030,
            "jaw_side": 0.020, "jaw_angle": 0.010, "below_corner": 0.030, "beside_chin": 0.036, "mouth_side": 0.015,
            "lower_lip": 0.036, "upper_lip": 0.010,
        },
    ),
    "mouthClose": Shape(
        Lips(corner_up=0.030, upper_outer=-0.030, upper_inner=-0.045, lower_inner=0.157, lower_outer=0.135),
        {"under_lip": (0, 0.060), "below_corner": (0, 0.030), "beside_chin": (0, 0.025)},
    ),
    "mouthFunnel": Shape(
        Lips(corner_out=-0.052, corner_up=-0.002, upper_outer=0.024, upper_inner=0.018, lower_inner=-0.030, lower_outer=-0.038),
        {"mouth_side": (-0.030, 0), "below_corner": (-0.024, -0.006), "nasolabial": (-0.012, 0.004), "above_lip": (-0.006, 0.010),
         "under_lip": (0, -0.012), "cheek_low": (-0.010, 0)},
    ),
    "mouthPucker": Shape(
        Lips(corner_out=-0.072, upper_outer=0.012, upper_inner=0.001, lower_inner=-0.002, lower_outer=-0.014),
        {"mouth_side": (-0.046, 0), "below_corner": (-0.036, 0), "nasolabial": (-0.020, 0), "cheek_low": (-0.016, 0),
         "above_lip": (-0.012, 0.004), "beside_chin": (-0.014, 0)},
    ),
    "mouth": Shape(
        shift={"upper_lip": 0.046, "lower_lip": 0.046, "mouth_side": 0.036, "below_corner": 0.030, "nasolabial": 0.020,
               "above_lip": 0.030, "under_lip": 0.022, "beside_chin": 0.014},
    ),
    "mouthSmile": Shape(
        Lips(corner_out=0.044, corner_up=0.046, upper_outer=0.002, upper_inner=0.004, lower_inner=0.002, lower_outer=0.004),
        {"mouth_side": (0.040, 0.042), "below_corner": (0.022, 0.022), "nasolabial": (0.022, 0.028),
         "cheek_middle": (0.016, 0.022), "cheek_low": (0.018, 0.018), "cheek_high": (0.006, 0.016),
         "below_eye": (0, 0.006), "nose_wing": (0.006, 0.003), "beside_chin": (0.008, 0.006)},
    ),
    "mouthFrown": Shape(
        Lips(corner_out=-0.004, corner_up=-0.040, lower_inner=0.004, lower_outer=0.004),
        {"mouth_side": (-0.004, -0.030), "below_corner": (0, -0.026), "nasolabial": (0, -0.010), "beside_chin": (0.004, -0.008)},
    ),
    "mouthDimple": Shape(
        Lips(corner_out=0.026, corner_up=0.008),
        {"mouth_side": (0.014, 0.006), "below_corner": (0.012, 0.002), "nasolabial": (0.008, 0.004)},
    ),
    "mouthStretch": Shape(
        Lips(corner_out=0.046, corner_up=-0.016, lower_inner=-0.004, lower_outer=-0.006),
        {"mouth_side": (0.036, -0.014), "below_corner": (0.030, -0.016), "nasolabial": (0.014, -0.004),
         "cheek_low": (0.014, -0.006), "beside_chin": (0.014, -0.010)},
    ),
    "mouthRollLower": Shape(Lips(lower_inner=0.010, lower_outer=0.022), {"under_lip": (0, 0.008)}),
    "mouthRollUpper": Shape(Lips(upper_inner=-0.008, upper_outer=-0.018), {"above_lip": (0, -0.006)}),
    "mouthShrugLower": Shape(
        Lips(lower_inner=0.018, lower_outer=0.026, upper_inner=0.006, upper_outer=0.006, corner_up=-0.004),
        {"chin": (0, 0.020), "under_lip": (0, 0.028), "chin_side": (0, 0.012)},
    ),
    "mouthShrugUpper": Shape(Lips(upper_inner=0.012, upper_outer=0.016, lower_inner=0.006), {"above_lip": (0, 0.008)}),
    "mouthPress": Shape(
        Lips(corner_out=0.008, upper_outer=-0.008, upper_inner=-0.005, lower_inner=0.007, lower_outer=0.009),
        {"mouth_side": (0.006, 0)},
    ),
    "mouthLowerDown": Shape(
        Lips(corner_out=0.004, corner_up=-0.006, lower_inner=-0.042, lower_outer=-0.036),
        {"under_lip": (0, -0.016), "below_corner": (0.004, -0.010)},
    ),
    "mouthUpperUp": Shape(
        Lips(corner_out=0.004, corner_up=0.006, upper_inner=0.034, upper_outer=0.030),
        {"above_lip": (0, 0.018), "nasolabial": (0.004, 0.016), "nose_wing": (0.003, 0.006), "cheek_high": (0, 0.006)},
    ),
    "browDown": Shape(skin={"brow_inner": (-0.012, -0.032), "brow_middle": (-0.004, -0.026), "brow_outer": (0, -0.010),
                            "glabella": (0, -0.012), "lid_fold": (0, -0.008)}),
    "browInnerUp": Shape(skin={"brow_inner": (0, 0.040), "brow_middle": (0, 0.020), "brow_outer": (0, 0.002),
                               "glabella": (0, 0.016), "forehead": (0, 0.008), "lid_fold": (0, 0.006)}),
    "browOuterUp": Shape(skin={"brow_inner": (0, 0.006), "brow_middle": (0, 0.026), "brow_outer": (0, 0.038),
                               "forehead": (0, 0.006), "lid_fold": (0, 0.008)}),
    "cheekPuff": Shape(
        skin={"cheek_low": (0.036, 0), "cheek_middle": (0.030, 0.004), "mouth_side": (0.016, 0), "below_corner": (0.016, 0),
              "jaw_angle": (0.022, 0), "jaw_side": (0.016, 0), "nasolabial": (0.012, 0)},
    ),
    "cheekSquint": Shape(skin={"cheek_high": (0.004, 0.018), "below_eye": (0, 0.014), "nasolabial": (0, 0.008)}),
    "noseSneer": Shape(
        Lips(upper_inner=0.012, upper_outer=0.012),
        {"nose_wing": (0.006, 0.018), "nasolabial": (0.004, 0.014), "above_lip": (0, 0.010), "brow_inner": (-0.004, -0.008)},
    ),
    "eyeBlink": Shape(skin={"brow_middle": (0, -0.003), "below_eye": (0, 0.002), "lid_fold": (0, -0.004)}),
    "eyeSquint": Shape(skin={"below_eye": (0, 0.008), "cheek_high": (0, 0.006)}),
    "eyeWide": Shape(skin={"brow_inner": (0, 0.006), "brow_middle": (0, 0.008), "brow_outer": (0, 0.004), "lid_fold": (0, 0.006)}),
}  # fmt: skip

_RINGS = {"upper": UPPER_LIP, "lower": LOWER_LIP}
UPPER_POINTS = tuple(sorted({i for row in UPPER_LIP for i in row[1:-1]}))
LOWER_POINTS = tuple(sorted({i for row in LOWER_LIP for i in row[1:-1]}))
CORNER_POINTS = tuple(sorted({i for row in UPPER_LIP for i in (row[0], row[-1])}))
SKIN_POINTS = tuple(sorted({i for groups in REGIONS.values() for group in groups for i in group}))


def arch(position: Array) -> Array:
    """Profile along a lip: 0 at the corners (position -1 and 1), 1 in the middle, as round as an open mouth."""
    return np.asarray((1 - np.clip(np.abs(position), 0, 1) ** 2) ** 0.55)


def lip_positions(landmarks: Array, axis: Array) -> dict[int, float]:
    """Where each lip landmark lies along the mouth: -1 at the image's left corner of its contour, 1 at the right one.

    Args:
        landmarks: (478, 2 or more).
        axis: unit vector to the face's right on the image, of the same length as a landmark.
    """
    positions: dict[int, float] = {}
    along = landmarks @ axis
    for ring in (*UPPER_LIP, *LOWER_LIP):
        row = along[list(ring)]
        middle, half = (row[0] + row[-1]) / 2, max((row[-1] - row[0]) / 2, 1e-6)
        positions |= {index: float(np.clip((x - middle) / half, -1, 1)) for index, x in zip(ring, row, strict=True)}
    return positions


def landmark_displacements(name: str, positions: Mapping[int, float]) -> dict[int, tuple[float, float]]:
    """What one blendshape does: landmark -> (right on the image, up), as fractions of the face's height.

    Args:
        name: one of ``dh.ARKIT_BLENDSHAPES``.
        positions: from ``lip_positions``.
    """
    shape, side = _lookup(name)
    moved: dict[int, tuple[float, float]] = {}
    for lip in ("upper", "lower"):
        outer, inner = (getattr(shape.lips, f"{lip}_{edge}") for edge in ("outer", "inner"))
        sideways = side * shape.shift.get(f"{lip}_lip", 0.0)
        for depth, ring in zip((0.0, 0.5, 1.0), _RINGS[lip], strict=True):
            for index in ring:
                position = positions[index]
                share = 1.0 if shape.shift else _side_share(position, side)
                bow = float(arch(np.array(position)))
                up = shape.lips.corner_up * (1 - bow) + (outer + (inner - outer) * depth) * bow
                moved[index] = (share * shape.lips.corner_out * position + sideways, share * up)
    for index in CORNER_POINTS:  # a corner belongs to both lips
        x, y = moved[index]
        mean = (shape.shift.get("upper_lip", 0.0) + shape.shift.get("lower_lip", 0.0)) / 2
        moved[index] = (x - side * (shape.shift.get("lower_lip", 0.0) - mean), y)
    for region, groups in REGIONS.items():
        out, up = shape.skin.get(region, (0.0, 0.0))
        sideways = side * shape.shift.get(region, 0.0)
        for group, direction in zip(groups, (0, -1, 1), strict=True):
            share = 1.0 if side == 0 else (0.5 if direction == 0 else float(direction == side))
            moved |= {index: (share * out * direction + sideways, share * up) for index in group}
    return moved


def basis(landmarks: Array, axes: Array, height: float) -> Array:
    """Displacements of all landmarks for all blendshapes, in the landmarks' own pixels and axes.

    Args:
        landmarks: (478, 3), x right, y down, z away from the camera.
        axes: (3, 3), rows are unit vectors of the head: right, down, backwards.
        height: of the face, in pixels.

    Returns:
        (52, 478, 2), zero for landmarks that no shape controls.
    """
    positions = lip_positions(landmarks, axes[0])
    result = np.zeros((len(dh.ARKIT_BLENDSHAPES), len(landmarks), 2))
    for number, name in enumerate(dh.ARKIT_BLENDSHAPES):
        for index, (right, up) in landmark_displacements(name, positions).items():
            result[number, index] = height * (right * axes[0, :2] - up * axes[1, :2])
    return result


def _lookup(name: str) -> tuple[Shape, int]:
    """The shape of a blendshape's name, and its side: 1 is the person's left (the image's right), 0 both."""
    for suffix, side in (("Left", 1), ("Right", -1)):
        if name.endswith(suffix):
            return SHAPES.get(name.removesuffix(suffix), Shape()), side
    return SHAPES.get(name, Shape()), 0


def _side_share(position: float, side: int) -> float:
    """How much a sided shape moves a lip point; both sides add up to 1."""
    return 1.0 if side == 0 else 0.5 * (1 + float(np.sin(np.pi / 2 * np.clip(side * position / 0.6, -1, 1))))
