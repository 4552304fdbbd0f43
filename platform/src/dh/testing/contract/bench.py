"""Where a plugin is tried: what is installed beside it, and the pictures, avatars and files that its clauses need."""

from __future__ import annotations

import importlib.metadata
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dh.declarations import AdapterSpec, AvatarSpec, ComponentSpec, DriverSpec, MethodSpec, MetricSpec, RendererSpec
from dh.errors import OptionError
from dh.plugins import ENTRY_POINT_GROUP, EntryPoint, PluginRecord, installed_plugins, load_plugins
from dh.registry import Component, Registry
from dh.testing.contract.clause import Kind, NotApplicable
from dh.text import nearest

if TYPE_CHECKING:
    from dh.avatar import Avatar
    from dh.motion import Motion, MotionSpace
    from dh.testing.contract.case import Case

KINDS: dict[type, Kind] = {
    AvatarSpec: "avatar",
    DriverSpec: "driver",
    RendererSpec: "renderer",
    AdapterSpec: "adapter",
    MetricSpec: "metric",
    MethodSpec: "method",
}


@dataclass(frozen=True)
class Settings:
    """How a plugin is tried.

    Args:
        source: picture or video that its avatars are registered from; None: a picture and a video of a face.
        options: options that differ from their defaults, by component ("viseme", or "driver viseme") and option.
        live_values: a new value for each live option whose field does not tell one by its range or choices.
        device: that components run on, as ``--device`` takes it.
        tolerance: by how much two results that should be the same may differ, as a share of their range.
        patience: seconds within which what is closed must have ended.
    """

    source: Path | None = None
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    live_values: Mapping[str, Any] = field(default_factory=dict)
    device: str = "auto"
    tolerance: float = 1e-4
    patience: float = 5.0


class Bench:
    """A plugin among the installed ones.

    Args:
        plugin: name of an installed plugin; or an entry point, which need not be installed.
        settings: how it is tried.

    Raises:
        OptionError: no such plugin is installed.
    """

    def __init__(self, plugin: str | EntryPoint, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        if isinstance(plugin, str):
            name, plugins = plugin, installed_plugins()
        else:
            name = plugin.name
            others = [e for e in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP) if e.name != name]
            plugins = load_plugins([*others, plugin])
        self.registry = Registry(plugins)
        records = {record.name: record for record in plugins.records}
        if name not in records:
            raise OptionError(f"plugin {name!r} is not installed{nearest(name, records)}")
        self.record: PluginRecord = records[name]
        self._avatars: dict[str, Avatar] = {}
        self._motion: dict[tuple[str, float], Motion] = {}

    def cases(self) -> list[Case]:
        """The plugin itself, and everything that it declares."""
        from dh.testing.contract.case import Case

        found = [Case(self, "plugin", self.record.name)]
        for spec in self.record.declared:
            kind = KINDS.get(type(spec))
            if kind is not None:
                component = (
                    Component(spec, self.record.name, self.record.distribution)
                    if isinstance(spec, ComponentSpec)
                    else None
                )
                found.append(Case(self, kind, spec.name, component))
        return found

    @cached_property
    def folder(self) -> Path:
        """For files that clauses need; it goes with the bench."""
        self._temporary = tempfile.TemporaryDirectory(prefix="dh-contract-")
        return Path(self._temporary.name)

    @cached_property
    def sources(self) -> dict[str, Path]:
        """Files that avatars are registered from, by the kind of source."""
        from dh.source import Source
        from dh.testing.contract.videos import FACE, still_video

        if self.settings.source is not None:
            return {Source.open(self.settings.source).kind: self.settings.source}
        still = self.folder / "face.mp4"
        still_video(still)
        return {"image": FACE, "video": still}

    def avatar(self, kinds: tuple[str, ...]) -> Avatar:
        """An avatar of one of some kinds, by the plugin's own builder or else the first installed one that can run.

        Raises:
            NotApplicable: there is none.
        """
        from dh.testing.contract.case import Case

        builders = [builder for builder in self.registry.avatars.values() if builder.spec.kind in kinds]
        builders.sort(key=lambda builder: builder.plugin != self.record.name)
        reasons = []
        for builder in builders:
            if builder.name not in self._avatars:
                try:
                    self._avatars[builder.name] = Case(self, "avatar", builder.name, builder).register()
                except NotApplicable as reason:
                    reasons.append(f"{builder.name}: {reason}")
                    continue
            return self._avatars[builder.name]
        why = "; ".join(reasons) or "no installed plugin makes one"
        raise NotApplicable(f"it needs an avatar of kind {' or '.join(kinds)} ({why})")

    def motion(self, space: MotionSpace, fps: float) -> Motion:
        """Motion in a space for renderers and adapters to read, always the same, see ``stand_in_motion``."""
        from dh.testing.contract.stand_in import stand_in_motion

        if (space.name, fps) not in self._motion:
            self._motion[space.name, fps] = stand_in_motion(self, space, fps)
        return self._motion[space.name, fps]

    @cached_property
    def speaking_video(self) -> Path:
        """A video of the face that speaks, or the settings' source where that is a video."""
        from dh.testing.contract.videos import speaking_video

        if self.settings.source is not None and "video" in self.sources:
            return self.sources["video"]
        path = self.folder / "speaking.mp4"
        speaking_video(path)
        return path
