"""Which folder of weights, and which form of it, a run takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dh_ditto import checkpoints
from dh_ditto.opening import CONVERTED, best_form, exported_folder, pulled_folder
from dh_ditto.options import BackendName
from dh_ditto.weights.layout import NETWORKS, Format, file_name

TORCH, ONNX, TENSORRT = (spec.name for spec in checkpoints.ALTERNATIVES)


def folder_of(path: Path, form: Format) -> Path:
    path.mkdir(parents=True)
    for network in NETWORKS:
        (path / file_name(network, form)).write_bytes(b"-")
    return path


@pytest.mark.parametrize(
    ("backend", "there", "taken"),
    [
        ("auto", (TORCH, ONNX), TORCH),
        ("auto", (ONNX, TENSORRT), ONNX),
        ("onnx", (TORCH, ONNX), ONNX),
        ("onnx", (TORCH,), TORCH),
        ("tensorrt", (TORCH, ONNX), ONNX),
        ("torch", (ONNX,), ONNX),
    ],
)
def test_the_pulled_checkpoint_that_suits_the_backend_is_taken(
    backend: BackendName, there: tuple[str, ...], taken: str
) -> None:
    assert pulled_folder({name: Path(name) for name in there}, backend, "cpu") == Path(taken)


def test_converted_weights_are_taken_in_place_of_the_published(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "ditto", "pytorch")
    assert best_form(folder, "auto", "auto").folder == folder
    converted = folder_of(folder / CONVERTED, "safetensors")
    assert best_form(folder, "auto", "auto").folder == converted
    assert best_form(folder, "torch", "fp32").format == "safetensors"


def test_exported_networks_are_found_beside_their_weights(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "ditto", "pytorch")
    whole = folder_of(exported_folder(folder, "onnx", "fp32"), "onnx")
    half = folder_of(exported_folder(folder, "onnx", "fp16"), "onnx")
    engines = folder_of(exported_folder(folder, "trt", "fp16"), "tensorrt")
    assert best_form(folder, "onnx", "auto").folder == whole
    assert best_form(folder, "onnx", "fp16").folder == half
    assert best_form(folder, "tensorrt", "auto").folder == engines
    assert best_form(folder, "torch", "auto").folder == folder


def test_every_declared_file_has_a_name_that_the_layout_finds(tmp_path: Path) -> None:
    for spec in checkpoints.ALTERNATIVES:
        home = tmp_path / spec.name
        for file in spec.files:
            if not file.path.endswith(".pkl"):
                (home / file.path).parent.mkdir(parents=True, exist_ok=True)
                (home / file.path).write_bytes(b"-")
        found = best_form(home, "auto", "auto")
        assert all(found.has(network) for network in (*NETWORKS, "hubert")), spec.name
        assert len([path for forms in found.files.values() for path in forms.values()]) == len(NETWORKS) + 1
