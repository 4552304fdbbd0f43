"""The displacement fields and the table of shapes behind them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import dh
from dh_face_mesh import shapes
from dh_face_mesh.crop import apply, head_of
from dh_face_mesh.fields import GRID, WHOLE, FaceField, grid_points, invert, sample
from dh_face_mesh.pose import rotation
from dh_face_mesh.shape_table import REGIONS, SHAPES
from dh_face_mesh.topology import FACE_OVAL, INNER_LOWER, INNER_UPPER, LOWER_LIP, UPPER_LIP

Array = NDArray[np.float64]
SIZE = 512


@pytest.fixture(scope="module")
def landmarks(avatar: dh.Avatar) -> Array:
    """In the crop."""
    return apply(avatar.arrays["matrices"][0], avatar.arrays["landmarks"][0].astype(np.float64))


@pytest.fixture(scope="module")
def field(landmarks: Array) -> FaceField:
    return FaceField(landmarks, head_of(landmarks), SIZE, np.zeros((478, 2)))


def weights(**values: float) -> NDArray[np.float32]:
    vector = np.zeros(53, np.float32)
    for name, value in values.items():
        vector[dh.ARKIT_BLENDSHAPES.index(name)] = value
    return vector


def test_every_blendshape_but_gaze_and_tongue_moves_the_face(landmarks: Array) -> None:
    head = head_of(landmarks)
    moved = np.abs(shapes.basis(landmarks, head.axes, head.height)).max((1, 2))
    still = {name for name, most in zip(dh.ARKIT_BLENDSHAPES, moved, strict=True) if most == 0}
    assert still == {name for name in dh.ARKIT_BLENDSHAPES if name.startswith("eyeLook")} | {"tongueOut"}


def test_the_table_names_only_blendshapes_and_regions_that_exist() -> None:
    for name, shape in SHAPES.items():
        assert name in dh.ARKIT_BLENDSHAPES or f"{name}Left" in dh.ARKIT_BLENDSHAPES
        assert set(shape.skin) <= set(REGIONS)
        assert set(shape.shift) <= {*REGIONS, "upper_lip", "lower_lip"}


def test_left_and_right_are_mirror_images() -> None:
    across = np.zeros((478, 3))
    for ring in (*UPPER_LIP, *LOWER_LIP):
        across[list(ring), 0] = np.linspace(-1, 1, len(ring))
    positions = shapes.lip_positions(across, np.array([1.0, 0, 0]))
    left = shapes.landmark_displacements("mouthSmileLeft", positions)
    right = shapes.landmark_displacements("mouthSmileRight", positions)
    for ring in (*UPPER_LIP, *LOWER_LIP):
        for a, b in zip(ring, ring[::-1], strict=True):
            assert left[a] == pytest.approx((-right[b][0], right[b][1]))


def test_fields_carry_the_landmarks_where_the_table_wants_them(field: FaceField, landmarks: Array) -> None:
    head = head_of(landmarks)
    wanted = shapes.basis(landmarks, head.axes, head.height)[dh.ARKIT_BLENDSHAPES.index("jawOpen")]
    lower, jump = field.forward(weights(jawOpen=1), np.eye(3), np.zeros(2))
    rows, columns = field.window.slices
    upper = lower[rows, columns] + jump
    for row, part, window in ((INNER_UPPER, upper, field.window), (INNER_LOWER, lower, WHOLE)):
        points = list(row[2:-2])
        error = sample(part, landmarks[points, :2], field.cell, window) - wanted[points]
        assert np.abs(error).max() < 0.012 * head.height


def test_nothing_moves_without_weights_or_pose(field: FaceField) -> None:
    lower, jump = field.forward(weights(), np.eye(3), np.zeros(2))
    assert not lower.any()
    assert not jump.any()


def test_the_jaw_leaves_the_upper_face_and_the_picture_beside_it_still(field: FaceField, landmarks: Array) -> None:
    lower, _ = field.forward(weights(jawOpen=1), np.eye(3), np.zeros(2))
    brow = int(landmarks[9, 1] / field.cell)
    assert np.abs(lower[:brow]).max() < 0.5
    beside = int((1.35 * landmarks[454, 0] - 0.35 * landmarks[234, 0]) / field.cell)
    assert np.abs(lower[:, beside:]).max() < 0.03 * np.abs(lower).max() + 3


def test_motion_ends_at_the_edge_of_the_crop(field: FaceField) -> None:
    lower, _ = field.forward(weights(jawOpen=1), rotation(20, 20, 20), np.array([40.0, 40.0]))
    edge = np.concatenate([lower[0], lower[-1], lower[:, 0], lower[:, -1]])
    assert np.abs(edge).max() < 0.1


@pytest.mark.parametrize("angles", [(25, 0, 0), (-25, 0, 0), (0, 25, 0), (0, -25, 0), (0, 0, 25), (20, 20, 20)])
def test_the_picture_never_folds_over_itself(field: FaceField, landmarks: Array, angles: tuple[float, ...]) -> None:
    lower, _ = field.forward(weights(), rotation(*angles), np.zeros(2))
    goes_to = grid_points(SIZE) + lower
    across, down = np.diff(goes_to, axis=1)[:-1], np.diff(goes_to, axis=0)[:, :-1]
    area = across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]
    assert area.min() > 0
    oval = landmarks[list(FACE_OVAL), :2]
    assert np.abs(sample(lower, oval, field.cell, WHOLE)).max() < SIZE / 4


def test_inversion_undoes_the_field(field: FaceField) -> None:
    lower, _ = field.forward(weights(jawOpen=0.5, mouthPucker=0.5), rotation(8, 12, 8), np.zeros(2))
    backward = invert(lower, field.cell)
    points = grid_points(SIZE).reshape(-1, 2)
    origin = points + backward.reshape(-1, 2)
    error = origin + sample(lower, origin, field.cell, WHOLE) - points
    assert np.abs(error).max() < 0.5
    assert np.abs(error).mean() < 0.02


def test_a_window_is_inverted_as_the_whole_is(field: FaceField) -> None:
    lower, _ = field.forward(weights(jawOpen=0.5), rotation(0, -25, 0), np.zeros(2))
    part = invert(lower, field.cell, field.window)
    assert np.array_equal(part, invert(lower, field.cell)[field.window.slices]), "pixels that come from beyond it too"


def test_a_grid_has_its_points_in_the_middle_of_its_cells() -> None:
    points = grid_points(SIZE)
    assert points.shape == (GRID, GRID, 2)
    assert points[0, 0].tolist() == [1.5, 1.5]
    assert points.mean((0, 1)).tolist() == pytest.approx([(SIZE - 1) / 2] * 2)
