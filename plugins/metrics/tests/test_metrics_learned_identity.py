"""CSIM and ArcFace CSIM: one person's picture reads 1, another face reads less, and faces are aligned first."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import dh
from dh_metrics.learned.alignment import _IDENTITY, five_points, identity_face, reconstruction_face, similarity
from dh_metrics.learned.identity import ArcfaceCsim, Csim
from dh_metrics.learned.options import LearnedOptions
from learned_samples import HeldMaterial, context_with

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

Image = NDArray[np.uint8]
PORTRAIT = Path(__file__).parents[3] / "examples" / "portrait.jpg"


def _network(path: Path, dimensions: int, batch: int | str) -> None:
    """An embedding network of the published shapes: projects the picture, less its mean, at random."""
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(0)
    pooled = 3 * 14 * 14
    nodes = [
        helper.make_node("AveragePool", ["data"], ["small"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Flatten", ["small"], ["flat"]),
        helper.make_node("ReduceMean", ["flat"], ["mean"], axes=[1]),
        helper.make_node("Sub", ["flat", "mean"], ["centred"]),
        helper.make_node("MatMul", ["centred", "weight"], ["fc1"]),
    ]
    graph = helper.make_graph(
        nodes,
        "embedder",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, [batch, 3, 112, 112])],
        [helper.make_tensor_value_info("fc1", TensorProto.FLOAT, [batch, dimensions])],
        [numpy_helper.from_array(random.normal(size=(pooled, dimensions)).astype(np.float32), "weight")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dh.Context:
    folder = tmp_path_factory.mktemp("embedders")
    _network(folder / "face_recognition_sface_2021dec.onnx", 128, 1)
    _network(folder / "w600k_r50.onnx", 512, "None")
    return context_with(folder)


@pytest.fixture(scope="module")
def portrait() -> Image:
    image = dh.Source.open(PORTRAIT).image()
    height = 320
    return cv2.resize(image, (round(image.shape[1] * height / image.shape[0]), height), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def landmarks(portrait: Image) -> NDArray[np.float64]:
    from dh_face_mesh.landmarks import FaceLandmarker

    with FaceLandmarker() as landmarker:
        return landmarker.faces(portrait)[0]


def _altered(portrait: Image) -> Image:
    """Another face: its left half lies in the dark."""
    other = portrait.copy()
    other[:, : other.shape[1] // 2] //= 4
    return other


@pytest.mark.parametrize("metric", [Csim, ArcfaceCsim])
def test_the_same_picture_reads_1_and_another_less(weights: dh.Context, portrait: Image, metric: type[Csim]) -> None:
    material = HeldMaterial([portrait, portrait, _altered(portrait)], reference=[portrait])
    found = metric(LearnedOptions(), weights).measure(material)
    curve = np.array(found.series[metric.TITLE], float)
    assert curve[:2] == pytest.approx(np.ones(2), abs=1e-3)
    assert curve[2] < 0.95
    assert found.value == pytest.approx(np.mean(curve))
    assert found.count == 3
    assert found.note == "against the reference's first face"
    assert len(next(iter(found.weights.values()))) == 64


def test_the_person_is_the_one_in_the_runs_source_while_its_file_is_unchanged(
    weights: dh.Context, portrait: Image, tmp_path: Path
) -> None:
    path = tmp_path / "me.png"
    cv2.imwrite(str(path), portrait[:, :, ::-1])
    entry = {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    found = Csim(LearnedOptions(), weights).measure(HeldMaterial([portrait], record={"inputs": {"source": entry}}))
    assert found.note == "against the source me.png"
    assert found.value == pytest.approx(1, abs=1e-3)
    changed = {"inputs": {"source": {**entry, "sha256": "0" * 64}}}
    with pytest.raises(dh.NotMeasurable, match="nothing shows who the person is"):
        Csim(LearnedOptions(), weights).measure(HeldMaterial([portrait], record=changed))


def test_a_video_without_a_face_is_not_measured(weights: dh.Context, portrait: Image) -> None:
    grey = np.full_like(portrait, 128)
    with pytest.raises(dh.NotMeasurable, match="no face"):
        Csim(LearnedOptions(), weights).measure(HeldMaterial([grey], reference=[portrait]))


def test_a_file_that_is_no_embedder_is_refused(tmp_path: Path, portrait: Image) -> None:
    (tmp_path / "face_recognition_sface_2021dec.onnx").write_bytes(b"no network")
    material = HeldMaterial([portrait], reference=[portrait])
    with pytest.raises(dh.CheckpointMissing, match="damaged or no ONNX file"):
        Csim(LearnedOptions(), context_with(tmp_path)).measure(material)


def test_a_similarity_is_recovered_from_the_points_that_it_moved() -> None:
    points = np.random.default_rng(0).uniform(0, 100, (5, 2))
    angle, scale, shift = np.radians(20), 1.7, np.array([12.0, -5.0])
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    found = similarity(points, points @ turn.T + shift)
    assert found == pytest.approx(np.column_stack([turn, shift]))


def test_the_five_points_of_a_face_land_where_recognition_expects_them(
    portrait: Image, landmarks: NDArray[np.float64]
) -> None:
    points = five_points(landmarks)
    assert points[0, 0] < points[1, 0]
    assert points[3, 0] < points[4, 0]
    matrix = similarity(points, _IDENTITY)
    landed = points @ matrix[:, :2].T + matrix[:, 2]
    assert np.abs(landed - _IDENTITY).max() < 8  # pixels of 112; she smiles, so her mouth is wide and high
    assert identity_face(portrait, landmarks).shape == (112, 112, 3)


@pytest.mark.parametrize("align", [identity_face, reconstruction_face])
def test_the_aligned_face_is_the_same_however_large_the_picture(
    portrait: Image, landmarks: NDArray[np.float64], align: Callable[[Image, NDArray[np.floating]], Image]
) -> None:
    large = cv2.resize(portrait, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    wide = landmarks * 3 + [1, 1, 0]  # pixel centres: 3 (x + 1/2) - 1/2
    difference = align(portrait, landmarks).astype(float) - align(large, wide)
    assert np.abs(difference).mean() < 2


def test_the_face_for_reconstruction_is_upright_and_centred(portrait: Image, landmarks: NDArray[np.float64]) -> None:
    face = reconstruction_face(portrait, landmarks)
    assert face.shape == (224, 224, 3)
    from dh_face_mesh.landmarks import FaceLandmarker

    with FaceLandmarker() as landmarker:
        found = five_points(landmarker.faces(face)[0])
    eyes = found[:2]
    assert 50 < np.linalg.norm(eyes[1] - eyes[0]) < 75
    assert np.abs(found.mean(0) - 112).max() < 15
