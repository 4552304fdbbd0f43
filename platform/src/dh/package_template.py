"""A plugin's package from a template: what ``dh new`` writes.

The templates lie in ``templates/``: a folder for each kind of component, on top of what all have in common. In a path
``MODULE`` stands for the module's name and ``dot-`` for a leading dot; in a text ``@@name`` and the like are replaced.
"""

from __future__ import annotations

import importlib.metadata
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dh.declarations import API_VERSION
from dh.errors import OptionError
from dh.files import whole_folder
from dh.registry import Component, Registry
from dh.states import importable

PackageKind = Literal["driver", "renderer", "method"]

_LAYERS: dict[PackageKind, tuple[str, ...]] = {
    "driver": ("common", "driver"),
    "renderer": ("common", "renderer"),
    "method": ("common", "driver", "renderer", "method"),
}
"""Folders of each kind; of files with the same name the last counts."""

_SUMMARIES: dict[PackageKind, str] = {
    "driver": "A driver that follows the loudness of speech",
    "renderer": "A renderer that opens the mouth of a picture",
    "method": "A talking picture",
}
_TEMPLATES = Path(__file__).parent / "templates"
_SUFFIX = ".in"
_LONGEST = 30
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")


class _Text(string.Template):
    """A text with ``@@name``: dollars and braces belong to the files."""

    delimiter = "@@"


@dataclass(frozen=True)
class PackageTemplate:
    """A package to be.

    Args:
        kind: what it brings.
        name: of the plugin and its components: lower case with hyphens.

    Raises:
        OptionError: the name cannot be one.
    """

    kind: PackageKind
    name: str

    def __post_init__(self) -> None:
        if not _NAME.match(self.name) or len(self.name) > _LONGEST:
            likely = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).lstrip("-0123456789")[:_LONGEST].rstrip("-")
            raise OptionError(
                f"{self.name!r} is no name for a {self.kind}: use up to {_LONGEST} lower-case letters, digits and "
                f"single hyphens, a letter first; for example {likely or f'my-{self.kind}'}"
            )
        if self.name.startswith("dh-"):
            raise OptionError(f"{self.name!r}: leave 'dh-' out, the distribution's name gets it")

    @property
    def distribution(self) -> str:
        """Name of the distribution."""
        return f"dh-{self.name}"

    @property
    def module(self) -> str:
        """Name that is imported."""
        return self.distribution.replace("-", "_")

    def require_free(self, registry: Registry) -> None:
        """Refuses a name that something installed has already.

        Raises:
            OptionError: one line that names what has it.
        """
        shelves: dict[str, Mapping[str, Component[Any]]] = {
            "avatar": registry.avatars,
            "driver": registry.drivers,
            "renderer": registry.renderers,
        }
        kinds = [kind for kind, shelf in shelves.items() if self.name in shelf]
        owners = [f"{kind} of plugin {shelves[kind][self.name].plugin}" for kind in kinds]
        if self.name in registry.methods:
            owners.append("method")
        if any(record.name == self.name for record in registry.plugins.records):
            owners.append("plugin")
        if not owners and (_is_installed(self.distribution) or importable(self.module)):
            owners.append(f"package {self.distribution}")
        if owners:
            raise OptionError(f"{self.name!r} is the name of an installed {owners[0]}; choose another")

    def write(self, folder: Path) -> None:
        """Writes the package; the folder appears whole or not at all.

        Raises:
            InputError: the folder holds something, or cannot be written.
        """
        with whole_folder(folder) as temporary:
            for path, text in self.files().items():
                target = temporary / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8", newline="\n")

    def files(self) -> dict[str, str]:
        """Text of every file, by its path in the package."""
        class_name = "".join(part.capitalize() for part in self.name.split("-"))
        values = {
            "name": self.name,
            "distribution": self.distribution,
            "module": self.module,
            "summary": _SUMMARIES[self.kind],
            "api_version": str(API_VERSION),
            "avatar_class": f"{class_name}AvatarBuilder",
            "driver_class": f"{class_name.removesuffix('Driver')}Driver",
            "renderer_class": f"{class_name.removesuffix('Renderer')}Renderer",
        }
        found: dict[str, str] = {}
        for layer in _LAYERS[self.kind]:
            for file in sorted((_TEMPLATES / layer).rglob(f"*{_SUFFIX}")):
                path = file.relative_to(_TEMPLATES / layer).as_posix().removesuffix(_SUFFIX)
                text = _Text(file.read_text(encoding="utf-8")).substitute(values)
                found[path.replace("MODULE", self.module).replace("dot-", ".")] = text
        return found


def _is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
