"""Packages that some of this plugin's work needs and an installation may lack."""

from __future__ import annotations

import importlib
from typing import Any

import dh

_EXTRAS = {
    "torch": "torch", "onnx": "export", "onnxscript": "export", "onnxruntime": None, "pytorch_lightning": "train",
    "matplotlib": "train", "espeakng_loader": "train",
}  # fmt: skip


def require(module: str, extra: str | None = None) -> Any:
    """Imports a package.

    Args:
        module: to import.
        extra: that brings it along with all that the work needs; default: the smallest one that has it.

    Raises:
        ExtraMissing: it is not installed, or its libraries do not load; it says how to get it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if module in _EXTRAS:
            raise dh.extra_missing("ditto", module, "dh-ditto", extra or _EXTRAS[module]) from error
        raise dh.ExtraMissing(
            f"ditto: needs {module}; run: pip install {module}, of a version for this machine's driver"
        ) from error
    except ImportError as error:
        raise dh.ExtraMissing(f"ditto: {module} does not load ({dh.one_line(error, 160)}); install it again") from error
