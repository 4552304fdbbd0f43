"""What registration accepts, refuses and says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

import dh
from dh_face_mesh.avatar import FaceMeshAvatarBuilder
from dh_face_mesh.crop import apply, head_of
from dh_face_mesh.options import AvatarOptions

Image = NDArray[np.uint8]


@pytest.fixture
def register(tmp_path: Path) -> Any:
    """Registers a picture; ``options`` are those of the avatar."""

    def run(image: Image, context: dh.Context | None = None, **options: Any) -> dh.Avatar:
        path = tmp_path / "picture.png"
        Pillow.fromarray(image).save(path)
        return FaceMeshAvatarBuilder(AvatarOptions(**options), context or dh.Context()).register(dh.Source.open(path))

    return run


def side_by_side(portrait: Image) -> Image:
    """Two people: the right one is the larger, the left one looks the same at three quarters of the size."""
    small = cv2.resize(portrait, (450, 450), interpolation=cv2.INTER_AREA)
    large = cv2.resize(portrait, (600, 600), interpolation=cv2.INTER_AREA)
    picture = np.full((600, 1050, 3), 128, np.uint8)
    picture[75:525, :450], picture[:, 450:] = small, large
    return picture


def test_crop_is_upright_and_holds_the_face_in_its_middle(avatar: dh.Avatar) -> None:
    landmarks = apply(avatar.arrays["matrices"][0], avatar.arrays["landmarks"][0].astype(np.float64))
    head = head_of(landmarks)
    size = avatar.meta["crop_size"]
    assert abs(np.degrees(np.arctan2(head.axes[0, 1], head.axes[0, 0]))) < 3
    assert head.height == pytest.approx(size / 2.3, rel=0.1)
    assert np.abs(landmarks[:, :2].mean(0) / size - 0.5).max() < 0.08


def test_a_tipped_head_is_turned_upright(portrait: Image, register: Any) -> None:
    side = portrait.shape[0]
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), 25, 0.9)
    avatar = register(cv2.warpAffine(portrait, turn, (side, side), borderMode=cv2.BORDER_REPLICATE))
    matrix = avatar.arrays["matrices"][0]
    assert np.degrees(np.arctan2(matrix[0, 1], matrix[0, 0])) == pytest.approx(-25, abs=5)


def test_a_small_face_in_a_large_picture_is_found(portrait: Image, register: Any) -> None:
    picture = np.full((1000, 1600, 3), 90, np.uint8)
    picture[700:850, 1300:1450] = cv2.resize(portrait, (150, 150), interpolation=cv2.INTER_AREA)
    avatar = register(picture)
    centre = avatar.arrays["landmarks"][0, :, :2].mean(0)
    assert np.abs(centre - [1375, 775]).max() < 30


def test_picture_without_a_face_is_refused(register: Any) -> None:
    with pytest.raises(dh.FaceError, match=r"picture\.png: no face found"):
        register(np.full((300, 400, 3), 128, np.uint8))


def test_face_that_is_too_small_is_refused(portrait: Image, register: Any) -> None:
    picture = np.full((300, 300, 3), 90, np.uint8)
    picture[100:190, 100:190] = cv2.resize(portrait, (90, 90), interpolation=cv2.INTER_AREA)
    with pytest.raises(dh.FaceError, match=r"too small, \d+ pixels high"):
        register(picture)


def test_face_cut_off_by_the_border_is_refused(avatar: dh.Avatar, portrait: Image, register: Any) -> None:
    middle = int(avatar.arrays["landmarks"][0, 1, 0])
    with pytest.raises(dh.FaceError, match=r"cut off|turned away|no face found"):
        register(np.ascontiguousarray(portrait[:, : middle + 20]))


def test_face_that_is_turned_away_is_refused(avatar: dh.Avatar) -> None:
    builder = FaceMeshAvatarBuilder(AvatarOptions(), dh.Context())
    landmarks = avatar.arrays["landmarks"][0].astype(np.float64)
    centre = landmarks.mean(0)
    angle = np.radians(60)
    turn = np.array([[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]])
    with pytest.raises(dh.FaceError, match=r"turned away by [56]. degrees"):
        builder.check((landmarks - centre) @ turn.T + centre, avatar.arrays["frame"], "picture.png")


def test_the_largest_of_several_faces_is_taken_with_a_notice(portrait: Image, register: Any) -> None:
    notices: list[str] = []
    avatar = register(side_by_side(portrait), dh.Context(notice=notices.append))
    assert avatar.arrays["landmarks"][0, 1, 0] > 450
    assert notices == ["2 faces found, took the largest; choose with --set face=INDEX"]


def test_another_face_can_be_chosen(portrait: Image, register: Any) -> None:
    notices: list[str] = []
    avatar = register(side_by_side(portrait), dh.Context(notice=notices.append), face=1)
    assert avatar.arrays["landmarks"][0, 1, 0] < 450
    assert not notices


def test_a_face_that_is_not_there_cannot_be_chosen(portrait: Image, register: Any) -> None:
    with pytest.raises(dh.FaceError, match="face=3 asked for, but only 1 found"):
        register(portrait, face=3)


def test_large_pictures_are_scaled_down_and_odd_sizes_made_even(portrait: Image, register: Any) -> None:
    odd = register(np.ascontiguousarray(portrait[:-1, :-3]))
    assert (odd.width, odd.height) == (portrait.shape[1] - 4, portrait.shape[0] - 2)
    assert np.array_equal(odd.arrays["frame"], portrait[: odd.height, : odd.width])
    small = register(portrait, max_side=401)
    assert max(small.width, small.height) == 400
    assert small.arrays["frame"].shape == (small.height, small.width, 3)


def test_registration_prints_nothing(portrait_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import dh, sys; from dh_face_mesh.avatar import FaceMeshAvatarBuilder as B; "
        "from dh_face_mesh.options import AvatarOptions as O; "
        "B(O(), dh.Context()).register(dh.Source.open(sys.argv[1]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(portrait_path)], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""
