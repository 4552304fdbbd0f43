"""The plugin keeps the contract of the host, with a short take that the exporter wrote."""

from __future__ import annotations

from pathlib import Path

from dh.testing import PluginContract

TAKE = Path(__file__).parent / "take.csv"


class TestContract(PluginContract):
    plugin = "live-link-face"
    options = {"live-link-face": {"file": TAKE}}  # noqa: RUF012  (never changed)
