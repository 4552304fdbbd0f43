"""What a plugin declares: small frozen records, cheap to import, with the dotted path of the real thing.

Nothing here imports numpy, pydantic or torch: ``dh methods`` reads declarations only. A dotted path is
``"package.module:Name"`` and is imported when a run needs it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

API_VERSION = 1
"""Version of the hook API. Hooks and arguments are only ever added; a plugin states what it was written for
as ``DH_API_VERSION`` in its entry-point module (absent: 1)."""

CommercialUse = Literal["allowed", "refused", "unknown"]
CheckpointNeed = Literal["required", "alternative", "optional"]
"""What a checkpoint is to the component that lists it, see ``CheckpointSpec``."""

MetricNeed = Literal["reference", "audio", "record"]
"""What a metric looks at beyond the video, see ``MetricSpec``."""

AUTO_PROFILE = "auto"
"""In place of a profile's name: the best one that can run here."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*\Z")
_DOTTED = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*\Z")


def _check_name(kind: str, name: str) -> None:
    if not isinstance(name, str) or not _NAME.match(name):
        raise ValueError(f"{kind} name {name!r}: use lower-case letters, digits and hyphens")


def _check_dotted(owner: str, path: str) -> None:
    if not isinstance(path, str) or not _DOTTED.match(path):
        raise ValueError(f"{owner}: {path!r} is not a dotted path of the form 'package.module:Name'")


def _check_candidates(owner: str, candidates: tuple[Mapping[str, Any], ...]) -> None:
    if not all(isinstance(candidate, Mapping) and candidate for candidate in candidates):
        raise ValueError(f"{owner}: each candidate is a mapping of at least one option's key to its value")


def _check_roles(owner: str, options: Mapping[str, Any]) -> None:
    unknown = set(options) - {"avatar", "driver", "renderer"}
    if unknown:
        raise ValueError(f"{owner}: options for unknown roles {sorted(unknown)}")


@dataclass(frozen=True, kw_only=True)
class Licence:
    """Terms of code or weights: an SPDX identifier or the owner's own words, and whether commerce may use it."""

    name: str
    commercial: CommercialUse = "unknown"

    def __post_init__(self) -> None:
        if self.commercial not in ("allowed", "refused", "unknown"):
            raise ValueError(f"licence {self.name!r}: commercial must be 'allowed', 'refused' or 'unknown'")


@dataclass(frozen=True, kw_only=True)
class CheckpointFile:
    """One file of a hub repository.

    ``path`` is relative to the repository and to the checkpoint's folder; ``size`` is in bytes and ``sha256``
    in hexadecimal, each None until it is known.
    """

    path: str
    licence: Licence
    size: int | None = None
    sha256: str | None = None

    def __post_init__(self) -> None:
        parts = self.path.split("/")
        if not self.path or self.path.startswith("/") or "\\" in self.path or ".." in parts:
            raise ValueError(f"checkpoint file {self.path!r}: give a relative path with forward slashes")
        if self.sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ValueError(f"checkpoint file {self.path!r}: sha256 must be 64 lower-case hexadecimal digits")


@dataclass(frozen=True, kw_only=True)
class CheckpointSpec:
    """Weights of a component: files of one hub repository at one revision (commit, tag or branch).

    ``need`` tells what it is to the component that lists it: "required"; "alternative", where one of the alternatives
    listed is enough; or "optional", used where it is there. ``requires`` are modules that must be importable to use its
    files, and ``extra`` that of the plugin's distribution which brings them.
    """

    name: str
    repository: str
    revision: str
    files: tuple[CheckpointFile, ...]
    summary: str = ""
    need: CheckpointNeed = "required"
    requires: tuple[str, ...] = ()
    extra: str | None = None

    def __post_init__(self) -> None:
        _check_name("checkpoint", self.name)
        if self.need not in ("required", "alternative", "optional"):
            raise ValueError(f"checkpoint {self.name}: need must be 'required', 'alternative' or 'optional'")
        if self.repository.count("/") != 1:
            raise ValueError(f"checkpoint {self.name}: repository must be 'owner/name', not {self.repository!r}")
        if not self.files:
            raise ValueError(f"checkpoint {self.name}: it lists no files")


@dataclass(frozen=True, kw_only=True)
class ComponentSpec:
    """What avatars, drivers, renderers, adapters and metrics have in common.

    Args:
        name: unique among components of its kind; lower case with hyphens.
        summary: one line for ``dh methods``.
        implementation: dotted path of the class; called as ``Class(options, context)``.
        options: dotted path of a pydantic model with the component's options, or None.
        requires: modules that must be importable beyond the package's own dependencies.
        extra: the extra of the plugin's distribution that brings ``requires``.
        devices: kinds of device it runs on, best first: "cpu", "cuda", "mps".
        checkpoints: weights it needs, or can use.
        weights_option: option that names a folder of weights; where it is set, that folder takes the place of every
            checkpoint that is not optional.
        licence: terms of the component itself, models inside its package included.
    """

    name: str
    summary: str
    implementation: str
    options: str | None = None
    requires: tuple[str, ...] = ()
    extra: str | None = None
    devices: tuple[str, ...] = ("cpu",)
    checkpoints: tuple[CheckpointSpec, ...] = ()
    weights_option: str | None = None
    licence: Licence = Licence(name="unstated")

    def __post_init__(self) -> None:
        _check_name(type(self).__name__, self.name)
        _check_dotted(self.name, self.implementation)
        if self.options is not None:
            _check_dotted(self.name, self.options)
        unknown = set(self.devices) - {"cpu", "cuda", "mps"}
        if unknown or not self.devices:
            raise ValueError(f"{self.name}: unknown devices {sorted(unknown)}; use 'cpu', 'cuda' or 'mps'")
        if self.weights_option is not None and self.options is None:
            raise ValueError(f"{self.name}: weights_option {self.weights_option!r} needs a model of options")


@dataclass(frozen=True, kw_only=True)
class AvatarSpec(ComponentSpec):
    """Registers an identity from a source; ``kind`` names the data that its avatars carry."""

    kind: str
    sources: tuple[str, ...] = ("image", "video")


@dataclass(frozen=True, kw_only=True)
class DriverSpec(ComponentSpec):
    """Turns speech into motion.

    ``avatar_kinds`` lists the kinds of avatar whose data it reads; None means it reads none of it.
    ``look_ahead`` is how far, in seconds, a frame's motion may depend on speech after that frame; None means
    that it needs the whole clip. ``fps`` is the frame rate that its motion always has, None where the run decides.

    ``online_option`` names its boolean option that mode online sets, None where it works in one way only.
    ``live_options`` are those of its options that may change while it drives, through its method ``change``, see
    ``dh.Driver``.
    """

    motion_space: str
    look_ahead: float | None
    avatar_kinds: tuple[str, ...] | None = None
    fps: float | None = None
    online_option: str | None = None
    live_options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.options is None and (self.online_option is not None or self.live_options):
            raise ValueError(f"{self.name}: online_option and live_options need a model of options")
        if self.fps is not None and not 1 <= self.fps <= 120:
            raise ValueError(f"{self.name}: fps must be from 1 to 120, not {self.fps!r}")


@dataclass(frozen=True, kw_only=True)
class RendererSpec(ComponentSpec):
    """Turns motion and an avatar of one of ``avatar_kinds`` into frames."""

    motion_space: str
    avatar_kinds: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AdapterSpec(ComponentSpec):
    """Converts motion of one space into another."""

    from_space: str
    to_space: str


@dataclass(frozen=True, kw_only=True)
class MetricSpec(ComponentSpec):
    """Measures a video.

    Args:
        unit: of the value, in a word or symbol; empty for a plain number.
        higher_is_better: None where neither direction is.
        tier: 0 needs no weights, 1 weights that permit use, 2 research-only weights.
        title: short name for tables; empty: the name.
        explanation: two to four plain sentences for the report: what it measures, how, and what good values are.
        version: changes whenever the numbers may change.
        needs: what must be given beyond the video: a "reference" video, "audio" (the video's own track counts), the
            "record" of the run that made it.
    """

    unit: str
    higher_is_better: bool | None
    tier: Literal[0, 1, 2] = 0
    title: str = ""
    explanation: str = ""
    version: str = "1"
    needs: tuple[MetricNeed, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tier not in (0, 1, 2):
            raise ValueError(f"{self.name}: tier must be 0, 1 or 2, not {self.tier!r}")
        unknown = set(self.needs) - set(get_args(MetricNeed))
        if unknown:
            raise ValueError(f"{self.name}: unknown needs {sorted(unknown)}; use 'reference', 'audio' or 'record'")


@dataclass(frozen=True, kw_only=True)
class ProfileSpec:
    """One of several ways to run a method: three components, and options that differ from their defaults.

    ``options`` is keyed by role ("avatar", "driver", "renderer"), then by option. ``candidates`` are configurations
    that 'dh bench METHOD --tune' chooses from, each by option key as ``--set`` takes it; the first is the plain
    reference, whose frames the others' must equal within 45 dB.
    """

    name: str
    summary: str
    avatar: str
    driver: str
    renderer: str
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    candidates: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        _check_name("profile", self.name)
        _check_candidates(f"profile {self.name}", self.candidates)
        if self.name == AUTO_PROFILE:
            raise ValueError(f"profile {self.name!r}: this name means the host's choice; give another")
        _check_roles(f"profile {self.name}", self.options)


@dataclass(frozen=True, kw_only=True)
class MethodSpec:
    """A named preset of three components and of options that differ from their defaults, or of several such profiles.

    Args:
        name: unique among methods; lower case with hyphens.
        summary: one line for ``dh methods``.
        avatar: avatar component; as driver and renderer, empty where profiles are listed.
        driver: driver component.
        renderer: renderer component.
        options: by role ("avatar", "driver", "renderer"), then by option; empty where profiles are listed.
        profiles: ways to run the method, best first, in place of components and options of its own. Where the user
            names none, a run takes the first whose weights are there, and else the last.
        candidates: configurations to choose from by measuring, as ``ProfileSpec`` has them; empty where profiles are
            listed.
        weights: dotted path of an object with what can be done with the method's weights beyond pulling them, see
            ``dh.WeightsTools``.
        bench: dotted path of a function that measures the method's own parts, see ``dh.PartsBench``.
        training: dotted path of an object that prepares data and trains the method, see ``dh.TrainingTools``.
    """

    name: str
    summary: str
    avatar: str = ""
    driver: str = ""
    renderer: str = ""
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    profiles: tuple[ProfileSpec, ...] = ()
    candidates: tuple[Mapping[str, Any], ...] = ()
    weights: str | None = None
    bench: str | None = None
    training: str | None = None

    def __post_init__(self) -> None:
        _check_name("method", self.name)
        for path in (self.weights, self.bench, self.training):
            if path is not None:
                _check_dotted(self.name, path)
        _check_roles(f"method {self.name}", self.options)
        _check_candidates(f"method {self.name}", self.candidates)
        own = (self.avatar, self.driver, self.renderer)
        if self.profiles and (any(own) or self.options or self.candidates):
            raise ValueError(
                f"method {self.name}: it lists profiles, so components, options and candidates belong in these"
            )
        if not self.profiles and not all(own):
            raise ValueError(f"method {self.name}: name its avatar, driver and renderer, or list profiles")
        names = [profile.name for profile in self.profiles]
        if len(set(names)) < len(names):
            raise ValueError(f"method {self.name}: two of its profiles have the same name: {', '.join(names)}")

    def profile(self, name: str | None) -> MethodSpec | ProfileSpec:
        """What names the components and options of a profile; None: the method itself, which has no profiles.

        Raises:
            KeyError: there is no such profile.
        """
        if name is None:
            return self
        return {profile.name: profile for profile in self.profiles}[name]
