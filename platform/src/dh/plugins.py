"""Finds and loads plugins, one by one; a plugin that fails gets a state and leaves nothing behind."""

from __future__ import annotations

import functools
import importlib.metadata
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import pluggy

from dh import hookspecs
from dh.declarations import (
    API_VERSION,
    AdapterSpec,
    AvatarSpec,
    ComponentSpec,
    DriverSpec,
    MethodSpec,
    MetricSpec,
    RendererSpec,
)
from dh.errors import PluginError
from dh.motion import MotionSpace
from dh.states import State, Status
from dh.text import nearest, one_line

ENTRY_POINT_GROUP = "dh.plugins"

HOOKS: dict[str, type[Any]] = {
    "dh_avatars": AvatarSpec,
    "dh_drivers": DriverSpec,
    "dh_renderers": RendererSpec,
    "dh_adapters": AdapterSpec,
    "dh_metrics": MetricSpec,
    "dh_motion_spaces": MotionSpace,
    "dh_methods": MethodSpec,
}
"""Every hook that declares things, and what it yields."""


class EntryPoint(Protocol):
    """What is read of ``importlib.metadata.EntryPoint``; tests bring their own."""

    @property
    def name(self) -> str:
        """The plugin's name."""
        ...

    @property
    def value(self) -> str:
        """What it names, as ``package.module``."""
        ...

    def load(self) -> Any:
        """Imports and returns the plugin."""
        ...


@dataclass(frozen=True)
class PluginRecord:
    """A plugin as it was found: where it comes from, its status and what it declared (nothing unless ok)."""

    name: str
    entry_point: str
    distribution: str
    version: str
    status: Status
    declared: tuple[ComponentSpec | MethodSpec | MotionSpace, ...] = ()


@dataclass
class PluginSet:
    """All plugins of this environment, and the pluggy manager that holds the working ones."""

    manager: pluggy.PluginManager
    records: list[PluginRecord] = field(default_factory=list)

    def mark_broken(self, record: PluginRecord, detail: str) -> None:
        """Lets go of a plugin that failed after it was loaded, with all that it declared."""
        status = Status(State.BROKEN, detail, f"reinstall or remove {record.distribution}")
        broken = replace(record, status=status, declared=())
        self.records = [broken if old is record else old for old in self.records]
        self.manager.unregister(name=record.name)


def load_plugins(entry_points: Iterable[EntryPoint] | None = None) -> PluginSet:
    """Loads every plugin of this environment.

    Args:
        entry_points: what to load; default: the installed packages' entry points of group ``dh.plugins``.

    ``DH_PLUGINS`` (names with commas) limits what is loaded. With ``DH_STRICT=1`` the first plugin that does
    not load raises.

    Raises:
        PluginError: ``DH_STRICT=1`` and a plugin is not ok.
    """
    found: list[EntryPoint] = []
    found.extend(importlib.metadata.entry_points(group=ENTRY_POINT_GROUP) if entry_points is None else entry_points)
    found.sort(key=lambda entry_point: entry_point.name)
    manager = pluggy.PluginManager("dh")
    manager.add_hookspecs(hookspecs)
    plugins = PluginSet(manager)
    wanted = {name.strip() for name in os.environ.get("DH_PLUGINS", "").split(",") if name.strip()}
    taken: dict[tuple[type, str], str] = {}
    for entry_point in found:
        if wanted and entry_point.name not in wanted:
            continue
        plugins.records.append(_load(manager, entry_point, taken))
    for name in sorted(wanted - {entry_point.name for entry_point in found}):
        status = Status(State.BROKEN, f"not installed{nearest(name, [e.name for e in found])}", "correct DH_PLUGINS")
        plugins.records.append(PluginRecord(name, "", "", "", status))
    if os.environ.get("DH_STRICT") == "1":
        for record in plugins.records:
            if not record.status.ok:
                raise record.status.error(f"plugin {record.name}")
    return plugins


@functools.cache
def installed_plugins() -> PluginSet:
    """The plugins of this environment, loaded once per process."""
    return load_plugins()


def _load(manager: pluggy.PluginManager, entry_point: EntryPoint, taken: dict[tuple[type, str], str]) -> PluginRecord:
    distribution = getattr(entry_point, "dist", None)
    dist_name = distribution.name if distribution else entry_point.value.partition(":")[0].partition(".")[0]
    version = distribution.version if distribution else ""

    def record(status: Status, declared: Sequence[Any] = ()) -> PluginRecord:
        return PluginRecord(entry_point.name, entry_point.value, dist_name, version, status, tuple(declared))

    def broken(what: str, error: BaseException) -> PluginRecord:
        detail = f"{what}: {type(error).__name__}: {one_line(error)}"
        return record(Status(State.BROKEN, detail, f"reinstall or remove {dist_name}"))

    # BaseException: a plugin may call sys.exit() at import, and a native library's loader may raise anything.
    try:
        plugin = entry_point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return broken("import failed", error)
    version_wanted = getattr(plugin, "DH_API_VERSION", 1)
    if not isinstance(version_wanted, int) or version_wanted > API_VERSION:
        detail = f"it needs hook API {version_wanted}, this host has {API_VERSION}"
        return record(Status(State.INCOMPATIBLE, detail, "upgrade dh-platform"))
    try:
        manager.register(plugin, name=entry_point.name)
        declared = _declarations(manager, plugin)
        _claim_names(declared, entry_point.name, taken)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if manager.has_plugin(entry_point.name):
            manager.unregister(name=entry_point.name)
        return broken("registration failed", error)
    return record(Status(), declared)


def _declarations(manager: pluggy.PluginManager, plugin: Any) -> list[Any]:
    others = [other for other in manager.get_plugins() if other is not plugin]
    known = {*HOOKS, "dh_commands"}
    for name in dir(plugin):
        if manager.parse_hookimpl_opts(plugin, name) is not None and name not in known:
            raise PluginError(f"it implements a hook {name!r} that this host does not have{nearest(name, known)}")
    declared: list[Any] = []
    for hook, kind in HOOKS.items():
        for result in manager.subset_hook_caller(hook, others)():
            for spec in result:
                if not isinstance(spec, kind):
                    raise TypeError(f"{hook} gave a {type(spec).__name__}, not a {kind.__name__}")
                declared.append(spec)
    return declared


def _claim_names(declared: list[Any], plugin: str, taken: dict[tuple[type, str], str]) -> None:
    mine: dict[tuple[type, str], str] = {}
    for spec in declared:
        key = (type(spec), spec.name)
        owner = taken.get(key) or mine.get(key)
        if owner:
            raise PluginError(f"{type(spec).__name__} {spec.name!r} is already declared by plugin {owner!r}")
        mine[key] = plugin
    taken.update(mine)
