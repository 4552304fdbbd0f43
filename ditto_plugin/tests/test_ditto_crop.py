"""Where the crop lies, and what its pixels are."""

from __future__ import annotations

import numpy as np
import pytest

import dh
from dh_ditto.crop import LAYOUTS, CropOptions, CropPoints, apply, crop_matrices, rectangle
from dh_ditto.sampling import warp


def face(angle: float = 0.0, count: int = 203) -> np.ndarray:
    """A landmark set with the eyes above the lips, turned by ``angle`` about (300, 200)."""
    rng = np.random.default_rng(7)
    points = rng.uniform(-60, 60, (count, 2))
    layout = LAYOUTS[count]
    for indices, place in (
        (layout.first_eye, (-30, -25)),
        (layout.second_eye, (30, -25)),
        (layout.mouth, (0, 35)),
    ):
        points[list(indices)] = place
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return points @ turn.T + [300, 200]


@pytest.mark.parametrize("count", LAYOUTS)
def test_every_layout_finds_eyes_and_lips(count: int) -> None:
    assert CropPoints.of(face(count=count)).axis == pytest.approx(np.array([[300, 175], [300, 235]]))


@pytest.mark.parametrize("count", [0, 1, 6, 67, 100])
def test_an_unknown_number_of_points_is_named(count: int) -> None:
    with pytest.raises(dh.InputError, match=rf"^{count} face landmarks: .*203") as error:
        CropPoints.of(np.zeros((count, 2)))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("angle", [-1.2, 0.0, 0.4, 2.9])
def test_a_turned_face_stands_upright_in_the_crop(angle: float) -> None:
    points = CropPoints.of(face(angle))
    matrices = crop_matrices(points, CropOptions())
    eyes, lips = apply(matrices.o2c, points.axis)
    assert eyes[0] == pytest.approx(lips[0], abs=1e-2)
    assert lips[1] > eyes[1]


def test_without_rotation_the_crop_keeps_the_pictures_axes_and_the_same_centre() -> None:
    points = CropPoints.of(face(0.4))
    turned, level = (crop_matrices(points, CropOptions(rotate=rotate)) for rotate in (True, False))
    assert level.o2c[0, 1] == level.o2c[1, 0] == 0
    centres = [apply(matrices.c2o, np.array([256.0, 256.0])) for matrices in (turned, level)]
    assert centres[0] == pytest.approx(centres[1], abs=1e-2)


def test_the_box_around_all_points_fills_its_share_of_the_crop() -> None:
    points = CropPoints.of(face(0.3))
    inside = apply(crop_matrices(points, CropOptions(size=400, scale=2.0)).o2c, points.outline)
    assert np.ptp(inside, axis=0).max() == pytest.approx(200, abs=1e-2)


@pytest.mark.parametrize("name", ["vx_ratio", "vy_ratio"])
def test_both_shifts_move_the_crop_along_the_faces_axes(name: str) -> None:
    points = CropPoints.of(face(0.3))
    centred = CropOptions(vy_ratio=0)
    changed = CropOptions(vx_ratio=0.1, vy_ratio=0) if name == "vx_ratio" else CropOptions(vy_ratio=0.1)
    still, moved = (crop_matrices(points, options) for options in (centred, changed))
    shift = apply(moved.o2c, points.outline) - apply(still.o2c, points.outline)
    expected = [-51.2, 0] if name == "vx_ratio" else [0, -51.2]
    assert shift == pytest.approx(np.broadcast_to(expected, shift.shape), abs=1e-2)


def test_the_published_code_ignores_the_sideways_shift() -> None:
    points = CropPoints.of(face(0.3))
    plain = crop_matrices(points, CropOptions())
    defect = crop_matrices(points, CropOptions(vx_ratio=0.2, reference_defects=True))
    assert np.array_equal(plain.o2c, defect.o2c)


def test_a_face_without_a_direction_is_taken_as_upright() -> None:
    points = CropPoints(np.array([[0.0, 0], [10, 10]]), np.array([[5.0, 5], [5, 5.0001]]))
    assert rectangle(points, scale=1).angle == 0


def test_the_way_back_undoes_the_way_there() -> None:
    matrices = crop_matrices(CropPoints.of(face(0.3)), CropOptions())
    assert matrices.o2c.dtype == matrices.c2o.dtype == np.float32
    assert matrices.o2c @ matrices.c2o == pytest.approx(np.eye(3), abs=1e-3)


def test_a_depth_grows_with_the_picture() -> None:
    matrices = crop_matrices(CropPoints.of(face(0.3)), CropOptions())
    here = np.array([[300.0, 200, 0], [303, 204, 5]])
    there = apply(matrices.o2c, here)
    assert there[1, 2] == pytest.approx(np.hypot(*(there[1, :2] - there[0, :2])), rel=1e-4)


def bilinear(image: np.ndarray, matrix: np.ndarray, width: int, height: int) -> np.ndarray:
    """The slow twin of ``warp``: pixel by pixel, in float64."""
    inverse = np.linalg.inv(matrix)

    def pixel(column: int, row: int) -> np.ndarray:
        inside = 0 <= row < image.shape[0] and 0 <= column < image.shape[1]
        return image[row, column].astype(float) if inside else np.zeros(3)

    result = np.zeros((height, width, 3))
    for y in range(height):
        for x in range(width):
            u, v, w = inverse @ [x, y, 1]
            left, top = int(np.floor(u / w)), int(np.floor(v / w))
            a, b = u / w - left, v / w - top
            upper = pixel(left, top) * (1 - a) + pixel(left + 1, top) * a
            lower = pixel(left, top + 1) * (1 - a) + pixel(left + 1, top + 1) * a
            result[y, x] = upper * (1 - b) + lower * b
    return result


@pytest.mark.parametrize(
    "matrix",
    [
        [[1.3, 0.4, -9.3], [-0.4, 1.3, 4.7], [0, 0, 1]],
        [[0.6, -0.2, 12.1], [0.2, 0.6, -3.3], [0, 0, 1]],
        [[1.1, 0.1, 2.0], [0.0, 0.9, 3.0], [0.002, -0.001, 1]],
    ],
)
def test_warped_pixels_are_exact_to_the_rounding(matrix: list[list[float]]) -> None:
    """cv2.warpAffine of OpenCV 4.11 is off by 4 grey levels on such noise."""
    image = np.random.default_rng(1).integers(0, 256, (40, 50, 3), np.uint8)
    mine = warp(image, np.array(matrix), 60, 45)
    assert np.abs(mine - bilinear(image, np.array(matrix), 60, 45)).max() < 0.51


def test_beyond_the_picture_lies_black() -> None:
    image = np.full((20, 20, 3), 255, np.uint8)
    far = np.array([[1, 0, -500], [0, 1, 30.0], [0, 0, 1]])
    assert not warp(image, far, 16, 16).any()
    assert np.array_equal(warp(image, np.eye(3), 20, 20), image)
