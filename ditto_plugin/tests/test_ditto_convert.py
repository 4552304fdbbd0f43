"""Published weights become safetensors and YAML once, with every bit kept, whole or not at all."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

import dh
from dh_ditto.weights import convert as converting
from dh_ditto.weights import initialise as initialising
from dh_ditto.weights.audio_encoder import ROW_SIZE, write_audio_encoder
from dh_ditto.weights.configuration import Configuration, read_published, read_weights_file, select
from dh_ditto.weights.convert import convert
from dh_ditto.weights.initialise import initialise
from dh_ditto.weights.layout import NETWORKS, Weights, find
from dh_ditto.weights.load import read_state_dict

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

OFFLINE: dict[str, Any] = {
    "base_cfg": {
        "decoder_cfg": {"model_path": "ditto_pytorch/models/decoder.pth", "device": "cuda"},
        "landmark478_cfg": {
            "blaze_face_model_path": "", "face_mesh_model_path": "", "task_path": "face.task", "force_ori_type": True
        },
        "hubert_cfg": {"model_path": "aux/hubert.onnx", "device": "cuda", "force_ori_type": True},
    },
    "audio2motion_cfg": {"model_path": "lmdm.pth", "motion_feat_dim": 265, "audio_feat_dim": 1103, "use_emo": True},
    "default_kwargs": {
        "emo": 4,
        "fade_out_keys": ("exp",),
        "v_min_max_for_clip": (np.full(265, -0.1, np.float32), np.full(265, 0.1, np.float32)),
        "something_new": {"a": None},
    },
}  # fmt: skip
ONLINE = {**OFFLINE, "default_kwargs": {"overlap_v2": 70, "online_mode": True}}


@pytest.fixture(scope="module")
def published_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained weights in the published layout, with configurations."""
    folder = tmp_path_factory.mktemp("published") / "repository"
    initialise(folder, seed=0, layout="published")
    (folder / "ditto_cfg").mkdir()
    for name, configuration in (("pytorch", OFFLINE), ("trt_online", ONLINE)):
        (folder / "ditto_cfg" / f"v0.4_hubert_cfg_{name}.pkl").write_bytes(pickle.dumps(configuration))
    return folder


@pytest.fixture(scope="module")
def converted(published_folder: Path) -> Weights:
    return convert(published_folder, published_folder.parent / "converted")


@pytest.mark.parametrize("network", NETWORKS)
def test_every_tensor_keeps_its_bits(published_folder: Path, converted: Weights, network: str) -> None:
    before = read_state_dict(network, find(published_folder).path(network, "pytorch"))
    after = read_state_dict(network, converted.path(network, "safetensors"))
    assert before.keys() == after.keys()
    for key, tensor in before.items():
        assert tensor.dtype == after[key].dtype
        assert tensor.numpy().tobytes() == after[key].numpy().tobytes(), key


def test_the_published_layout_wraps_as_published(published_folder: Path) -> None:
    models = published_folder / "ditto_pytorch" / "models"
    stitch = torch.load(models / "stitch_network.pth", weights_only=True)
    assert list(stitch) == ["retarget_shoulder"]
    assert all(key.startswith("module.") for key in stitch["retarget_shoulder"])
    assert list(torch.load(models / "lmdm_v0.4_hubert.pth", weights_only=True, mmap=True)) == ["model_state_dict"]


def test_side_files_come_along_under_this_layouts_names(published_folder: Path, converted: Weights) -> None:
    source = published_folder / "ditto_pytorch" / "aux_models" / "hubert_streaming_fix_kv.onnx"
    assert converted.path("hubert").name == "hubert.onnx"
    assert converted.path("hubert").read_bytes() == source.read_bytes()


def test_the_configurations_survive_as_yaml(converted: Weights) -> None:
    data = yaml.safe_load((converted.folder / "config.yaml").read_text())
    kept = data["configurations"]["v0.4_hubert_cfg_pytorch"]
    assert kept["base_cfg"] == OFFLINE["base_cfg"]
    assert kept["audio2motion_cfg"] == OFFLINE["audio2motion_cfg"]
    assert kept["default_kwargs"]["something_new"] == {"a": None}
    limits = np.array(kept["default_kwargs"]["v_min_max_for_clip"], np.float32)
    np.testing.assert_array_equal(limits, OFFLINE["default_kwargs"]["v_min_max_for_clip"])
    assert converted.configuration(online=True).default_kwargs.overlap_v2 == 70
    assert converted.configuration().default_kwargs.overlap_v2 is None
    assert converted.configuration().audio2motion_cfg.seq_frames == 80


def test_what_comes_without_configuration_has_the_published_models() -> None:
    assert select({}, online=True) == Configuration()
    only = {"v0.4_hubert_cfg_trt": Configuration()}
    assert select(only, online=True) is only["v0.4_hubert_cfg_trt"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1, 2], "the whole: .*dictionary.*"),
        ({"audio2motion_cfg": {"seq_frames": "eighty"}}, "audio2motion_cfg.seq_frames: .*integer"),
        ({"audio2motion_cfg": {"w2f_type": "mel"}}, "audio2motion_cfg.w2f_type: .*'hubert'.*"),
        ({"base_cfg": {"decoder_cfg": {}}}, "base_cfg.decoder_cfg.model_path: field required"),
        ({"default_kwargs": {"overlap_v2": "many"}}, "default_kwargs.overlap_v2: .*integer"),
    ],
)
def test_a_wrong_configuration_is_told_by_its_place(tmp_path: Path, value: Any, message: str) -> None:
    path = tmp_path / "wrong.pkl"
    path.write_bytes(pickle.dumps(value))
    with pytest.raises(dh.InputError, match=rf"wrong\.pkl: {message}; give the published") as raised:
        read_published(path)
    assert "\n" not in str(raised.value)


def test_a_config_yaml_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(dh.CheckpointMissing, match="no such file"):
        read_weights_file(tmp_path)
    (tmp_path / "config.yaml").write_text("format: something-else\n")
    with pytest.raises(dh.InputError, match=r"config\.yaml: format: .*'dh-ditto-weights'"):
        read_weights_file(tmp_path)
    (tmp_path / "config.yaml").write_text("a: [1\n")
    with pytest.raises(dh.InputError, match=r"config\.yaml: not readable as YAML") as raised:
        read_weights_file(tmp_path)
    assert "\n" not in str(raised.value)


def test_conversion_checks_what_it_converts(published_folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    models = source / "ditto_pytorch" / "models"
    models.mkdir(parents=True)
    for path in (published_folder / "ditto_pytorch" / "models").iterdir():
        (models / path.name).symlink_to(path)
    (models / "warp_network.pth").unlink()
    with pytest.raises(dh.CheckpointMissing, match=r"warp_network\.pth"):
        convert(source, tmp_path / "target")
    (models / "warp_network.pth").symlink_to(models / "stitch_network.pth")
    with pytest.raises(dh.InputError, match=r"warp_network\.pth: no state dict of tensors"):
        convert(source, tmp_path / "target")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


class Interrupted(Exception):
    """Stands for whatever may end a conversion."""


def interrupt(*arguments: Any) -> None:
    raise Interrupted


def test_an_interrupted_conversion_leaves_nothing(
    published_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(converting, "NETWORKS", ("stitch_network",))
    monkeypatch.setattr(converting, "copy_auxiliary", interrupt)
    with pytest.raises(Interrupted):
        convert(published_folder, tmp_path / "target")
    assert not list(tmp_path.iterdir())


def test_an_interrupted_initialisation_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "target").mkdir()
    monkeypatch.setattr(initialising, "NETWORKS", ("stitch_network",))
    monkeypatch.setattr(initialising, "write_audio_encoder", interrupt)
    with pytest.raises(Interrupted):
        initialise(tmp_path / "target")
    assert [path.name for path in tmp_path.rglob("*")] == ["target"]


def test_progress_names_each_file_and_ends_at_the_total(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(initialising, "NETWORKS", ("stitch_network",))
    told: list[tuple[int, int, str]] = []
    initialise(tmp_path / "target", progress=lambda *step: told.append(step))
    assert told == [(0, 2, "stitch_network"), (1, 2, "hubert"), (2, 2, "")]


def test_the_audio_encoder_has_huberts_shapes_and_sees_what_hubert_sees(tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    write_audio_encoder(tmp_path / "hubert.onnx", seed=0)
    session = runtime.InferenceSession(str(tmp_path / "hubert.onnx"), providers=["CPUExecutionProvider"])
    speech = np.random.default_rng(0).standard_normal((1, 12960)).astype(np.float32)

    def encode(samples: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(session.run(["encoding_out"], {"input_values": samples})[0])

    for count, rows in ((3240, 9), (6480, 20), (12960, 40)):
        assert encode(speech[:, :count]).shape == (rows, ROW_SIZE)
    row = encode(speech)[7]
    assert 0.05 < row.std() < 5
    start = 7 * 320
    np.testing.assert_allclose(encode(speech[:, start : start + 400])[0], row, atol=1e-5)


def test_weights_depend_on_the_seed_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(initialising, "NETWORKS", ("stitch_network",))
    folders = []
    for name, seed, global_seed in (("a", 1, 0), ("b", 1, 9), ("c", 2, 0)):
        torch.manual_seed(global_seed)
        folders.append(initialise(tmp_path / name, seed).folder)
    first, same, other = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert first == same
    assert all(first[name] != other[name] for name in ("stitch_network.safetensors", "hubert.onnx", "config.yaml"))
