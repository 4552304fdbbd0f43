"""Exported networks have the published names and shapes, standard operators and PyTorch's numbers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import dh
from dh_ditto.backends.onnx_session import OnnxSession
from dh_ditto.weights.layout import NETWORKS, Weights, file_name, find
from dh_ditto.weights.load import build

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")

from dh_ditto.export import export, folder  # noqa: E402
from dh_ditto.export.graphs import graph, interface  # noqa: E402
from dh_ditto.export.onnx_file import write_onnx  # noqa: E402
from dh_ditto.export.volume_sampling import sample_volume  # noqa: E402
from dh_ditto.networks.inference import for_inference  # noqa: E402

MOTION = (("pitch", 66), ("yaw", 66), ("roll", 66), ("t", 3), ("exp", 63), ("scale", 1), ("kp", 63))
TENSORS = {
    "appearance_extractor": ({"image": [1, 3, 256, 256]}, {"pred": [1, 32, 16, 64, 64]}),
    "motion_extractor": (
        {"image": [1, 3, 256, 256]},
        {name: [1, size] for name, size in MOTION},
    ),
    "stitch_network": ({"kp_source": [1, 21, 3], "kp_driving": [1, 21, 3]}, {"out": [1, 21, 3]}),
    "warp_network": (
        {"feature_3d": [1, 32, 16, 64, 64], "kp_source": [1, 21, 3], "kp_driving": [1, 21, 3]},
        {"out": [1, 256, 64, 64]},
    ),
    "decoder": ({"feature": [1, 256, 64, 64]}, {"output": [1, 3, 512, 512]}),
    "lmdm": (
        {"x": [1, 80, 265], "cond_frame": [1, 265], "cond": [1, 80, 1103], "time_cond": [1]},
        {"pred_noise": [1, 80, 265], "x_start": [1, 80, 265]},
    ),
}
"""Inputs and outputs as they are published, in order."""


def shapes(values: Any) -> dict[str, list[int]]:
    return {value.name: [size.dim_value for size in value.type.tensor_type.shape.dim] for value in values}


def kinds(values: Any) -> set[int]:
    return {value.type.tensor_type.elem_type for value in values if value.name != "time_cond"}


def inputs_of(network: str) -> dict[str, NDArray[Any]]:
    generator = np.random.default_rng(0)
    values = {name: generator.standard_normal(shape).astype(np.float32) for name, shape in TENSORS[network][0].items()}
    for name in ("kp_source", "kp_driving"):
        if name in values:
            values[name] *= 0.3
    if network == "lmdm":
        values["time_cond"] = np.array([500], np.int64)
    return values


def expected(network: str, weights: Weights) -> list[NDArray[Any]]:
    """The outputs of the torch backend's form of a network, as the graph orders them."""
    module = build(network, weights)
    shape = interface(network, module)
    if network in ("warp_network", "decoder"):
        module = for_inference(module)
    with torch.inference_mode():
        inputs = map(torch.from_numpy, inputs_of(network).values())
        outputs = graph(module, shape, half=False)(*inputs)
    return [value.numpy() for value in outputs]


@pytest.mark.parametrize("network", NETWORKS)
def test_a_graph_has_the_published_tensors_and_standard_operators(network: str, exported_folder: Path) -> None:
    model = onnx.load(exported_folder / file_name(network, "onnx"))
    assert shapes(model.graph.input) == TENSORS[network][0]
    assert shapes(model.graph.output) == TENSORS[network][1]
    assert list(shapes(model.graph.output)) == list(TENSORS[network][1])
    assert kinds([*model.graph.input, *model.graph.output]) == {onnx.TensorProto.FLOAT}
    assert {node.domain for node in model.graph.node} == {""}
    assert not model.functions
    assert not {"GridSample", "If", "Loop"} & {node.op_type for node in model.graph.node}
    assert [opset.version >= 17 for opset in model.opset_import if opset.domain == ""] == [True]


@pytest.mark.parametrize("network", NETWORKS)
def test_onnx_runtime_gives_pytorchs_numbers(network: str, exported_folder: Path, untrained: Weights) -> None:
    outputs = OnnxSession(exported_folder / file_name(network, "onnx")).run(**inputs_of(network))
    for name, value in zip(TENSORS[network][1], expected(network, untrained), strict=True):
        np.testing.assert_allclose(outputs[name], value, atol=1e-3, rtol=1e-4, err_msg=name)


@pytest.mark.parametrize("network", ["stitch_network", "lmdm"])
def test_a_file_tells_nothing_of_the_machine_that_wrote_it(network: str, exported_folder: Path) -> None:
    data = (exported_folder / file_name(network, "onnx")).read_bytes()
    assert not [word for word in (b"dh_ditto", b"stack_trace", b"site-packages") if word in data]


def test_the_guided_graph_is_two_passes_of_the_network(untrained: Weights) -> None:
    module = build("lmdm", untrained)
    x, cond_frame, cond, time = map(torch.from_numpy, inputs_of("lmdm").values())
    with torch.inference_mode():
        noise, x_start = graph(module, interface("lmdm", module), half=False)(x, cond_frame, cond, time)
        own, null = (module(x, cond_frame, cond, time, keep=torch.tensor([keep])) for keep in (True, False))
    torch.testing.assert_close(x_start, null + 2 * (own - null), atol=1e-4, rtol=1e-4)
    level, first = torch.cos((torch.tensor([501.0, 0.0]) / 1000 + 0.008) / 1.008 * torch.pi / 2) ** 2
    level = level / first
    torch.testing.assert_close(level.sqrt() * x_start + (1 - level).sqrt() * noise, x, atol=1e-3, rtol=1e-3)


def test_volumes_are_sampled_as_grid_sample_does() -> None:
    generator = torch.Generator().manual_seed(0)
    volume = torch.randn(2, 3, 4, 5, 6, generator=generator)
    coordinates = torch.rand(2, 7, 8, 9, 3, generator=generator) * 6 - 3  # most lie outside
    coordinates[0, 0, 0] = torch.tensor([-1.0, 0.0, 1.0])
    coordinates[0, 0, 1] = 1e6
    sampled = torch.nn.functional.grid_sample(volume, coordinates, align_corners=False)
    torch.testing.assert_close(sample_volume(volume, coordinates), sampled, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("network", ["appearance_extractor", "stitch_network"])
def test_half_precision_stays_inside(network: str, untrained: Weights, exported_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "half.onnx"
    write_onnx(network, build(network, untrained), path, half=True)
    model = onnx.load(path)
    assert kinds([*model.graph.input, *model.graph.output]) == {onnx.TensorProto.FLOAT}
    half = {tensor.data_type for tensor in model.graph.initializer} >= {onnx.TensorProto.FLOAT16}
    assert half == (network == "appearance_extractor")
    full_size = (exported_folder / file_name(network, "onnx")).stat().st_size
    assert (path.stat().st_size < 0.6 * full_size) == half
    outputs = OnnxSession(path).run(**inputs_of(network))
    for name, value in zip(TENSORS[network][1], expected(network, untrained), strict=True):
        np.testing.assert_allclose(outputs[name], value, atol=2e-2)


def test_an_exported_folder_is_complete_and_says_what_it_is(exported_folder: Path, untrained: Weights) -> None:
    weights = find(exported_folder)
    assert (weights.format, weights.backends) == ("onnx", ("onnx", "tensorrt"))
    assert (weights.untrained, weights.about.precision) == (0, "fp32")
    assert weights.path("hubert").read_bytes() == untrained.path("hubert").read_bytes()
    assert weights.identity != untrained.identity


def test_the_precision_of_an_export_is_kept(untrained: Weights, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(folder, "NETWORKS", ("stitch_network",))
    told: list[tuple[int, int, str]] = []
    weights = export(untrained, tmp_path / "half", precision="fp16", progress=lambda *step: told.append(step))
    assert weights.about.precision == "fp16"
    assert told == [(0, 2, "stitch_network.onnx"), (1, 2, "hubert.onnx"), (2, 2, "")]


def test_an_interrupted_export_leaves_nothing(untrained: Weights, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(folder, "NETWORKS", ("stitch_network",))
    monkeypatch.setattr(folder, "copy_auxiliary", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export(untrained, tmp_path / "target")
    assert not list(tmp_path.iterdir())


def test_weights_that_cannot_be_exported_are_named(exported_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(dh.CheckpointMissing, match=r"no appearance_extractor\.safetensors or"):
        export(find(exported_folder), tmp_path / "again")


@pytest.mark.parametrize(
    ("module", "form"), [("onnx", "onnx"), ("onnxscript", "onnx"), ("torch", "onnx"), ("tensorrt", "trt")]
)
def test_a_missing_package_is_named(
    module: str, form: Any, untrained: Weights, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(dh.ExtraMissing, match=f"{module}.*(setup all|pip install)"):
        export(untrained, tmp_path / "target", form)
