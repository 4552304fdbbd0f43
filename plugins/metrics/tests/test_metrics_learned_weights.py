"""Files of weights: found, read without running them, refused where they are others, hashed."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import dh
from dh_metrics.learned.checkpoints import ARCFACE, SFACE, SYNCNET, VGG16
from dh_metrics.learned.weights import (
    digest,
    given_weights,
    load_into,
    read_state_dict,
    require,
    weights_file,
)

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402


class _Run:
    def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
        return (print, ("this code was run",))


def test_a_pulled_checkpoint_is_found_at_its_published_path(tmp_path: Path) -> None:
    assert weights_file(dh.Context(checkpoints={SYNCNET.name: tmp_path}), SYNCNET) == (
        tmp_path / "auxiliary" / "syncnet_v2.model"
    )


def test_a_users_folder_may_hold_the_file_at_its_path_or_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "w600k_r50.onnx").touch()
    assert weights_file(dh.Context(weights=tmp_path), ARCFACE).name == "w600k_r50.onnx"
    nested = tmp_path / "models" / "buffalo_l" / "w600k_r50.onnx"
    nested.parent.mkdir(parents=True)
    nested.touch()
    assert weights_file(dh.Context(weights=tmp_path), ARCFACE) == nested


def test_a_users_folder_without_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(dh.CheckpointMissing, match=f"{tmp_path.name}: no model.safetensors and no vgg.pth"):
        weights_file(dh.Context(weights=tmp_path), VGG16, "vgg.pth")


def test_an_absent_checkpoint_names_the_command_that_brings_it() -> None:
    with pytest.raises(dh.CheckpointMissing, match="checkpoints pull metrics-sface"):
        weights_file(dh.Context(), SFACE)


def test_code_in_a_file_of_weights_is_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"weight": _Run()}, path)
    with pytest.raises(dh.InputError, match="nothing of it was run"):
        read_state_dict(path)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_a_cut_off_file_is_to_be_pulled_again(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if path.suffix == ".pth":
        torch.save({"weight": torch.zeros(1000)}, path)
    else:
        pytest.importorskip("safetensors.torch").save_file({"weight": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(dh.CheckpointMissing, match="pull the checkpoint again"):
        read_state_dict(path)


def test_a_wrapped_state_dict_is_unwrapped_and_an_unwrapped_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "epoch_20.pth"
    torch.save({"net_recon": {"weight": torch.ones(2)}, "opt_00": {"state": {}, "step": 3}}, path)
    assert list(read_state_dict(path, "net_recon")) == ["weight"]
    torch.save({"weight": torch.ones(2)}, path)
    with pytest.raises(dh.InputError, match="under 'net_recon'"):
        read_state_dict(path, "net_recon")


def test_a_network_takes_exactly_its_own_keys_and_shapes(tmp_path: Path) -> None:
    path = tmp_path / "file.pth"
    whole = nn.Linear(3, 2).state_dict()
    with pytest.raises(dh.InputError, match=r"file\.pth: lacks 'bias'"):
        load_into(nn.Linear(3, 2), {"weight": whole["weight"]}, path)
    with pytest.raises(dh.InputError, match=r"has unknown 'extra'"):
        load_into(nn.Linear(3, 2), {**whole, "extra": torch.zeros(1)}, path)
    with pytest.raises(dh.InputError, match=r"'weight' has shape \[2, 4\], the network needs \[2, 3\]"):
        load_into(nn.Linear(3, 2), {**whole, "weight": torch.zeros(2, 4)}, path)


def test_files_from_before_batch_counters_load(tmp_path: Path) -> None:
    network = nn.BatchNorm1d(2)
    state = {key: value + 1 for key, value in network.state_dict().items() if key != "num_batches_tracked"}
    loaded = load_into(network, state, tmp_path / "file.pth")
    assert loaded.running_var.tolist() == [2.0, 2.0]
    assert not loaded.training


def test_hashes_are_given_for_the_users_own_files_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    path.write_bytes(b"weights" * 300_000)
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest(path) == expected
    assert given_weights(dh.Context(weights=tmp_path), path) == {"mine.pth": expected}
    assert given_weights(dh.Context(), path) == {}


def test_a_missing_package_is_told_with_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchmetrics", None)
    with pytest.raises(dh.ExtraMissing, match=r"fid: .*needs torchmetrics.*dh-metrics\[learned\]"):
        require("fid", "torchmetrics")
