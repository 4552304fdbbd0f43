"""Weights of the published size to measure with."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import dh
from dh_ditto.bench.options import PartsOptions
from dh_ditto.opening import best_form
from dh_ditto.training.result import MODEL_NAME
from dh_ditto.weights.layout import Weights


@contextlib.contextmanager
def measured_weights(options: PartsOptions, notice: Callable[[str], None]) -> Iterator[Weights]:
    """The weights that the options name, else untrained ones, which are gone afterwards: speed is the same.

    Raises:
        CheckpointMissing: the named folder is one that ``dh train`` wrote, for the starter or for more of its kind.
        OptionError: a backend that takes exported networks, and no folder of them.
        ExtraMissing: PyTorch or onnx, which make untrained weights, is not installed.
        DHError: the named folder does not hold weights for the backend.
    """
    if options.weights is not None:
        folder = dh.find_weights(str(options.weights), f"--set weights={options.weights}")
        if (folder / MODEL_NAME).is_file():
            raise dh.CheckpointMissing(
                f"--set weights={options.weights}: of a model that 'dh train' made, which has none of the networks "
                "that are parts; name weights of the published size, or add --profile starter --only runs"
            )
        yield best_form(folder, options.backend, options.precision)
        return
    if options.backend in ("onnx", "tensorrt"):
        form = "trt" if options.backend == "tensorrt" else "onnx"
        raise dh.OptionError(
            f"--set backend={options.backend}: its parts are measured with exported networks; make some with 'dh "
            f"checkpoints init ditto -o FOLDER' and 'dh export ditto --weights FOLDER --format {form}', and add --set "
            "weights=FOLDER"
        )
    from dh_ditto.weights.initialise import initialise

    notice("making untrained weights of the published size")
    with tempfile.TemporaryDirectory(prefix="dh-bench-") as folder_name:
        yield initialise(Path(folder_name) / "untrained")
