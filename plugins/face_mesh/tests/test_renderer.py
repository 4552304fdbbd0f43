"""What the face-mesh renderer promises about its frames, measured on the frames themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import dh
from dh_face_mesh.crop import head_of
from dh_face_mesh.landmarks import FaceLandmarker
from dh_face_mesh.measures import face

Image = NDArray[np.uint8]
Array = NDArray[np.float64]

EYES_AND_NOSE = [33, 133, 362, 263, 159, 145, 386, 374, 468, 473, 6, 4, 98, 327]


@pytest.fixture
def look_at(avatar: dh.Avatar, landmarker: FaceLandmarker) -> Any:
    """Landmarks found again on a frame."""
    source = avatar.arrays["landmarks"][0].astype(np.float64)

    def find(frame: Image) -> Array:
        found = landmarker.follow(frame, source)
        assert found is not None
        return found

    return find


def lip_gap(landmarks: Array) -> float:
    """Distance of the inner lips in face heights."""
    return float(np.linalg.norm(landmarks[13, :2] - landmarks[14, :2]) / head_of(landmarks).height)


def eye_gap(landmarks: Array) -> float:
    """Mean opening of the eyes in eye widths."""
    eyes = ((159, 145, 33, 133), (386, 374, 362, 263))
    gaps = [
        np.linalg.norm(landmarks[a, :2] - landmarks[b, :2]) / np.linalg.norm(landmarks[c, :2] - landmarks[d, :2])
        for a, b, c, d in eyes
    ]
    return float(np.mean(gaps))


def test_neutral_motion_leaves_eyes_and_nose_as_they_are(avatar: dh.Avatar, render: Any, look_at: Any) -> None:
    source = avatar.arrays["landmarks"][0].astype(np.float64)
    found = look_at(render(avatar, [{}])[0])
    error = np.linalg.norm((found - source)[EYES_AND_NOSE, :2], axis=1).mean() / head_of(source).width
    assert error < 0.015


def test_neutral_motion_changes_no_pixel_of_the_upper_face(avatar: dh.Avatar, render: Any) -> None:
    frame, source = render(avatar, [{}])[0], avatar.arrays["frame"]
    nose = int(avatar.arrays["landmarks"][0, 5, 1])
    assert np.array_equal(frame[: nose - 10], source[: nose - 10])


def test_pixels_outside_the_crop_are_untouched_at_any_pose(portrait: Image, tmp_path: Path, render: Any) -> None:
    avatar = on_canvas(portrait, tmp_path)
    frame = render(avatar, [{"pose": (15, -20, 12), "jawOpen": 1, "shift": (0.2, 0.2, 0.2), "eyeBlink": 1}])[0]
    side = avatar.meta["crop_size"]
    matrix = avatar.arrays["matrices"][0]
    y, x = np.mgrid[: avatar.height, : avatar.width]
    crop = np.einsum("ij,jhw->ihw", matrix, np.stack([x, y, np.ones_like(x)]))
    outside = ((crop < -1) | (crop > side)).any(0)
    assert outside.mean() > 0.2
    assert np.array_equal(frame[outside], avatar.arrays["frame"][outside])
    assert not np.array_equal(frame[~outside], avatar.arrays["frame"][~outside])


def on_canvas(portrait: Image, folder: Path) -> dh.Avatar:
    """The portrait, smaller, in the middle of a wide grey picture."""
    import cv2
    from PIL import Image as Pillow

    from dh_face_mesh.avatar import FaceMeshAvatarBuilder
    from dh_face_mesh.options import AvatarOptions

    canvas = np.full((600, 900, 3), 120, np.uint8)
    canvas[100:500, 250:650] = cv2.resize(portrait, (400, 400), interpolation=cv2.INTER_AREA)
    path = folder / "canvas.png"
    Pillow.fromarray(canvas).save(path)
    return FaceMeshAvatarBuilder(AvatarOptions(), dh.Context()).register(dh.Source.open(path))


def test_open_lips_of_the_source_are_closed_at_rest(avatar: dh.Avatar, render: Any, look_at: Any) -> None:
    assert lip_gap(avatar.arrays["landmarks"][0].astype(np.float64)) > 0.03, "the example no longer smiles"
    assert lip_gap(look_at(render(avatar, [{}])[0])) < 0.01


def test_lips_open_with_the_jaw(avatar: dh.Avatar, render: Any, look_at: Any) -> None:
    jaw = np.linspace(0, 0.6, 9)
    gaps = np.array([lip_gap(look_at(frame)) for frame in render(avatar, [{"jawOpen": float(j)} for j in jaw])])
    assert np.corrcoef(jaw, gaps)[0, 1] > 0.9
    assert (np.diff(gaps) > -0.003).all()
    assert gaps[-1] > 0.06


def test_mouth_close_holds_the_lips_together_while_the_jaw_opens(avatar: dh.Avatar, render: Any, look_at: Any) -> None:
    closed, wide = render(avatar, [{"jawOpen": 0.4, "mouthClose": 0.4}, {"jawOpen": 0.4}])
    assert lip_gap(look_at(closed)) < 0.01 < lip_gap(look_at(wide))


def test_pucker_narrows_and_smile_widens_the_mouth(avatar: dh.Avatar, render: Any, look_at: Any) -> None:
    rest, pucker, smile = (
        head_of(found).height and np.linalg.norm(found[61, :2] - found[291, :2])
        for found in map(look_at, render(avatar, [{}, {"mouthPucker": 1}, {"mouthSmile": 1}]))
    )
    assert pucker < 0.85 * rest
    assert smile > 1.05 * rest


def test_brows_and_mouth_corners_rise_and_sink(avatar: dh.Avatar, render: Any, look_at: Any) -> None:
    looks: list[dict[str, Any]] = [
        {"browDown": 1},
        {"browInnerUp": 1, "browOuterUp": 1},
        {"mouthFrown": 1},
        {"mouthSmile": 1},
    ]
    down, up, frown, smile = map(look_at, render(avatar, looks))
    assert np.mean(face.brow_heights(up)) - np.mean(face.brow_heights(down)) > 0.02
    assert face.mouth_corner_height(smile) - face.mouth_corner_height(frown) > 0.03


def test_a_sided_shape_moves_its_own_side(avatar: dh.Avatar, render: Any, look_at: Any) -> None:
    rest, left = map(look_at, render(avatar, [{}, {"mouthSmileLeft": 1}]))
    moved = np.linalg.norm((left - rest)[[61, 291], :2], axis=1)
    assert moved[1] > 2.5 * moved[0], "the left corner of the mouth lies on the image's right"


def test_a_blink_closes_the_eyes(avatar: dh.Avatar, render: Any, look_at: Any) -> None:
    rest, blink = render(avatar, [{}, {"eyeBlink": 1}])
    assert eye_gap(look_at(blink)) < 0.25 * eye_gap(look_at(rest))


@pytest.mark.parametrize(("control", "axis", "sign"), [("gaze_x", 0, 1), ("gaze_y", 1, -1)])
def test_gaze_moves_both_irises_that_way(
    avatar: dh.Avatar, render: Any, look_at: Any, control: str, axis: int, sign: int
) -> None:
    low, high = map(look_at, render(avatar, [{control: -18}, {control: 18}]))
    for iris in (468, 473):
        assert sign * (high - low)[iris, axis] > 0.015 * head_of(low).width


def test_eye_look_out_turns_each_eye_outwards(avatar: dh.Avatar, render: Any, look_at: Any) -> None:
    rest, out = map(look_at, render(avatar, [{}, {"eyeLookOut": 0.7}]))
    assert (out - rest)[468, 0] < -1
    assert (out - rest)[473, 0] > 1


def test_head_turns_the_way_the_motion_space_says(avatar: dh.Avatar, render: Any, look_at: Any) -> None:
    rest, up, right, tipped = map(
        look_at, render(avatar, [{}, {"pose": (12, 0, 0)}, {"pose": (0, 15, 0)}, {"pose": (0, 0, 10)}])
    )
    width = head_of(rest).width
    assert (up - rest)[1, 1] < -0.03 * width, "pitch > 0 raises the nose and chin"
    assert (right - rest)[1, 0] > 0.03 * width, "yaw > 0 turns the face to the image's right"
    assert (tipped - rest)[10, 0] - (tipped - rest)[152, 0] > 0.1 * width, "roll > 0 tips the head's top to the right"


def test_translation_and_scale_move_the_head(avatar: dh.Avatar, render: Any, look_at: Any) -> None:
    rest, moved, larger = map(look_at, render(avatar, [{}, {"shift": (0.06, 0.05, 0)}, {"scale": 1.1}]))
    x, y = (moved - rest)[[33, 263, 1], :2].mean(0) / head_of(rest).height
    assert 0.03 < x < 0.08
    assert -0.07 < y < -0.02
    assert 1.05 < np.ptp(larger[[33, 263], 0]) / np.ptp(rest[[33, 263], 0]) < 1.15


def distance(a: Image, b: Image) -> float:
    """Mean absolute difference."""
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


def test_controls_override_the_driver(avatar: dh.Avatar, render: Any) -> None:
    speaking: dict[str, Any] = {"jawOpen": 0.5, "browInnerUp": 0.5, "pose": (5, 8, 0)}
    rest, faded, silent, mouth_only, lids, blink = render(
        avatar,
        [
            {},
            {**speaking, "fade": 0},
            {"jawOpen": 0.5, "mouthFunnel": 0.5, "voice": 0},
            {**speaking, "voice": 0},
            {"eye_open": 0},
            {"eyeBlink": 1},
        ],
    )
    assert np.array_equal(faded, rest)
    assert np.array_equal(silent, rest)
    assert not np.array_equal(mouth_only, rest), "voice acts on the mouth alone"
    assert distance(lids, blink) < 0.2 * distance(rest, blink), "closed by the control as closed by the driver"


def test_frames_do_not_depend_on_chunks(avatar: dh.Avatar, render: Any) -> None:
    looks = [
        {"jawOpen": 0.3 * abs(np.sin(n)), "pose": (2, 3 * np.sin(n), 1), "eyeBlink": float(n in (3, 4)), "gaze_x": n}
        for n in range(7)
    ]
    whole, single, odd = (render(avatar, looks, chunks) for chunks in ((), (1,) * 7, (3, 1, 3)))
    for a, b, c in zip(whole, single, odd, strict=True):
        assert np.array_equal(a, b)
        assert np.array_equal(a, c)


def test_frames_are_numbered_and_timed_from_the_motion(avatar: dh.Avatar, motion: Any) -> None:
    from dh_face_mesh.options import RendererOptions
    from dh_face_mesh.renderer import FaceMeshRenderer

    items: Any = iter([motion([{}, {}], start=50)])
    for stage in FaceMeshRenderer(RendererOptions(), dh.Context()).stages(avatar):
        items = stage.run(items)
    assert [(frame.index, frame.time) for frame in items] == [(50, 2.0), (51, 2.04)]


def test_a_saved_avatar_renders_the_same_frames(avatar: dh.Avatar, render: Any, tmp_path: Path) -> None:
    avatar.save(tmp_path / "person.dhavatar")
    looks = [{"jawOpen": 0.4, "pose": (3, 5, 2), "eyeBlink": 0.5, "gaze_x": 9}]
    again = render(dh.Avatar.load(tmp_path / "person.dhavatar"), looks)[0]
    assert np.array_equal(again, render(avatar, looks)[0])


def test_strength_options_scale_the_driver(avatar: dh.Avatar, render: Any) -> None:
    from dh_face_mesh.options import RendererOptions

    look = {"jawOpen": 0.4, "pose": (5, 8, 0)}
    still = render(avatar, [look], options=RendererOptions(expression=0, pose=0))[0]
    assert np.array_equal(still, render(avatar, [{}])[0])


def test_a_face_that_fills_the_picture_moves_less(
    avatar: dh.Avatar, portrait: Image, tmp_path: Path, render: Any, landmarker: FaceLandmarker
) -> None:
    from PIL import Image as Pillow

    from dh_face_mesh.avatar import FaceMeshAvatarBuilder
    from dh_face_mesh.options import AvatarOptions

    points = avatar.arrays["landmarks"][0, :, :2]
    (left, top), (right, bottom) = points.min(0).astype(int) - 8, points.max(0).astype(int) + 8
    Pillow.fromarray(portrait[top:bottom, left:right]).save(tmp_path / "tight.png")
    tight = FaceMeshAvatarBuilder(AvatarOptions(), dh.Context()).register(dh.Source.open(tmp_path / "tight.png"))
    moved = []
    for person in (tight, avatar):
        source = person.arrays["landmarks"][0].astype(np.float64)
        found = landmarker.follow(render(person, [{"shift": (0.2, 0, 0)}])[0], source)
        assert found is not None
        moved.append((found - source)[4, 0] / head_of(source).height)
    assert 0.01 < moved[0] < 0.5 * moved[1]
