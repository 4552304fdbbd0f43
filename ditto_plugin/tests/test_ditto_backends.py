"""Whatever runs the networks, the numbers are those of the plain networks, and what is missing is told in one line."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dh
from dh_ditto.audio_features import SegmentFeatures
from dh_ditto.backends import base, open_backend, speech, torch_backend
from dh_ditto.backends.onnx_session import OnnxSession, available_cores
from dh_ditto.backends.speech import SpeechEncoder
from dh_ditto.diffusion import Sampler
from dh_ditto.driver import DittoDriver
from dh_ditto.motion import SLICES, Array
from dh_ditto.options import DriverOptions
from dh_ditto.weights.audio_encoder import write_audio_encoder
from dh_ditto.weights.configuration import (
    Audio2MotionConfiguration,
    Configuration,
    WeightsFile,
    write_weights_file,
)
from dh_ditto.weights.layout import NETWORKS, Weights, find
from dh_ditto.weights.load import build

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

needs_no_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")


def random(*shape: int, scale: float = 1.0, seed: int = 0) -> Array:
    return (scale * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def picture(seed: int = 0) -> Array:
    return np.random.default_rng(seed).random((1, 3, 256, 256), np.float32)


def keypoints(seed: int) -> Array:
    return random(1, 21, 3, scale=0.3, seed=seed)


def plain(network: str, weights: Weights, *inputs: Array) -> Any:
    """The outputs of a network as it is published."""
    with torch.inference_mode():
        outputs = build(network, weights)(*map(torch.from_numpy, inputs))
    return {name: value.numpy() for name, value in outputs.items()} if isinstance(outputs, dict) else outputs.numpy()


@pytest.fixture
def backend(untrained: Weights) -> base.Backend:
    return open_backend(untrained)


def test_torch_networks_give_the_published_forms_numbers(backend: base.Backend, untrained: Weights) -> None:
    motion = backend.motion(picture())
    expected = plain("motion_extractor", untrained, picture())
    assert set(motion) == {*SLICES, "kp"}
    for name, value in motion.items():
        np.testing.assert_allclose(value, expected[name], atol=1e-5)
    stitched = backend.stitch(keypoints(1), keypoints(2))
    np.testing.assert_allclose(stitched, plain("stitch_network", untrained, keypoints(1), keypoints(2)), atol=1e-6)
    volume = backend.appearance(picture())
    values = backend.volume_values(volume)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, plain("appearance_extractor", untrained, picture()), atol=1e-5)


def test_torch_warps_and_decodes_as_the_published_forms_do(backend: base.Backend, untrained: Weights) -> None:
    volume = random(1, 32, 16, 32, 32)
    feature = backend.warp(backend.volume(volume), keypoints(1), keypoints(2))
    expected = plain("warp_network", untrained, volume, keypoints(1), keypoints(2))
    np.testing.assert_allclose(backend.volume_values(feature), expected, atol=1e-4)
    feature = random(1, 256, 4, 4)
    picture = backend.decode(backend.volume(feature))
    assert picture.dtype == np.float32
    np.testing.assert_allclose(picture, plain("decoder", untrained, feature), atol=1e-4)


def test_volumes_of_an_avatar_file_may_be_read_only(backend: base.Backend) -> None:
    values = random(1, 32, 16, 32, 32)
    values.setflags(write=False)
    np.testing.assert_array_equal(backend.volume_values(backend.volume(values)), values)


def test_what_depends_on_the_volume_alone_is_computed_once(untrained: Weights, monkeypatch: Any) -> None:
    calls = []

    class Warp:
        def compress(self, volume: Any) -> Any:
            calls.append(volume)
            return volume * 2

        def __call__(self, volume: Any, kp_source: Any, kp_driving: Any, compressed: Any) -> Any:
            return volume + compressed

    warp = Warp()
    backend = open_backend(untrained)
    monkeypatch.setattr(backend, "_module", lambda network: warp)
    first, second = backend.volume(random(1, 2)), backend.volume(random(1, 2, seed=1))
    for volume in (first, first, second, second, first):
        feature = backend.warp(volume, keypoints(1), keypoints(2))
        np.testing.assert_allclose(feature, 3 * volume)
    assert [id(volume) for volume in calls] == [id(volume) for volume in (first, second, first)]


def test_a_network_is_loaded_at_its_first_use_and_only_once(untrained: Weights, monkeypatch: Any) -> None:
    loaded = []

    def recorded(network: str, weights: Weights) -> Any:
        loaded.append(network)
        return build(network, weights)

    monkeypatch.setattr(torch_backend, "build", recorded)
    backend = open_backend(untrained)
    assert loaded == []
    for _ in range(2):
        backend.stitch(keypoints(1), keypoints(2))
    assert loaded == ["stitch_network"]


def test_bfloat16_keeps_the_picture(untrained: Weights) -> None:
    backend = open_backend(untrained, precision="bf16")
    feature = random(1, 256, 4, 4)
    difference = backend.decode(backend.volume(feature)) - plain("decoder", untrained, feature)
    assert 1e-5 < np.abs(difference).mean() < 0.02


def test_untrained_weights_are_announced(untrained: Weights) -> None:
    told: list[str] = []
    open_backend(untrained, notice=told.append)
    assert len(told) == 1
    assert "UNTRAINED (seed 0)" in told[0]


def test_all_backends_sample_the_same_motion(untrained: Weights, exported_folder: Path) -> None:
    cond_frame, cond = random(1, 265), random(1, 80, 1103, seed=1)
    opened = [open_backend(untrained), open_backend(find(exported_folder))]
    assert [backend.name for backend in opened] == ["torch", "onnx"]
    first, second = (Sampler(backend.denoiser(), seed=3)(cond_frame, cond, 4) for backend in opened)
    np.testing.assert_allclose(first, second, atol=2e-3)


def test_onnx_networks_give_the_torch_backends_numbers(backend: base.Backend, exported_folder: Path) -> None:
    other = open_backend(find(exported_folder))
    assert (other.name, other.device, other.precision) == ("onnx", "cpu", "fp32")
    first, second = backend.motion(picture()), other.motion(picture())
    assert {name: value.shape for name, value in first.items()} == {name: value.shape for name, value in second.items()}
    for name, value in first.items():
        np.testing.assert_allclose(value, second[name], atol=1e-4)
    points = keypoints(1), keypoints(2)
    np.testing.assert_allclose(backend.stitch(*points), other.stitch(*points), atol=1e-5)
    volume = other.appearance(picture())
    np.testing.assert_allclose(
        other.volume_values(volume), backend.volume_values(backend.appearance(picture())), atol=1e-4
    )
    values = random(1, 32, 16, 64, 64)
    np.testing.assert_array_equal(other.volume_values(other.volume(values)), values)


def test_every_backend_encodes_speech_alike(untrained: Weights, exported_folder: Path) -> None:
    samples = random(1, 6480)
    first, second = (open_backend(find(path)).audio()(samples) for path in (untrained.folder, exported_folder))
    assert first.shape == (20, 1024)
    np.testing.assert_array_equal(first, second)


def test_speech_on_a_cpu_runtime_beside_a_gpu_is_announced(untrained: Weights, monkeypatch: Any) -> None:
    monkeypatch.setattr(speech, "has_cuda", lambda: False)
    told: list[str] = []
    encoder = SpeechEncoder(untrained, "cuda", told.append)
    for _ in range(2):
        assert encoder(random(1, 3240)).shape == (9, 1024)
    assert len(told) == 1
    assert "onnxruntime-gpu" in told[0]


def test_weights_without_a_speech_encoder_say_so(untrained: Weights) -> None:
    bare = Weights(untrained.folder, {name: files for name, files in untrained.files.items() if name != "hubert"})
    encoder = open_backend(bare).audio()
    with pytest.raises(dh.CheckpointMissing, match=r"no hubert.*\.onnx"):
        encoder(random(1, 6480))


@pytest.fixture
def wavlm_folder(untrained_folder: Path, tmp_path: Path) -> Path:
    """Weights whose configuration names WavLM, with such an encoder in place of HuBERT."""
    for path in untrained_folder.glob("*.safetensors"):
        (tmp_path / path.name).symlink_to(path)
    named = Configuration(audio2motion_cfg=Audio2MotionConfiguration(w2f_type="wavlm"))
    write_weights_file(tmp_path, WeightsFile(untrained=0, configurations={"v0.4_wavlm_cfg_pytorch": named}))
    write_audio_encoder(tmp_path / "wavlm.onnx", seed=1)
    model = onnx.load(tmp_path / "wavlm.onnx")
    model.graph.input[0].name = model.graph.node[0].input[0] = "audio"
    onnx.save(model, tmp_path / "wavlm.onnx")
    return tmp_path


def test_weights_that_name_wavlm_hear_with_it(wavlm_folder: Path) -> None:
    heard: list[Array] = []
    encoder = open_backend(find(wavlm_folder)).audio("wavlm")

    def listening(samples: Array) -> Array:
        heard.append(samples)
        return encoder(samples)

    features = SegmentFeatures(listening)
    assert len(features.push(random(3, 640).ravel())) == 0
    rows = features.finish()
    assert rows.shape == (3, 1024)
    (samples,) = heard
    expected = OnnxSession(wavlm_folder / "wavlm.onnx").run(audio=samples)["encoding_out"]
    np.testing.assert_array_equal(rows, expected.reshape(3, 2, 1024).mean(1))


def test_the_driver_speaks_with_weights_that_name_wavlm(wavlm_folder: Path) -> None:
    arrays = {name: random(1, part.stop - part.start, scale=0.1) for name, part in SLICES.items()}
    arrays |= {"kp": random(1, 63), "canonical": random(63), "eye_open": random(1, 2), "eye_ball": random(1, 6)}
    avatar = dh.Avatar("ditto", 64, 64, arrays, {"still": True})
    speech = [dh.AudioChunk(random(640, seed=i), 640 * i) for i in range(2)]
    context = dh.Context(weights=wavlm_folder)
    motion = list(DittoDriver(DriverOptions(steps=2), context).drive(avatar, iter(speech)))
    assert sum(map(len, motion)) == 2
    with pytest.raises(dh.OptionError, match=r"--mode online: .*WavLM"):
        list(DittoDriver(DriverOptions(online=True, overlap=40), context).drive(avatar, iter(speech)))


@pytest.mark.parametrize(
    ("formats", "device", "installed", "expected"),
    [
        (("safetensors", "onnx"), "cpu", {"torch"}, "torch"),
        (("safetensors", "onnx"), "cpu", set(), "onnx"),
        (("safetensors",), "cpu", set(), "torch"),
        (("onnx",), "cuda", {"torch", "tensorrt"}, "onnx"),
        (("tensorrt",), "cuda", {"torch", "tensorrt"}, "tensorrt"),
        (("tensorrt",), "cpu", set(), "tensorrt"),
    ],
)
def test_auto_takes_what_the_weights_and_the_machine_allow(
    formats: tuple[Any, ...], device: str, installed: set[str], expected: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr(base, "_installed", lambda module: module in installed)
    weights = Weights(Path(), {network: {form: Path(network) for form in formats} for network in NETWORKS})
    chosen: dict[str, str] = {}

    def importing(module: str) -> Classes:
        chosen["module"] = module
        return Classes()

    monkeypatch.setattr("dh_ditto.backends.base.importlib.import_module", importing)
    open_backend(weights, device=device)
    assert chosen["module"] == f"dh_ditto.backends.{expected}_backend"


def test_frames_may_come_together_in_every_backend(backend: base.Backend, exported_folder: Path) -> None:
    points = [np.concatenate([keypoints(seed) for seed in seeds]) for seeds in ((1, 2), (3, 4))]
    pictures = np.concatenate([picture(seed) for seed in (1, 2)])
    for opened in (backend, open_backend(find(exported_folder))):
        together = opened.stitch(*points)
        alone = [opened.stitch(*(point[i : i + 1] for point in points)) for i in range(2)]
        np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-6)
        motion = opened.motion(pictures)
        for name, value in opened.motion(pictures[1:]).items():
            np.testing.assert_allclose(motion[name][1:], value, atol=1e-5)


def test_one_volume_serves_all_frames_of_a_batch(exported_folder: Path, monkeypatch: Any) -> None:
    class Session:
        def put(self, values: Any) -> Any:
            return values

        def keep(self, feature_3d: Any, kp_source: Any, kp_driving: Any) -> Any:
            return feature_3d + kp_source + kp_driving

        def run(self, feature: Any) -> Any:
            return {"output": feature * 10}

    backend = open_backend(find(exported_folder))
    monkeypatch.setattr(backend, "_session", lambda network: Session())
    source, driving = np.array([[1.0], [2.0]]), np.array([[0.1], [0.2]])
    feature = backend.warp(backend.volume(np.array([[5.0]])), source, driving)
    np.testing.assert_allclose(backend.decode(feature), [[61.0], [72.0]])
    feature = backend.warp(backend.volume(np.array([[5.0], [6.0]])), source, driving)
    np.testing.assert_allclose(backend.decode(feature), [[61.0], [82.0]])


class Classes:
    """Stands for the module of any backend."""

    def __getattr__(self, name: str) -> Callable[..., str]:
        return lambda *arguments: name


def refusals(untrained: Weights, exported: Weights) -> dict[str, tuple[Callable[[], Any], type[Exception], str]]:
    part = Weights(untrained.folder, {name: untrained.files[name] for name in NETWORKS[:4]})
    return {
        "lacking": (lambda: open_backend(part, "torch"), dh.CheckpointMissing, "2 of 6.*decoder, lmdm; "),
        "other backend": (lambda: open_backend(untrained, "onnx"), dh.CheckpointMissing, "use backend=torch"),
        "half on a CPU": (lambda: open_backend(untrained, precision="fp16"), dh.OptionError, "precision=fp16: .*fp32"),
        "precision": (lambda: open_backend(exported, precision="fp16"), dh.OptionError, "are fp32; .*dh export"),
        "guidance": (lambda: open_backend(exported).denoiser(3.0), dh.OptionError, "guidance=3: .*backend=torch"),
        "no such device": (lambda: open_backend(untrained, device="abacus"), dh.DeviceMissing, "abacus.*use cpu"),
        "no GPU for torch": (lambda: open_backend(untrained, device="cuda"), dh.DeviceMissing, "cuda: .*--device cpu"),
        "no GPU for onnx": (
            lambda: open_backend(exported, device="cuda").motion(picture()), dh.DeviceMissing, "onnxruntime-gpu"
        ),
    }  # fmt: skip


@needs_no_cuda
@pytest.mark.parametrize(
    "case",
    [
        "lacking", "other backend", "half on a CPU", "precision", "guidance", "no such device", "no GPU for torch",
        "no GPU for onnx",
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_refused_in_one_line(case: str, untrained: Weights, exported_folder: Path) -> None:
    act, error, message = refusals(untrained, find(exported_folder))[case]
    with pytest.raises(error, match=message) as raised:
        act()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("module", "backend"), [("torch", "torch"), ("onnxruntime", "onnx"), ("tensorrt", "tensorrt")])
def test_a_missing_package_is_named(module: str, backend: Any, exported_folder: Path, monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    weights = find(exported_folder)
    every = {name: {**files, "safetensors": Path("x")} for name, files in weights.files.items()}
    with pytest.raises(dh.ExtraMissing, match=f"{module}.*(setup all|pip install)"):
        open_backend(Weights(weights.folder, every), backend)


def test_damaged_and_foreign_onnx_files_are_told_apart(exported_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "stitch_network.onnx"
    shutil.copyfile(exported_folder / path.name, path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(dh.CheckpointMissing, match=r"stitch_network\.onnx: damaged or cut short"):
        OnnxSession(path).run()
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Foretell", ["x"], ["y"])
    result = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([node], "plug-in", [value], [result])
    onnx.save(onnx.helper.make_model(graph, ir_version=8, opset_imports=[onnx.helper.make_opsetid("", 17)]), path)
    with pytest.raises(dh.InputError, match=r"stitch_network\.onnx: needs an operator.*dh export") as raised:
        OnnxSession(path).run(x=random(1))
    assert "\n" not in str(raised.value)


def test_inputs_of_another_shape_are_told_by_file(exported_folder: Path) -> None:
    session = OnnxSession(exported_folder / "stitch_network.onnx")
    with pytest.raises(dh.InputError, match=r"stitch_network\.onnx: does not take these inputs") as raised:
        session.run(kp_source=random(1, 20, 3), kp_driving=keypoints(1))
    assert "\n" not in str(raised.value)


def test_a_session_uses_the_cores_that_it_may_use() -> None:
    assert 1 <= available_cores() <= (os.cpu_count() or 1)
