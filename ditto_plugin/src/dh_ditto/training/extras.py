"""Packages that only training needs."""

from __future__ import annotations

import importlib

import dh

MODULES = ("torch", "pytorch_lightning", "matplotlib")


def require_training() -> None:
    """Checks that the packages of the extra "train" are there.

    Raises:
        dh.ExtraMissing: one is not, or does not load; it says how to get it.
    """
    for module in MODULES:
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as error:
            raise dh.extra_missing("ditto", module, "dh-ditto", "train") from error
        except ImportError as error:
            raise dh.ExtraMissing(
                f"ditto: {module} does not load ({dh.one_line(error, 160)}); install it again"
            ) from error
