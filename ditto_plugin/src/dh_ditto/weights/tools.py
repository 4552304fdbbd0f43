"""What ``dh checkpoints convert``, ``dh checkpoints init`` and ``dh export`` do with Ditto's weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from dh_ditto.opening import CONVERTED, exported_folder
from dh_ditto.weights.convert import StepDone
from dh_ditto.weights.layout import find

Notice = Callable[[str], None]


class DittoWeightsTools:
    """Ditto's ``dh.WeightsTools``."""

    @staticmethod
    def convert(source: Path, target: Path | None, notice: Notice) -> Path:
        """Published PyTorch files as safetensors and YAML, beside them if there is no target."""
        from dh_ditto.weights.convert import convert

        return convert(source, target or source / CONVERTED, progress=_telling(notice)).folder

    @staticmethod
    def initialise(target: Path, seed: int, notice: Notice) -> Path:
        """Untrained weights of the published size."""
        from dh_ditto.weights.initialise import initialise

        folder = initialise(target, seed, progress=_telling(notice)).folder
        notice(f"these weights are UNTRAINED (seed {seed}): videos made with them show noise, not a face")
        return folder

    @staticmethod
    def export(
        weights: Path,
        target: Path | None,
        format_: Literal["onnx", "trt"],
        precision: Literal["fp32", "fp16"],
        notice: Notice,
    ) -> Path:
        """All networks for ONNX Runtime or TensorRT, beside the weights if there is no target."""
        from dh_ditto.export.folder import export

        folder = target or exported_folder(weights, format_, precision)
        home = weights / CONVERTED
        found = find(home if home.is_dir() else weights)
        return export(found, folder, format_, precision, progress=_telling(notice)).folder


TOOLS = DittoWeightsTools()


def _telling(notice: Notice) -> StepDone:
    def tell(done: int, total: int, name: str) -> None:
        if name:
            notice(f"{done + 1}/{total} {name}")

    return tell
