"""A folder of weights is recognised, loaded strictly, and told off in one line where it is not right."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

import dh
from dh_ditto.weights import load
from dh_ditto.weights.extras import require
from dh_ditto.weights.layout import NETWORKS, Weights, find
from dh_ditto.weights.untrained import seeded_state_dict

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")

PUBLISHED = [
    "ditto_cfg/v0.4_hubert_cfg_pytorch.pkl",
    "ditto_onnx/appearance_extractor.onnx",
    "ditto_onnx/blaze_face.onnx",
    "ditto_onnx/decoder.onnx",
    "ditto_onnx/face_mesh.onnx",
    "ditto_onnx/hubert.onnx",
    "ditto_onnx/insightface_det.onnx",
    "ditto_onnx/landmark106.onnx",
    "ditto_onnx/landmark203.onnx",
    "ditto_onnx/libgrid_sample_3d_plugin.so",
    "ditto_onnx/lmdm_v0.4_hubert.onnx",
    "ditto_onnx/motion_extractor.onnx",
    "ditto_onnx/stitch_network.onnx",
    "ditto_onnx/warp_network.onnx",
    "ditto_onnx/warp_network_ori.onnx",
    "ditto_pytorch/models/appearance_extractor.pth",
    "ditto_pytorch/models/decoder.pth",
    "ditto_pytorch/models/lmdm_v0.4_hubert.pth",
    "ditto_pytorch/models/motion_extractor.pth",
    "ditto_pytorch/models/stitch_network.pth",
    "ditto_pytorch/models/warp_network.pth",
    "ditto_pytorch/aux_models/2d106det.onnx",
    "ditto_pytorch/aux_models/det_10g.onnx",
    "ditto_pytorch/aux_models/face_landmarker.task",
    "ditto_pytorch/aux_models/hubert_streaming_fix_kv.onnx",
    "ditto_pytorch/aux_models/landmark203.onnx",
    "ditto_trt_Ampere_Plus/appearance_extractor_fp16.engine",
    "ditto_trt_Ampere_Plus/decoder_fp16.engine",
    "ditto_trt_Ampere_Plus/hubert_fp32.engine",
    "ditto_trt_Ampere_Plus/lmdm_v0.4_hubert_fp32.engine",
    "ditto_trt_Ampere_Plus/motion_extractor_fp32.engine",
    "ditto_trt_Ampere_Plus/stitch_network_fp16.engine",
    "ditto_trt_Ampere_Plus/warp_network_fp16.engine",
]


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """The names of the published repository, over files of a few bytes."""
    for name in PUBLISHED:
        path = tmp_path / "published" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\x80\x04}." if name.endswith(".pkl") else name.encode())  # the pickle of an empty dict
    return tmp_path / "published"


def named(weights: Weights, network: str, *formats: Any) -> str:
    return weights.path(network, *formats).relative_to(weights.folder).as_posix()


def test_every_network_of_the_published_repository_is_found(published: Path) -> None:
    weights = find(published)
    assert weights.backends == ("torch", "onnx", "tensorrt")
    assert weights.format == "pytorch"
    assert weights.untrained is None
    assert named(weights, "lmdm", "pytorch") == "ditto_pytorch/models/lmdm_v0.4_hubert.pth"
    assert named(weights, "lmdm", "onnx") == "ditto_onnx/lmdm_v0.4_hubert.onnx"
    assert named(weights, "lmdm", "tensorrt") == "ditto_trt_Ampere_Plus/lmdm_v0.4_hubert_fp32.engine"
    assert named(weights, "decoder", "tensorrt") == "ditto_trt_Ampere_Plus/decoder_fp16.engine"
    assert named(weights, "insightface_det") == "ditto_pytorch/aux_models/det_10g.onnx"
    assert named(weights, "landmark106") == "ditto_pytorch/aux_models/2d106det.onnx"
    assert named(weights, "face_landmarker") == "ditto_pytorch/aux_models/face_landmarker.task"
    assert named(weights, "hubert", "onnx") == "ditto_pytorch/aux_models/hubert_streaming_fix_kv.onnx"
    assert named(weights, "face_mesh") == "ditto_onnx/face_mesh.onnx"
    assert set(weights.about.configurations) == {"v0.4_hubert_cfg_pytorch"}


def test_the_warp_network_is_taken_without_its_plug_in(published: Path) -> None:
    assert named(find(published), "warp_network", "onnx") == "ditto_onnx/warp_network_ori.onnx"


@pytest.mark.parametrize(
    ("part", "form", "backends", "has_hubert"),
    [
        ("ditto_pytorch", "pytorch", ("torch",), True),
        ("ditto_pytorch/models", "pytorch", ("torch",), True),
        ("ditto_onnx", "onnx", ("onnx", "tensorrt"), True),
        ("ditto_trt_Ampere_Plus", "tensorrt", ("tensorrt",), True),
    ],
)
def test_a_part_of_the_repository_is_enough(
    published: Path, part: str, form: str, backends: tuple[str, ...], has_hubert: bool
) -> None:
    weights = find(published / part)
    assert (weights.format, weights.backends, weights.has("hubert")) == (form, backends, has_hubert)
    assert set(weights.about.configurations) == {"v0.4_hubert_cfg_pytorch"}


def test_a_folder_without_weights_names_what_it_holds_instead(tmp_path: Path) -> None:
    with pytest.raises(dh.CheckpointMissing, match="no such folder; pull"):
        find(tmp_path / "gone")
    (tmp_path / "train_500.pt").write_bytes(b"x")
    with pytest.raises(dh.CheckpointMissing, match=r"none of Ditto's networks.*unknown: train_500\.pt"):
        find(tmp_path)
    with pytest.raises(dh.InputError, match="is a file"):
        find(tmp_path / "train_500.pt")


def test_a_missing_network_is_named_with_its_file(published: Path) -> None:
    (published / "ditto_pytorch/models/decoder.pth").unlink()
    weights = find(published)
    assert weights.missing("torch") == ("decoder",)
    with pytest.raises(dh.CheckpointMissing, match=r"no decoder\.safetensors or decoder\.pth"):
        weights.path("decoder", "safetensors", "pytorch")


def test_empty_files_and_lfs_pointers_are_not_weights(published: Path) -> None:
    path = published / "ditto_pytorch/models/decoder.pth"
    path.write_bytes(b"")
    with pytest.raises(dh.CheckpointMissing, match=r"decoder\.pth: the file is empty"):
        find(published).path("decoder", "pytorch")
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(dh.CheckpointMissing, match=r"decoder\.pth: a Git LFS pointer.*git lfs pull"):
        find(published).path("decoder", "pytorch")


def test_identity_changes_with_any_file_and_with_nothing_else(published: Path, tmp_path: Path) -> None:
    first = find(published).identity
    copy = tmp_path / "elsewhere"
    shutil.copytree(published, copy)
    assert find(copy).identity == first
    (copy / "ditto_pytorch/models/decoder.pth").write_bytes(b"ditto_pytorch/models/decoder.ptX")
    assert find(copy).identity != first


def test_identity_sees_values_in_the_middle_of_a_file(tmp_path: Path) -> None:
    identities = set()
    for value in (b"a", b"b"):  # between the same graph and the same end, as ONNX files have them
        (tmp_path / "decoder.onnx").write_bytes(b"graph" * 20_000 + value * 5_000_000 + b"outputs" * 20_000)
        identities.add(find(tmp_path).identity)
    assert len(identities) == 2


def test_untrained_weights_say_so(untrained_folder: Path, untrained: Weights) -> None:
    assert (untrained.untrained, untrained.format, untrained.backends) == (0, "safetensors", ("torch",))
    assert "seed 0" in (untrained_folder / "UNTRAINED.md").read_text()
    assert untrained.configuration().audio2motion_cfg.audio_feat_dim == 1103


@pytest.mark.parametrize("network", NETWORKS)
def test_untrained_weights_are_the_seeded_ones(untrained: Weights, network: str) -> None:
    expected = seeded_state_dict(load.new(network), 0, skip=("freqs",))
    module = load.build(network, untrained)
    assert not module.training
    state = module.state_dict()
    assert state.keys() == expected.keys()
    assert all(torch.equal(state[key], value) for key, value in expected.items())
    assert not any(tensor.is_meta for tensor in (*module.parameters(), *module.buffers()))


SMALL = "stitch_network"


def stitched(folder: Path, state: Any, name: str = "stitch_network.pth") -> Weights:
    """Weights whose only file, the stitch network's, holds ``state``."""
    folder.mkdir(exist_ok=True)
    torch.save(state, folder / name)
    return find(folder)


@pytest.fixture
def state() -> dict[str, Any]:
    return seeded_state_dict(load.new(SMALL), 1)


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda state: state,
        lambda state: {"retarget_shoulder": state},
        lambda state: {"retarget_shoulder": {f"module.{key}": value for key, value in state.items()}},
    ],
    ids=["flat", "wrapped", "data parallel"],
)
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_published_wrappings_are_taken_off(tmp_path: Path, state: Any, wrapped: Any, zipped: bool) -> None:
    torch.save(wrapped(state), tmp_path / "stitch_network.pth", _use_new_zipfile_serialization=zipped)
    loaded = load.build(SMALL, find(tmp_path)).state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in state.items())


def test_half_precision_files_become_float32(tmp_path: Path, state: Any) -> None:
    weights = stitched(tmp_path / "half", {key: value.half() for key, value in state.items()})
    assert {tensor.dtype for tensor in load.build(SMALL, weights).state_dict().values()} == {torch.float32}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("mlp.4.bias"), "lacks 'mlp.4.bias'; give"),
        (lambda state: state.update(a=torch.zeros(1), b=torch.zeros(1)), "has unknown 'a' and 1 more; give"),
        (lambda state: state.update({"mlp.6.bias": torch.zeros(7)}), r"'mlp.6.bias' has shape \[7\], .* needs \[65\]"),
        (lambda state: state.update({"mlp.6.bias": torch.zeros(65).long()}), "'mlp.6.bias' holds torch.int64"),
        (lambda state: state.update({"mlp.6.bias": "text"}), "no state dict of tensors"),
    ],
)
def test_wrong_keys_and_shapes_are_named(tmp_path: Path, state: Any, change: Any, message: str) -> None:
    change(state)
    with pytest.raises(dh.InputError, match=rf"stitch_network\.pth: .*{message}") as raised:
        load.build(SMALL, stitched(tmp_path / "wrong", state))
    assert "\n" not in str(raised.value)


class Evil:
    """Unpickles as a shell command."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (self.command,)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_pth_that_would_run_something_is_refused(tmp_path: Path, state: Any, zipped: bool) -> None:
    marker = tmp_path / "marker"
    evil = {**state, "extra": Evil(f"touch {marker}")}
    torch.save(evil, tmp_path / "stitch_network.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(dh.InputError, match=r"stitch_network\.pth: holds something other than tensors; refused"):
        load.build(SMALL, find(tmp_path))
    assert not marker.exists()
    torch.load(tmp_path / "stitch_network.pth", weights_only=False)
    assert marker.exists()


@pytest.mark.parametrize("name", ["stitch_network.pth", "stitch_network.safetensors"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_cut_files_are_told_from_wrong_ones(tmp_path: Path, state: Any, name: str, kept: float) -> None:
    path = tmp_path / name
    if path.suffix == ".pth":
        torch.save(state, path)
    else:
        safetensors.save_file(state, path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(dh.CheckpointMissing, match=rf"{name}: damaged or cut short.*again") as raised:
        load.build(SMALL, find(tmp_path))
    assert "\n" not in str(raised.value)


def test_a_missing_package_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch, untrained: Weights) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delenv("DH_LAUNCHER", raising=False)
    with pytest.raises(dh.ExtraMissing, match=r"needs torch; run: pip install 'dh-ditto\[torch\]'"):
        load.build(SMALL, untrained)
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(dh.ExtraMissing, match=r"pip install tensorrt, of a version for this machine's driver"):
        require("tensorrt")
