"""What the loaded plugins offer, and how components join into a chain that can run."""

from __future__ import annotations

import functools
import importlib
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from dh.declarations import (
    AUTO_PROFILE,
    AdapterSpec,
    AvatarSpec,
    CheckpointSpec,
    ComponentSpec,
    DriverSpec,
    MethodSpec,
    MetricSpec,
    RendererSpec,
)
from dh.errors import DHError, OptionError, PluginError
from dh.motion import BUILTIN_SPACES, MotionSpace
from dh.plugins import PluginSet, installed_plugins
from dh.profiles import Demands, choose_profile
from dh.states import State, Status, status_of
from dh.text import nearest, one_line

Spec = TypeVar("Spec", bound=ComponentSpec)


@dataclass(frozen=True)
class Component(Generic[Spec]):
    """A declared component and the plugin that brings it."""

    spec: Spec
    plugin: str
    distribution: str

    @property
    def name(self) -> str:
        """The component's name, unique among its kind."""
        return self.spec.name

    @property
    def status(self) -> Status:
        """Whether it can run on this machine."""
        return status_of(self.spec, self.distribution)

    def implementation(self) -> Any:
        """Imports the class.

        Raises:
            PluginError: the import fails or the name is not there.
        """
        return import_dotted(self.spec.implementation, f"{self.plugin} plugin, {self.name}")

    def options_model(self) -> Any:
        """Imports the pydantic model of the options; None where the component has none."""
        if self.spec.options is None:
            return None
        return import_dotted(self.spec.options, f"{self.plugin} plugin, options of {self.name}")


def import_dotted(path: str, owner: str) -> Any:
    """Imports ``"package.module:Name"``.

    Raises:
        PluginError: naming ``owner``, whatever the import raised.
    """
    module, _, attribute = path.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # native libraries' loaders may raise anything
        raise PluginError(f"{owner}: {path} cannot be imported: {one_line(error)}") from error


@dataclass(frozen=True)
class Chain:
    """A method's components in the order they run.

    ``profile`` is the method's profile that names them, None where it has none; ``notice`` a line for the user on why
    it is not the method's best, empty where it is or where the user chose.
    """

    method: MethodSpec
    avatar: Component[AvatarSpec]
    driver: Component[DriverSpec]
    adapters: tuple[Component[AdapterSpec], ...]
    renderer: Component[RendererSpec]
    profile: str | None = None
    notice: str = ""

    @property
    def components(self) -> tuple[Component[Any], ...]:
        """Avatar, driver, adapters, renderer."""
        return (self.avatar, self.driver, *self.adapters, self.renderer)

    @property
    def roles(self) -> dict[str, Component[Any]]:
        """The configurable components by role: "avatar", "driver", "renderer" and each adapter by its name."""
        adapters = {adapter.name: adapter for adapter in self.adapters}
        return {"avatar": self.avatar, "driver": self.driver, **adapters, "renderer": self.renderer}

    @property
    def title(self) -> str:
        """The method, and its profile where it has such, for messages."""
        return _title(self.method, self.profile)

    @property
    def options(self) -> Mapping[str, Mapping[str, Any]]:
        """Options of the method, or of its profile, by role."""
        return self.method.profile(self.profile).options

    @property
    def candidates(self) -> tuple[Mapping[str, Any], ...]:
        """Configurations to choose from by measuring, each by option key; the first is the plain reference."""
        return self.method.profile(self.profile).candidates

    def absent(self, *, commercial_only: bool = False) -> list[str]:
        """Names of the checkpoints to pull before every component has the weights that it needs.

        Args:
            commercial_only: count only weights that clearly allow commercial use, where there are alternatives.
        """
        from dh.checkpoints.needs import absent

        specs = [component.spec for component in self.components]
        return list(dict.fromkeys(name for spec in specs for name in absent(spec, commercial_only=commercial_only)))

    @property
    def status(self) -> Status:
        """The first component's status that is not ok, else ok."""
        for component in self.components:
            status = component.status
            if not status.ok:
                return Status(status.state, f"{component.name} {status.detail}", status.remedy)
        return Status()

    def require(self, with_weights: Collection[str] = (), *, commercial_only: bool = False) -> None:
        """Raises the error that the first component's state means, if one cannot run here.

        Args:
            with_weights: roles that were given a folder of weights and so miss none.
            commercial_only: count only weights that clearly allow commercial use, where there are alternatives.
        """
        for role, component in self.roles.items():
            status = status_of(component.spec, component.distribution, commercial_only=commercial_only)
            if not status.ok and not (role in with_weights and status.of_weights):
                raise status.error(component.name)


class Registry:
    """Components, methods and motion spaces by name."""

    def __init__(self, plugins: PluginSet) -> None:
        self.plugins = plugins
        self.spaces: dict[str, MotionSpace] = {space.name: space for space in BUILTIN_SPACES}
        self.methods: dict[str, MethodSpec] = {}
        self.avatars: dict[str, Component[AvatarSpec]] = {}
        self.drivers: dict[str, Component[DriverSpec]] = {}
        self.renderers: dict[str, Component[RendererSpec]] = {}
        self.adapters: dict[str, Component[AdapterSpec]] = {}
        self.metrics: dict[str, Component[MetricSpec]] = {}
        shelves: dict[type, dict[str, Any]] = {
            AvatarSpec: self.avatars,
            DriverSpec: self.drivers,
            RendererSpec: self.renderers,
            AdapterSpec: self.adapters,
            MetricSpec: self.metrics,
        }
        for record in plugins.records:
            for spec in record.declared:
                if isinstance(spec, MethodSpec):
                    self.methods[spec.name] = spec
                elif isinstance(spec, MotionSpace):
                    self.spaces[spec.name] = spec
                else:
                    shelves[type(spec)][spec.name] = Component(spec, record.name, record.distribution)

    def components(self) -> Iterable[Component[Any]]:
        """Every component of every kind."""
        for shelf in (self.avatars, self.drivers, self.renderers, self.adapters, self.metrics):
            yield from shelf.values()

    def method(self, name: str) -> MethodSpec:
        """A method by name.

        Raises:
            OptionError: there is none, naming the nearest.
        """
        method: MethodSpec = self._find(self.methods, name, "METHOD")
        return method

    def metric(self, name: str) -> Component[MetricSpec]:
        """A metric by name.

        Raises:
            OptionError: there is none, naming the nearest.
        """
        metric: Component[MetricSpec] = self._find(self.metrics, name, "--metrics")
        return metric

    def checkpoints(self) -> dict[str, CheckpointSpec]:
        """Every checkpoint that a component declares, by name."""
        return {spec.name: spec for component in self.components() for spec in component.spec.checkpoints}

    def space(self, name: str, owner: str) -> MotionSpace:
        """A motion space by name.

        Raises:
            PluginError: ``owner`` declares a space that nobody defines.
        """
        if name not in self.spaces:
            raise PluginError(f"{owner}: unknown motion space {name!r}{nearest(name, self.spaces)}")
        return self.spaces[name]

    def chain(
        self,
        method: str,
        *,
        profile: str = AUTO_PROFILE,
        driver: str | None = None,
        renderer: str | None = None,
        demands: Demands | None = None,
    ) -> Chain:
        """Joins a method's components, with another driver or renderer where one is named.

        A renderer of another avatar kind brings an avatar component that makes that kind.

        Args:
            method: its name.
            profile: one of the method's; "auto": the first that fits and has its weights, see ``choose_profile``.
            driver: in place of the method's own.
            renderer: in place of the method's own.
            demands: what else the choice of a profile must fit.

        Raises:
            OptionError: an unknown name, or a driver and renderer that do not fit, naming what would.
        """
        spec: MethodSpec = self._find(self.methods, method, "--method")
        if not spec.profiles:
            if profile != AUTO_PROFILE:
                raise OptionError(f"--profile {profile}: method {method} has no profiles; leave --profile out")
            return self._join(spec, None, driver, renderer)
        names = [known.name for known in spec.profiles]
        if profile != AUTO_PROFILE:
            if profile not in names:
                hint = nearest(profile, [AUTO_PROFILE, *names])
                raise OptionError(f"--profile {profile}: method {method} has no such profile{hint}")
            return self._join(spec, profile, driver, renderer)
        chains = self._fitting(spec, driver, renderer)
        given = {"--driver": driver, "--renderer": renderer}
        named = " and ".join(f"{option} {name}" for option, name in given.items() if name)
        chosen, why = choose_profile(names[0], chains, demands or Demands(), named)
        return replace(chosen, notice=why and f"profile {chosen.profile}: {why}")

    def chains(self, method: str) -> list[Chain]:
        """The chain of every profile of a method that can be joined, best first; of one without profiles its only one.

        Raises:
            OptionError: there is no such method, or none of its profiles can be joined.
        """
        spec: MethodSpec = self._find(self.methods, method, "--method")
        chains, misfits = self._try_profiles(spec, None, None)
        if not chains:
            raise misfits[0]
        return chains

    def _fitting(self, spec: MethodSpec, driver: str | None, renderer: str | None) -> list[Chain]:
        """Chains of the profiles that can be joined. A best one that cannot is an error, unless the user changed it."""
        chains, misfits = self._try_profiles(spec, driver, renderer)
        changed = driver is not None or renderer is not None
        if not chains or (not changed and chains[0].profile != spec.profiles[0].name):
            raise misfits[0]
        return chains

    def _try_profiles(
        self, spec: MethodSpec, driver: str | None, renderer: str | None
    ) -> tuple[list[Chain], list[DHError]]:
        chains: list[Chain] = []
        misfits: list[DHError] = []
        names: list[str | None] = [profile.name for profile in spec.profiles]
        for name in names or [None]:
            try:
                chains.append(self._join(spec, name, driver, renderer))
            except DHError as error:
                misfits.append(error)
        return chains, misfits

    def _join(self, method: MethodSpec, profile: str | None, driver: str | None, renderer: str | None) -> Chain:
        spec, owner = method.profile(profile), f"method {_title(method, profile)}"
        chosen_driver = self._find(self.drivers, driver or spec.driver, "--driver" if driver else owner)
        chosen_renderer = self._find(self.renderers, renderer or spec.renderer, "--renderer" if renderer else owner)
        avatar = self._avatar_for(self._find(self.avatars, spec.avatar, owner), chosen_renderer)
        kinds = chosen_driver.spec.avatar_kinds
        if kinds is not None and avatar.spec.kind not in kinds:
            raise OptionError(
                f"driver {chosen_driver.name} reads avatars of kind {' or '.join(kinds)}, but renderer "
                f"{chosen_renderer.name} uses {avatar.spec.kind}; choose another --driver or --renderer"
            )
        adapters = self._adapters_between(chosen_driver, chosen_renderer)
        return Chain(method, avatar, chosen_driver, adapters, chosen_renderer, profile)

    def _find(self, shelf: dict[str, Any], name: str, option: str) -> Any:
        if name in shelf:
            return shelf[name]
        broken = [r for r in self.plugins.records if not r.status.ok]
        hint = f" (plugin {broken[0].name} is {broken[0].status.state.value}: see 'dh plugins')" if broken else ""
        raise OptionError(f"{option}: there is no {name!r}{nearest(name, shelf)}{hint}")

    def _avatar_for(self, preferred: Component[AvatarSpec], renderer: Component[RendererSpec]) -> Component[AvatarSpec]:
        if preferred.spec.kind in renderer.spec.avatar_kinds:
            return preferred
        for avatar in self.avatars.values():
            if avatar.spec.kind in renderer.spec.avatar_kinds:
                return avatar
        kinds = " or ".join(renderer.spec.avatar_kinds)
        raise OptionError(f"renderer {renderer.name} needs an avatar of kind {kinds}, which no installed plugin makes")

    def _adapters_between(
        self, driver: Component[DriverSpec], renderer: Component[RendererSpec]
    ) -> tuple[Component[AdapterSpec], ...]:
        """The shortest path of usable adapters from the driver's space to the renderer's."""
        start = self.space(driver.spec.motion_space, f"driver {driver.name}").name
        goal = self.space(renderer.spec.motion_space, f"renderer {renderer.name}").name
        path = self._shortest_path(start, goal, [a for a in self.adapters.values() if a.status.ok])
        if path is not None:
            return path
        message = f"driver {driver.name} makes motion in space {start!r}, but renderer {renderer.name} reads {goal!r}"
        unusable = self._shortest_path(start, goal, list(self.adapters.values()))
        if unusable is not None:
            blocked = next(adapter for adapter in unusable if not adapter.status.ok)
            raise blocked.status.error(f"{message}; adapter {blocked.name} would join them")
        drivers = ", ".join(d.name for d in self.drivers.values() if d.spec.motion_space == goal) or "none"
        renderers = ", ".join(r.name for r in self.renderers.values() if r.spec.motion_space == start) or "none"
        raise OptionError(
            f"{message}, and no adapter joins them; drivers for {goal!r}: {drivers}; "
            f"renderers for {start!r}: {renderers}"
        )

    @staticmethod
    def _shortest_path(
        start: str, goal: str, adapters: list[Component[AdapterSpec]]
    ) -> tuple[Component[AdapterSpec], ...] | None:
        queue: deque[tuple[str, tuple[Component[AdapterSpec], ...]]] = deque([(start, ())])
        seen = {start}
        while queue:
            space, path = queue.popleft()
            if space == goal:
                return path
            for adapter in adapters:
                if adapter.spec.from_space == space and adapter.spec.to_space not in seen:
                    seen.add(adapter.spec.to_space)
                    queue.append((adapter.spec.to_space, (*path, adapter)))
        return None

    def method_status(self, method: MethodSpec, profile: str = AUTO_PROFILE) -> Status:
        """Whether a method, or one of its profiles, can run on this machine; "auto": the one that a run would take."""
        try:
            return self.chain(method.name, profile=profile).status
        except DHError as error:
            return Status(State.BROKEN, one_line(error))


def _title(method: MethodSpec, profile: str | None) -> str:
    return method.name if profile is None else f"{method.name}, profile {profile}"


@functools.cache
def installed() -> Registry:
    """What this environment's plugins offer, read once per process."""
    return Registry(installed_plugins())
