"""From options to running networks: which folder of weights, in which form, on which backend."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

import dh
from dh_ditto import checkpoints
from dh_ditto.backends.base import Backend, open_backend
from dh_ditto.options import BackendName, OptionsT, Precision, SharedOptions
from dh_ditto.weights.layout import Weights, find

CONVERTED = "converted"
"""Folder beside published weights that ``dh checkpoints convert`` writes."""


def exported_folder(weights: Path, form: str, precision: str) -> Path:
    """Where ``dh export`` writes what it makes of a folder of weights, and runs look for it."""
    return weights / "exported" / f"{form}-{precision}"


def open_networks(options: SharedOptions, context: dh.Context) -> tuple[Weights, Backend]:
    """The weights and the backend of a component.

    Raises:
        DHError: whatever is missing or unfit, see ``find`` and ``open_backend``.
    """
    folder = context.weights or pulled_folder(context.checkpoints, options.backend, context.device)
    weights = best_form(folder, options.backend, options.precision)
    backend = open_backend(
        weights, options.backend, context.device, options.precision, context.notice, graphs=options.graphs
    )
    return weights, backend


def as_opened(options: OptionsT, backend: Backend) -> OptionsT:
    """Options with what "auto" has come to: they say what runs, so that a run record repeats it."""
    return options.model_copy(
        update={"backend": backend.name, "precision": backend.precision, "graphs": backend.graphs}
    )


def pulled_folder(folders: Mapping[str, Path], backend: BackendName, device: str) -> Path:
    """Of the pulled checkpoints, by name, the one that suits the backend; at least one of the alternatives is there."""
    torch, onnx, tensorrt = (spec.name for spec in checkpoints.ALTERNATIVES)
    order: dict[str, tuple[str, ...]] = {
        "torch": (torch, onnx, tensorrt),
        "onnx": (onnx, torch, tensorrt),
        "tensorrt": (tensorrt, onnx, torch),
    }
    runs_engines = device.startswith("cuda") and importlib.util.find_spec("tensorrt") is not None
    order["auto"] = order["tensorrt"] if runs_engines else order["torch"]
    return next(folders[name] for name in order[backend] if name in folders)


def best_form(folder: Path, backend: BackendName, precision: Precision) -> Weights:
    """The converted weights in place of the published ones, the exported networks where the backend takes those.

    Raises:
        DHError: as ``find``.
    """
    converted = folder / CONVERTED
    home = converted if converted.is_dir() else folder
    if backend in ("onnx", "tensorrt"):
        wanted = ("fp16", "fp32") if precision == "fp16" else ("fp32", "fp16")
        forms = ("trt", "onnx") if backend == "tensorrt" else ("onnx",)
        for place in (exported_folder(folder, form, one) for form in forms for one in wanted):
            if place.is_dir():
                return find(place)
        return find(folder)
    return find(home)
