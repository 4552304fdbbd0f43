"""What is read off the eyes of a face mesh."""

from __future__ import annotations

import numpy as np
import pytest

from dh_ditto.eyes import eye_openness, eyeball, eyeball_direction

OUTER, INNER, IRIS = (33, 263), (133, 362), (468, 473)
UPPER, LOWER = ((159, 160, 158), (386, 387, 385)), ((145, 144, 153), (374, 373, 380))


def mesh(openness: float = 1.0) -> np.ndarray:
    """[1,478,3] of two level eyes of width 0.2, all three lid pairs ``openness`` / 3 of it apart, irises centred."""
    points = np.random.default_rng(3).uniform(0, 1, (478, 3))
    for side, outer_x, inner_x in ((0, 0.2, 0.4), (1, 0.8, 0.6)):
        points[OUTER[side]], points[INNER[side]] = (outer_x, 0.5, 0), (inner_x, 0.5, 0)
        points[IRIS[side]] = ((outer_x + inner_x) / 2, 0.5, 0)
        for upper, lower in zip(UPPER[side], LOWER[side], strict=True):
            points[upper] = ((outer_x + inner_x) / 2, 0.5 - openness * 0.2 / 6, 0)
            points[lower] = ((outer_x + inner_x) / 2, 0.5 + openness * 0.2 / 6, 0)
    return points[None]


@pytest.mark.parametrize("openness", [0.0, 0.3, 1.0])
def test_openness_is_height_over_width(openness: float) -> None:
    assert eye_openness(mesh(openness)) == pytest.approx(np.full((1, 2), openness), abs=1e-6)


def test_left_is_the_images_left_eye() -> None:
    points = mesh(1.0)
    points[:, [*UPPER[0], *LOWER[0]], 1] = 0.5
    assert eye_openness(points) == pytest.approx(np.array([[0, 1]]), abs=1e-6)


def test_a_similarity_changes_openness_and_direction_by_nothing() -> None:
    points = mesh(0.7)
    points[:, list(IRIS), :2] += 0.01
    moved = points * 3.7 + [0.2, -0.4, 0.1]
    assert eye_openness(moved) == pytest.approx(eye_openness(points), abs=1e-6)
    assert eyeball_direction(moved) == pytest.approx(eyeball_direction(points), abs=1e-6)
    assert eyeball(moved) == pytest.approx(3.7 * eyeball(points), abs=1e-6)


def test_a_centred_iris_has_no_displacement() -> None:
    assert eyeball(mesh()) == pytest.approx(np.zeros((1, 3, 2)), abs=1e-6)


def test_direction_counts_in_widths_of_the_eye() -> None:
    points = mesh()
    points[0, IRIS[0]] += (0.05, -0.02, 0)
    assert eyeball_direction(points)[0, :, 0] == pytest.approx([0.25, -0.1, 0], abs=1e-6)
    assert eyeball_direction(points)[0, :, 1] == pytest.approx([0, 0, 0], abs=1e-6)


def test_displacement_is_against_the_line_from_inner_to_outer_corner() -> None:
    """An iris moved by 0.03 towards the outer corner already points where the eye does; one moved inwards does not."""
    points = mesh()
    points[0, IRIS[0], 0] -= 0.03
    points[0, IRIS[1], 0] -= 0.03
    assert eyeball(points)[0] == pytest.approx(np.array([[0, -0.06], [0, 0], [0, 0]]), abs=1e-6)


def test_both_sides_of_an_axis_stand_together() -> None:
    points = mesh()
    points[0, IRIS[0]] += (0, 0.02, 0)
    flat = eyeball(points).reshape(-1)
    assert np.flatnonzero(np.abs(flat) > 1e-6).tolist() == [0, 2]  # x_L and y_L


def test_another_number_of_points_is_refused() -> None:
    with pytest.raises(AssertionError, match=r"\(1, 468, 3\)"):
        eye_openness(np.zeros((1, 468, 3)))
