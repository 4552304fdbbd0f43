"""Untrained weights of the published size, made once for all tests that need them."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from dh_ditto.weights.layout import Weights, find


@pytest.fixture(scope="module", autouse=True)
def _freed() -> Iterator[None]:
    """What a module's tests leave, some GB of networks, is freed after them and not in the midst of another run."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def untrained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of untrained weights in this project's layout; not to be changed."""
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from dh_ditto.weights.initialise import initialise

    folder = tmp_path_factory.mktemp("ditto") / "untrained"
    initialise(folder, seed=0)
    return folder


@pytest.fixture(scope="session")
def untrained(untrained_folder: Path) -> Weights:
    """The same, found."""
    return find(untrained_folder)


@pytest.fixture(scope="session")
def exported_folder(untrained: Weights, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The untrained weights as ONNX files, float32; not to be changed."""
    pytest.importorskip("onnxscript")
    from dh_ditto.export import export

    folder = tmp_path_factory.mktemp("ditto") / "onnx"
    export(untrained, folder)
    return folder
