"""Plugins without installation: in this process, or for a process that a test starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dh.plugins import ENTRY_POINT_GROUP


@dataclass(frozen=True)
class FakeEntryPoint:
    """Stands in for an installed entry point; ``load`` returns ``plugin``, or raises it if it is an exception."""

    name: str
    plugin: Any
    value: str = "test:plugin"

    def load(self) -> Any:
        """Returns or raises the plugin."""
        if isinstance(self.plugin, BaseException):
            raise self.plugin
        return self.plugin


def write_distribution(folder: Path, name: str, module: str, *, source: str | None = None) -> None:
    """Makes ``folder``, once on ``PYTHONPATH``, look like an installation of a plugin.

    Args:
        folder: to write to.
        name: of the distribution and of its entry point.
        module: dotted name of the plugin's module.
        source: the module's code, to be written as ``module``.py; None where the module is importable already.
    """
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\n{name} = {module}\n", encoding="utf-8")
    if source is not None:
        (folder / f"{module}.py").write_text(source, encoding="utf-8")
