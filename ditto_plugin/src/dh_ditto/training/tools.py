"""What ``dh prepare ditto`` and ``dh train ditto`` call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dh
from dh_ditto.training.result import TrainedModel
from dh_ditto.weights.extras import require


class TrainingTools:
    """The method's ``dh.TrainingTools``."""

    @staticmethod
    def prepare(
        sources: Sequence[Path], output: Path, config: Path | None, options: Mapping[str, Any], listener: dh.Listener
    ) -> Path:
        """Makes training data: of talking videos, or, without any, synthetic ones by a recipe.

        Raises:
            dh.InputError: neither sources nor a recipe are given; or see ``dh_ditto.preparation`` and
                ``dh_ditto.synthesis``.
        """
        if sources:
            from dh_ditto.preparation import prepare

            return prepare(sources, output, config, options, listener)
        if config is None:
            raise dh.InputError(
                "nothing to prepare: name folders of talking videos, or the recipe of synthetic data with --config"
            )
        from dh_ditto.synthesis import synthesise

        return synthesise(config, output, options, listener)

    @staticmethod
    def train(config: Path, output: Path, options: Mapping[str, Any], listener: dh.Listener) -> Path:
        """See ``runner.train``; a model in the starter's motion space also gets its graph for ONNX Runtime.

        Raises:
            dh.ExtraMissing: the packages of the extra "train" are not installed.
        """
        for module in ("torch", "pytorch_lightning", "matplotlib", "onnx", "onnxscript"):
            require(module, extra="train")
        from dh_ditto.training.runner import train

        weights = train(config, output, options, listener)
        if TrainedModel.read(weights).motion_space == "arkit":
            from dh_ditto.starter.export import export_starter

            export_starter(weights)
        return weights


TOOLS = TrainingTools()
