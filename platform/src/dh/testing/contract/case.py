"""One component of a plugin, to be built and run by the clauses."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from dh.components import Context
from dh.declarations import AdapterSpec, AvatarSpec, DriverSpec, RendererSpec
from dh.errors import FaceError
from dh.registry import Component
from dh.states import Status, choose_device
from dh.testing.contract.bench import Bench
from dh.testing.contract.clause import ContractBroken, Kind, NotApplicable, require

if TYPE_CHECKING:
    from pydantic import BaseModel

    from dh.avatar import Avatar
    from dh.motion import MotionSpace
    from dh.testing.contract.rehearsal import Rehearsal

FPS = 25.0


class Case:
    """Something that a plugin declares, or the plugin as a whole.

    Args:
        bench: where it is tried.
        kind: what it is.
        name: its own.
        component: None where it is a method or the plugin.
    """

    def __init__(self, bench: Bench, kind: Kind, name: str, component: Component[Any] | None = None) -> None:
        self.bench = bench
        self.kind = kind
        self.name = name
        self._component = component

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def component(self) -> Component[Any]:
        """The component; of a method or plugin there is none."""
        assert self._component is not None, f"{self} is no component"
        return self._component

    @property
    def spec(self) -> Any:
        """What the component declares."""
        return self.component.spec

    @property
    def given(self) -> dict[str, Any]:
        """Options that the settings name for the component."""
        options = self.bench.settings.options
        return {**options.get(self.name, {}), **options.get(str(self), {})}

    @property
    def status(self) -> Status:
        """What keeps the component from running here, a folder of weights that the options name counted as weights."""
        status = self.component.status
        option = self.spec.weights_option
        given = option is not None and self.given.get(option)
        return Status() if status.of_weights and given else status

    def require_runnable(self) -> None:
        """Raises NotApplicable, with the state and its remedy, where the component cannot run here."""
        status = self.status
        if not status.ok:
            remedy = f"; {status.remedy}" if status.remedy else ""
            raise NotApplicable(f"{status.state.value}: {status.detail}{remedy}")

    def options(self, **changes: Any) -> BaseModel:
        """The component's options: its defaults, those of the settings, and ``changes``."""
        from dh.options import NoOptions

        values = {**self.given, **changes}
        model = self.component.options_model() or NoOptions
        options = model(**values)
        require(hasattr(options, "model_fields_set"), f"its model of options gave a {type(options).__name__}")
        built: BaseModel = options
        return built

    @property
    def online_changes(self) -> dict[str, Any]:
        """What mode online sets in the component's options."""
        spec = self.spec
        return {spec.online_option: True} if isinstance(spec, DriverSpec) and spec.online_option else {}

    @property
    def modes(self) -> list[bool]:
        """Offline (False), and online (True) where that is another way for the component."""
        return [False, True] if self.online_changes else [False]

    @cached_property
    def fps(self) -> float:
        """The frame rate that the component is bound to, else the usual one."""
        spec = self.spec
        spaces = [getattr(spec, name, None) for name in ("motion_space", "from_space", "to_space")]
        bound = [self.bench.registry.space(name, self.name).fps for name in spaces if name is not None]
        return float(next((fps for fps in (*bound, getattr(spec, "fps", None)) if fps), FPS))

    @property
    def is_bound(self) -> bool:
        """Whether the component works at one frame rate only."""
        return getattr(self.spec, "fps", None) is not None or self._space("motion_space").fps is not None

    @property
    def device(self) -> str:
        """What it runs on: the settings' device where it can, as the host chooses.

        Raises:
            DeviceMissing: this machine lacks that device.
        """
        wanted = self.bench.settings.device
        able = wanted == "auto" or wanted.partition(":")[0] in self.spec.devices
        return choose_device(wanted if able else "auto", [self.spec])[0]

    @property
    def space_in(self) -> MotionSpace:
        """The space of the motion that a renderer or adapter reads."""
        return self._space("from_space" if isinstance(self.spec, AdapterSpec) else "motion_space")

    @property
    def space_out(self) -> MotionSpace:
        """The space of the motion that a driver or adapter makes."""
        return self._space("to_space" if isinstance(self.spec, AdapterSpec) else "motion_space")

    def _space(self, name: str) -> MotionSpace:
        return self.bench.registry.space(getattr(self.spec, name), self.name)

    def build(
        self,
        *,
        online: bool = False,
        frames: int | None = None,
        seed: int = 0,
        fps: float | None = None,
        options: BaseModel | None = None,
    ) -> Any:
        """Constructs the component as the host does.

        Raises:
            NotApplicable: it cannot run here.
        """
        from dh.checkpoints.needs import find_weights, present

        self.require_runnable()
        chosen = options if options is not None else self.options(**(self.online_changes if online else {}))
        named = getattr(chosen, self.spec.weights_option) if self.spec.weights_option else None
        weights = find_weights(str(named), f"options of {self.name}") if named else None
        context = Context(
            fps=fps or self.fps,
            seed=seed,
            device=self.device,
            checkpoints=present(self.spec, weights=weights),
            weights=weights,
            frames=frames,
            online=online,
        )
        return self.component.implementation()(chosen, context)

    def register(self, kind: str | None = None, *, seed: int = 0) -> Avatar:
        """An avatar by this builder of avatars, from a source of a kind (None: the first that it takes).

        Raises:
            NotApplicable: it cannot run here, or takes no source that there is.
        """
        from dh.avatar import Avatar
        from dh.source import Source

        self.require_runnable()
        assert isinstance(self.spec, AvatarSpec)
        sources = self.bench.sources
        chosen = kind or next((kind for kind in self.spec.sources if kind in sources), None)
        if chosen not in sources:
            raise NotApplicable(f"it takes {' or '.join(self.spec.sources)}; give a source of that kind")
        try:
            avatar = self.build(seed=seed).register(Source.open(sources[chosen]))
        except FaceError as error:
            raise ContractBroken(
                f"it finds nobody in {sources[chosen]} ({error}); give a source that it takes"
            ) from error
        require(isinstance(avatar, Avatar), f"register gave a {type(avatar).__name__}, not an Avatar")
        return avatar  # type: ignore[no-any-return]

    @cached_property
    def avatar(self) -> Avatar:
        """What the component is run with: an avatar of a kind that it reads, or a blank one where it reads none."""
        from dh.avatar import Avatar

        kinds = self.spec.avatar_kinds if isinstance(self.spec, (DriverSpec, RendererSpec)) else None
        return self.bench.avatar(kinds) if kinds is not None else Avatar("blank", 64, 64)

    def prepare(self) -> None:
        """Has all made that the component is run with and that is not its own work.

        Raises:
            NotApplicable: it cannot run here, or nothing here makes what it needs.
        """
        self.require_runnable()
        if self.kind == "avatar":
            _ = self.bench.sources
        elif self.kind == "metric":
            _ = self.bench.speaking_video
        else:
            _ = self.avatar
            if self.kind != "driver":
                self.bench.motion(self.space_in, self.fps)

    @cached_property
    def rehearsal(self) -> Rehearsal:
        """The component used twice, with an eye on what it should leave alone."""
        from dh.testing.contract.rehearsal import rehearse

        return rehearse(self)
