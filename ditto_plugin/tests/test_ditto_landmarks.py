"""The networks that find faces and landmarks, with their outputs given; and MediaPipe's, for real."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

import dh
from dh.media.images import read_image
from dh_ditto.backends.onnx_session import OnnxSession
from dh_ditto.crop import CropOptions, apply, crop_matrices
from dh_ditto.eyes import eye_openness
from dh_ditto.landmarks.blaze_face import BlazeFace
from dh_ditto.landmarks.detector import FaceDetector
from dh_ditto.landmarks.landmark106 import Landmark106
from dh_ditto.landmarks.landmark203 import Landmark203
from dh_ditto.landmarks.landmark478 import Landmark478
from dh_ditto.landmarks.mediapipe import MediaPipeLandmarker
from dh_ditto.landmarks.published import PublishedLandmarker
from dh_ditto.sampling import warp

PORTRAIT = Path(__file__).parents[2] / "examples" / "portrait.jpg"


class Fixed:
    """A session that answers the same to everything."""

    def __init__(self, *outputs: np.ndarray) -> None:
        self.outputs = outputs
        self.seen: list[np.ndarray] = []

    def __call__(self, image: np.ndarray) -> Sequence[np.ndarray]:
        self.seen.append(image)
        return self.outputs


def detection(*faces: tuple[int, int, int, float]) -> Fixed:
    """Outputs of the detector for (stride, anchor, reach in strides, score) each."""
    scores, boxes, points = [], [], []
    for stride in (8, 16, 32):
        count = 2 * (512 // stride) ** 2
        score, box = np.zeros((count, 1), np.float32), np.zeros((count, 4), np.float32)
        for _, anchor, reach, certainty in (face for face in faces if face[0] == stride):
            score[anchor], box[anchor] = certainty, reach
        scores.append(score)
        boxes.append(box)
        points.append(np.zeros((count, 10), np.float32))
    return Fixed(*scores, *boxes, *points)


def grey(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


@pytest.mark.parametrize(("height", "width", "zoom"), [(256, 256, 2.0), (512, 1024, 0.5), (1024, 512, 0.5)])
def test_detections_come_in_pixels_of_the_picture(height: int, width: int, zoom: float) -> None:
    anchor = 2 * (5 * 32 + 7)  # column 7, row 5 of the 32 x 32 cells
    found = FaceDetector(detection((16, anchor, 3, 0.9)))(grey(height, width))
    assert found.boxes == pytest.approx(np.array([[(112 - 48) / zoom, 32 / zoom, 160 / zoom, 128 / zoom, 0.9]]))
    assert found.points == pytest.approx(np.broadcast_to([112 / zoom, 80 / zoom], (1, 5, 2)))


def test_only_the_surest_of_overlapping_detections_stays() -> None:
    overlapping = [(16, 300, 4, 0.7), (16, 301, 4, 0.8), (16, 302, 4, 0.6), (32, 0, 1, 0.9), (16, 900, 4, 0.4)]
    scores = FaceDetector(detection(*overlapping))(grey(512, 512)).boxes[:, 4]
    assert scores == pytest.approx([0.9, 0.8])


def test_a_picture_without_faces_has_no_detections() -> None:
    found = FaceDetector(detection())(grey(300, 400))
    assert found.boxes.shape == (0, 5)
    assert found.points.shape == (0, 5, 2)


def test_insightface_networks_see_blue_first() -> None:
    red = np.zeros((512, 512, 3), np.uint8)
    red[..., 0] = 255
    session = detection()
    FaceDetector(session)(red)
    assert session.seen[0][0, :, 100, 100] == pytest.approx([-127.5 / 128, -127.5 / 128, 127.5 / 128])
    session = Fixed(np.zeros((1, 212), np.float32))
    Landmark106(session)(red, np.array([100, 100, 300, 300]))
    assert session.seen[0][0, :, 96, 96].tolist() == [0, 0, 255]


def test_106_landmarks_lie_around_the_box() -> None:
    output = np.zeros((1, 2 * 110), np.float32)
    output[0, -2:] = (1, -1)
    points = Landmark106(Fixed(output))(grey(480, 640), np.array([100, 120, 300, 220, 0.9]))
    assert points.shape == (106, 2)
    assert points[0] == pytest.approx([200, 170])
    assert points[-1] == pytest.approx([350, 20])  # half of 1.5 times the longer side away


def test_203_landmarks_are_found_among_other_outputs() -> None:
    right = np.tile(np.array([0.25, 0.5], np.float32), 203)[None]
    others = np.zeros((1, 214), np.float32), np.zeros((1, 262), np.float32)
    c2o = np.array([[2, 0, 10], [0, 2, 20], [0, 0, 1]])
    points = Landmark203(Fixed(*others, right))(grey(224, 224), c2o)
    assert points == pytest.approx(np.broadcast_to([56 * 2 + 10, 112 * 2 + 20], (203, 2)))


def blaze(anchor: int | None) -> Fixed:
    """One face of half the picture's width, its eyes level, at an anchor of the finer grid."""
    values, logits = np.zeros((1, 896, 16), np.float32), np.full((1, 896, 1), -90, np.float32)
    if anchor is not None:
        logits[0, anchor] = 4
        values[0, anchor, 2:4] = 64
        values[0, anchor, 4:8] = (-10, 0, 10, 0)
    return Fixed(values, logits)


def test_478_landmarks_come_back_from_the_square_around_the_face() -> None:
    mesh = np.tile(np.array([128, 128, 64], np.float32), 478).reshape(1, 1, 1, 1434)
    points = Landmark478(blaze(2 * (7 * 16 + 9)), Fixed(mesh))(grey(256, 512))
    assert points is not None
    centre = ((9.5 / 16), (7.5 / 16))
    depth = 64 * (512 * 0.5 * 1.5 / 256) / 512
    assert points == pytest.approx(np.broadcast_to([*centre, depth], (478, 3)), abs=1e-5)


def test_a_crop_without_a_face_has_no_478_landmarks() -> None:
    assert Landmark478(blaze(None), Fixed())(grey(512, 512)) is None


def test_overlapping_blaze_faces_become_their_mean() -> None:
    session = blaze(224)
    session.outputs[1][0, 226] = 2
    session.outputs[0][0, 226, 2:4] = 64
    (face,) = BlazeFace(session)(grey(512, 512))
    sure, less = 1 / (1 + np.exp(-4)), 1 / (1 + np.exp(-2))
    assert face[16] == pytest.approx((sure + less) / 2)
    assert (face[0] + face[2]) / 2 == pytest.approx((4 * sure + 12 * less) / (sure + less), abs=1e-3)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: FaceDetector(Fixed(np.zeros(3)))(grey(64, 64)), "det_10g"),
        (lambda: Landmark106(Fixed(np.zeros((1, 10))))(grey(64, 64), np.array([0, 0, 9, 9])), "2d106det"),
        (lambda: Landmark203(Fixed(np.zeros((1, 212))))(grey(224, 224), np.eye(3, dtype=np.float32)), "landmark203"),
        (lambda: Landmark478(blaze(9), Fixed(np.zeros((1, 1404))))(grey(64, 64)), "face_mesh"),
    ],
)
def test_another_network_than_the_right_one_is_refused_in_one_line(call: object, word: str) -> None:
    with pytest.raises(dh.InputError, match=word) as error:
        call()  # type: ignore[operator]
    assert "\n" not in str(error.value)


def test_a_missing_network_is_named_when_it_is_needed_not_before(tmp_path: Path) -> None:
    session = OnnxSession(tmp_path / "absent.onnx")
    with pytest.raises(dh.CheckpointMissing, match=r"absent\.onnx: no such file; pull"):
        session(np.zeros((1, 3, 4, 4), np.float32))


@pytest.mark.parametrize("content", [b"", b"not a network", bytes(5000)])
def test_a_damaged_network_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(dh.CheckpointMissing, match=r"broken\.onnx: damaged or cut short") as error:
        OnnxSession(path)(np.zeros((1, 3, 4, 4), np.float32))
    assert "\n" not in str(error.value)


def test_an_onnx_file_gives_all_its_outputs_and_names_itself_for_a_wrong_picture(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    value = onnx.helper.make_tensor_value_info
    nodes = [onnx.helper.make_node("Neg", ["x"], ["a"]), onnx.helper.make_node("Abs", ["x"], ["b"])]
    outputs = [value(name, 1, [1, 2]) for name in "ab"]
    graph = onnx.helper.make_graph(nodes, "toy", [value("x", 1, [1, 2])], outputs)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    path = tmp_path / "toy.onnx"
    onnx.save(model, path)
    session = OnnxSession(path)
    negative, absolute = session(np.array([[1, -2]], np.float32))
    assert (negative.tolist(), absolute.tolist()) == ([[-1, 2]], [[1, 2]])
    with pytest.raises(dh.InputError, match=r"toy\.onnx: does not take these inputs"):
        session(np.zeros((1, 5), np.float32))


def published(detector: Fixed, landmark203: Fixed) -> PublishedLandmarker:
    middle = np.random.default_rng(0).uniform(-0.3, 0.3, (1, 212)).astype(np.float32)
    return PublishedLandmarker(
        FaceDetector(detector), Landmark106(Fixed(middle)), Landmark203(landmark203), Landmark478(blaze(None), Fixed())
    )


def test_the_published_way_gives_the_largest_face_first() -> None:
    points = np.random.default_rng(1).uniform(0.3, 0.7, (1, 406)).astype(np.float32)
    small_but_sure, large = (8, 2 * (10 * 64 + 10), 3, 0.9), (32, 2 * (10 * 16 + 10), 3, 0.6)
    faces = published(detection(small_but_sure, large), Fixed(points)).faces(grey(512, 512))
    assert [np.round(face.mean(0) / 40).tolist() for face in faces] == [[8, 8], [2, 2]]


def test_the_published_way_says_where_it_finds_none() -> None:
    landmarker = published(detection(), Fixed())
    assert landmarker.faces(grey(512, 512)) == []
    assert landmarker.mesh(grey(512, 512), np.zeros((203, 2)), np.eye(3)) is None


@pytest.fixture(scope="module")
def mediapipe() -> Iterator[MediaPipeLandmarker]:
    with MediaPipeLandmarker() as landmarker:
        yield landmarker


def test_mediapipes_crop_stands_upright_around_the_face(mediapipe: MediaPipeLandmarker) -> None:
    image = read_image(PORTRAIT)
    landmarks = mediapipe.faces(image)[0]
    points = mediapipe.crop_points(landmarks)
    matrices = crop_matrices(points, CropOptions())
    outline, (eyes, lips) = apply(matrices.o2c, points.outline), apply(matrices.o2c, points.axis)
    assert eyes[0] == pytest.approx(lips[0], abs=0.1)
    assert np.ptp(outline, axis=0).max() == pytest.approx(512 / 2.3, abs=0.1)
    assert (outline.min(0) > 100).all()
    assert (outline.max(0) < 450).all()


def test_mediapipes_mesh_is_that_of_the_crop(mediapipe: MediaPipeLandmarker) -> None:
    """The frame's landmarks, moved into the crop, are near the ones found on the crop itself."""
    image = read_image(PORTRAIT)
    landmarks = mediapipe.faces(image)[0]
    matrices = crop_matrices(mediapipe.crop_points(landmarks), CropOptions())
    crop = warp(image, matrices.o2c, 512, 512)
    mesh, again = mediapipe.mesh(crop, landmarks, matrices.o2c), mediapipe.faces(crop)[0] / 512
    assert np.abs(mesh[:, :2] - again[:, :2]).max() < 0.02
    assert eye_openness(mesh[None]) == pytest.approx(eye_openness(again[None]), abs=0.12)


def test_mediapipe_follows_a_face_and_loses_one_that_is_gone(mediapipe: MediaPipeLandmarker) -> None:
    image = read_image(PORTRAIT)
    landmarks = mediapipe.faces(image)[0]
    moved = np.roll(image, 4, axis=1)
    followed = mediapipe.follow(moved, landmarks)
    assert followed is not None
    assert (followed - landmarks)[:, 0].mean() == pytest.approx(4, abs=1)
    assert mediapipe.follow(np.full_like(image, 128), landmarks) is None
