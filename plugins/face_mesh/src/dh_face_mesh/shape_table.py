"""What each blendshape does to the face, as a table.

Every number is a fraction of the face's height (hairline to chin), positive up and positive outwards (away from
the face's mid-line), for weight 1. A sided shape is listed once, without its side. What eyelids and eyeballs do is
in ``eyes``: only the skin around them is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
        Lips(
            corner_out=-0.052, corner_up=-0.002, upper_outer=0.024, upper_inner=0.018, lower_inner=-0.030,
            lower_outer=-0.038,
        ),
        {"mouth_side": (-0.030, 0), "below_corner": (-0.024, -0.006), "nasolabial": (-0.012, 0.004),
         "above_lip": (-0.006, 0.010),
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
        Lips(
            corner_out=0.044, corner_up=0.046, upper_outer=0.002, upper_inner=0.004, lower_inner=0.002,
            lower_outer=0.004,
        ),
        {"mouth_side": (0.040, 0.042), "below_corner": (0.022, 0.022), "nasolabial": (0.022, 0.028),
         "cheek_middle": (0.016, 0.022), "cheek_low": (0.018, 0.018), "cheek_high": (0.006, 0.016),
         "below_eye": (0, 0.006), "nose_wing": (0.006, 0.003), "beside_chin": (0.008, 0.006)},
    ),
    "mouthFrown": Shape(
        Lips(corner_out=-0.006, corner_up=-0.060, lower_inner=0.004, lower_outer=0.004),
        {"mouth_side": (-0.006, -0.045), "below_corner": (0, -0.038), "nasolabial": (0, -0.015),
         "beside_chin": (0.005, -0.012)},
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
        skin={"cheek_low": (0.036, 0), "cheek_middle": (0.030, 0.004), "mouth_side": (0.016, 0),
              "below_corner": (0.016, 0),
              "jaw_angle": (0.022, 0), "jaw_side": (0.016, 0), "nasolabial": (0.012, 0)},
    ),
    "cheekSquint": Shape(skin={"cheek_high": (0.004, 0.018), "below_eye": (0, 0.014), "nasolabial": (0, 0.008)}),
    "noseSneer": Shape(
        Lips(upper_inner=0.012, upper_outer=0.012),
        {"nose_wing": (0.006, 0.018), "nasolabial": (0.004, 0.014), "above_lip": (0, 0.010),
         "brow_inner": (-0.004, -0.008)},
    ),
    "eyeBlink": Shape(skin={"brow_middle": (0, -0.003), "below_eye": (0, 0.002), "lid_fold": (0, -0.004)}),
    "eyeSquint": Shape(skin={"below_eye": (0, 0.008), "cheek_high": (0, 0.006)}),
    "eyeWide": Shape(skin={"brow_inner": (0, 0.006), "brow_middle": (0, 0.008), "brow_outer": (0, 0.004),
                             "lid_fold": (0, 0.006)}),
}  # fmt: skip
