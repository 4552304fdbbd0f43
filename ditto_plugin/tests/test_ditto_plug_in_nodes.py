"""Files that were made for TensorRT's volume-sampling plug-in run in ONNX Runtime, with the plug-in's numbers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dh
from dh_ditto.backends import plug_in_nodes
from dh_ditto.backends.onnx_session import OnnxSession
from dh_ditto.backends.plug_in_nodes import CACHE_FOLDER, rewrite
from dh_ditto.motion import Array

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

VOLUME, GRID = (2, 3, 4, 5, 6), (2, 7, 8, 9, 3)
SECOND_GRID = (2, 2, 3, 4, 3)
PUBLISHED: dict[str, Any] = {"interpolation_mode": 0, "padding_mode": 0, "align_corners": 0}


def random(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def coordinates(*shape: int) -> Array:
    """Points of which most lie outside the volume, some on its edges and some far away."""
    points = np.random.default_rng(1).uniform(-3, 3, shape).astype(np.float32)
    points[0, 0, 0, 0], points[0, 0, 0, 1], points[0, 0, 0, 2] = (-1, 0, 1), 1e6, -1e6
    return points


def inputs() -> dict[str, Array]:
    return {"volume": random(*VOLUME), "grid": coordinates(*GRID), "second": coordinates(*SECOND_GRID)}


def expected() -> Array:
    """Both samplings by PyTorch."""
    volume, grid, second = map(torch.from_numpy, inputs().values())
    for points in (grid, second):
        volume = torch.nn.functional.grid_sample(volume, points, padding_mode="zeros", align_corners=False)
    return np.asarray(volume.numpy() * 2)


def write_network(path: Path, domain: str = "", opset: int = 17, factor: float = 2, **settings: Any) -> Path:
    """Writes a network that samples a volume, samples the result, and scales what comes out."""
    helper = onnx.helper
    nodes = [
        helper.make_node("GridSample3D", ["volume", "grid"], ["sampled"], domain=domain, **settings),
        helper.make_node("GridSample3D", ["sampled", "second"], ["twice"], domain=domain, **settings),
        helper.make_node("Mul", ["twice", "factor"], ["out"]),
    ]
    shapes = {"volume": VOLUME, "grid": GRID, "second": SECOND_GRID}
    values = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    out = helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, (*VOLUME[:2], *SECOND_GRID[1:4]))
    constant = onnx.numpy_helper.from_array(np.array([factor], np.float32), "factor")
    opsets = [helper.make_opsetid("", opset), *([helper.make_opsetid(domain, 1)] if domain else [])]
    graph = helper.make_graph(nodes, "sampling", values, [out], [constant])
    onnx.save(helper.make_model(graph, ir_version=7, opset_imports=opsets), path)
    return path


@pytest.fixture
def network(tmp_path: Path) -> Path:
    return write_network(tmp_path / "warp_network.onnx", **PUBLISHED)


@pytest.mark.parametrize("domain", ["", "trt.plugins"])
@pytest.mark.parametrize("opset", [11, 13, 17, 20])
@pytest.mark.parametrize(
    "settings",
    [PUBLISHED, {"mode": "bilinear", "padding_mode": "zeros", "align_corners": 0}, {"plugin_version": "1"}],
    ids=["numbers", "words", "none"],
)
def test_a_volume_is_sampled_as_pytorch_does(domain: str, opset: int, settings: Any, tmp_path: Path) -> None:
    path = write_network(tmp_path / "network.onnx", domain, opset, **settings)
    np.testing.assert_allclose(OnnxSession(path).run(**inputs())["out"], expected(), atol=1e-5)


def test_a_rewritten_file_has_standard_operators_and_its_own_opset(network: Path) -> None:
    model = onnx.load_from_string(rewrite(network))
    onnx.checker.check_model(model, full_check=True)
    assert {node.domain for node in model.graph.node} == {""}
    assert not {"GridSample", "GridSample3D"} & {node.op_type for node in model.graph.node}
    assert [opset.version for opset in model.opset_import] == [17]
    assert [value.name for value in model.graph.input] == list(inputs())


def test_the_work_is_done_once_and_the_second_time_needs_no_onnx(network: Path, monkeypatch: Any) -> None:
    original = network.read_bytes()
    first = OnnxSession(network).run(**inputs())["out"]
    (kept,) = (network.parent / CACHE_FOLDER).iterdir()
    assert kept.name.startswith("warp_network-")
    monkeypatch.setitem(sys.modules, "onnx", None)
    np.testing.assert_array_equal(OnnxSession(network).run(**inputs())["out"], first)
    assert network.read_bytes() == original


def test_another_network_under_the_same_name_is_rewritten_anew(network: Path) -> None:
    OnnxSession(network).run(**inputs())
    size = network.stat().st_size
    write_network(network, factor=4, **PUBLISHED)
    assert network.stat().st_size == size
    np.testing.assert_allclose(OnnxSession(network).run(**inputs())["out"], 2 * expected(), atol=2e-5)


def test_a_folder_that_cannot_be_written_keeps_the_network_in_memory(network: Path) -> None:
    (network.parent / CACHE_FOLDER).write_text("in the way")
    np.testing.assert_allclose(OnnxSession(network).run(**inputs())["out"], expected(), atol=1e-5)
    assert sorted(path.name for path in network.parent.iterdir()) == [CACHE_FOLDER, "warp_network.onnx"]


def test_an_interrupted_rewriting_leaves_nothing(network: Path, monkeypatch: Any) -> None:
    def full(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    np.testing.assert_allclose(OnnxSession(network).run(**inputs())["out"], expected(), atol=1e-5)
    assert not list((network.parent / CACHE_FOLDER).iterdir())


def test_a_missing_onnx_package_is_named_with_its_extra(network: Path, monkeypatch: Any) -> None:
    monkeypatch.delenv("DH_LAUNCHER", raising=False)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(dh.ExtraMissing, match=r"needs onnx; run: pip install 'dh-ditto\[export\]'") as raised:
        OnnxSession(network).run(**inputs())
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "setting", [{"align_corners": 1}, {"interpolation_mode": 1}, {"mode": "nearest"}, {"padding_mode": "border"}]
)
def test_another_way_of_sampling_is_refused(setting: dict[str, Any], tmp_path: Path) -> None:
    path = write_network(tmp_path / "other.onnx", **setting)
    ((name, value),) = setting.items()
    with pytest.raises(dh.InputError, match=rf"other\.onnx: GridSample3D with {name}={value}.*dh export") as raised:
        OnnxSession(path).run(**inputs())
    assert "\n" not in str(raised.value)


def test_other_files_are_opened_as_they_are(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(plug_in_nodes, "rewrite", lambda path: pytest.fail("rewritten for nothing"))
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 2]) for name in "xy"]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Neg", ["x"], ["y"])], "plain", values[:1], values[1:])
    onnx.save(
        onnx.helper.make_model(graph, ir_version=8, opset_imports=[onnx.helper.make_opsetid("", 17)]),
        tmp_path / "plain.onnx",
    )
    assert OnnxSession(tmp_path / "plain.onnx").run(x=random(1, 2))["y"].shape == (1, 2)
    assert not (tmp_path / CACHE_FOLDER).exists()
