"""Plugins that each break one clause of the contract."""

from __future__ import annotations

import types
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import dh
from dh.testing import FakeEntryPoint

_FREE = dh.Licence(name="Apache-2.0", commercial="allowed")
_DRIVERS = "contract_breaker_drivers:"
_OTHERS = "contract_breaker_others:"
_NEVER = dh.Licence(name="unstated")


@dataclass(frozen=True)
class Breaker:
    """A plugin, the clause that it breaks, and words of the complaint."""

    clause: str
    words: str
    entry_point: FakeEntryPoint


def breaks(clause: str, words: str, *specs: Any) -> Breaker:
    """A plugin that declares some specs, and breaks a clause."""
    return Breaker(clause, words, FakeEntryPoint("broken", _plugin(specs), "contract_breakers"))


def _plugin(specs: Iterable[Any]) -> types.ModuleType:
    made = types.ModuleType("made")
    hooks: dict[str, list[Any]] = {}
    for spec in specs:
        hooks.setdefault(_HOOKS[type(spec)], []).append(spec)
    for name, declared in hooks.items():
        setattr(made, name, dh.hookimpl(_yields(name, declared)))
    return made


def _yields(name: str, declared: list[Any]) -> Any:
    def hook() -> Iterable[Any]:
        return declared

    hook.__name__ = name
    return hook


_HOOKS = {
    dh.AvatarSpec: "dh_avatars",
    dh.DriverSpec: "dh_drivers",
    dh.RendererSpec: "dh_renderers",
    dh.AdapterSpec: "dh_adapters",
    dh.MetricSpec: "dh_metrics",
    dh.MethodSpec: "dh_methods",
}


def driver(implementation: str, **changes: Any) -> dh.DriverSpec:
    values = {"motion_space": "arkit", "look_ahead": 0.0, "licence": _FREE, **changes}
    return dh.DriverSpec(name="broken", summary="broken", implementation=_DRIVERS + implementation, **values)


def configured(options: str, implementation: str = "Driver", **changes: Any) -> dh.DriverSpec:
    return driver(implementation, options=_DRIVERS + options, **changes)


def avatar(implementation: str) -> dh.AvatarSpec:
    return dh.AvatarSpec(
        name="broken", summary="broken", implementation=_OTHERS + implementation, kind="broken", licence=_FREE
    )


def renderer(implementation: str, kind: str = "toy") -> dh.RendererSpec:
    return dh.RendererSpec(
        name="broken",
        summary="broken",
        implementation=_OTHERS + implementation,
        motion_space="arkit",
        avatar_kinds=(kind,),
        licence=_FREE,
    )


def metric(implementation: str) -> dh.MetricSpec:
    return dh.MetricSpec(
        name="broken",
        summary="broken",
        implementation=_OTHERS + implementation,
        unit="",
        higher_is_better=None,
        explanation="It is broken.",
        licence=_FREE,
    )


def adapter(implementation: str) -> dh.AdapterSpec:
    return dh.AdapterSpec(
        name="broken",
        summary="broken",
        implementation=_OTHERS + implementation,
        from_space="arkit",
        to_space="arkit",
        licence=_FREE,
    )


def method(**changes: Any) -> dh.MethodSpec:
    values = {"avatar": "toy", "driver": "toy", "renderer": "toy", **changes}
    return dh.MethodSpec(name="broken", summary="broken", **values)


_EARLY = dh.DriverSpec(
    name="broken", summary="", implementation="contract_breaker_early:Driver", motion_space="arkit", look_ahead=0.0
)

BREAKERS = (
    Breaker("loads", "import failed: ImportError: gone", FakeEntryPoint("broken", ImportError("gone"))),
    Breaker("light-import", "imports numpy", FakeEntryPoint("broken", _plugin(()), "contract_breaker_heavy")),
    Breaker(
        "light-import",
        "imports contract_breaker_early",
        FakeEntryPoint("broken", _plugin([_EARLY]), "contract_breaker_eager"),
    ),
    breaks("method", "there is no 'nobody'", method(driver="nobody")),
    breaks("method", "unknown option", method(options={"driver": {"gian": 1.0}})),
    breaks("method", "cannot be imported", method(bench="nowhere:measure")),
    breaks("declaration", "state the terms", driver("Driver", licence=_NEVER)),
    breaks("declaration", "has no method 'drive'", driver("Nothing")),
    breaks("declaration", "cannot be imported", driver("Nobody")),
    breaks("declaration", "unknown motion space 'arcit'", driver("Driver", motion_space="arcit")),
    breaks("declaration", "look_ahead", driver("Driver", look_ahead=-1.0)),
    breaks("declaration", "without what it is required for", driver("Driver", extra="torch")),
    breaks("options-model", "extra='forbid'", configured("LenientOptions")),
    breaks("options-model", "frozen=True", configured("MutableOptions")),
    breaks("options-model", "gain: give a default", configured("RequiredOptions")),
    breaks("options-model", "a default is not valid", configured("InvalidOptions")),
    breaks("options-documented", "gain: give a description", configured("SilentOptions")),
    breaks("avatar", "kind 'another'", avatar("OtherKind")),
    breaks("avatar", "not finite", avatar("NotFinite")),
    breaks("avatar", "way through JSON", avatar("NotJson")),
    breaks("saved-avatar", "frames", avatar("Forgetful"), renderer("Renderer", "broken")),
    breaks("motion", "arkit.rotation from 200 to 200", driver("OutOfRange")),
    breaks("motion", "starts at frame 1", driver("FromOne")),
    breaks("motion", "which are 51", driver("WholeFramesOnly")),
    breaks("motion", "at 60 frames per second", driver("AnotherRate")),
    breaks("motion", "7 frames of 10", adapter("DropsOne")),
    breaks("frames", "shape (160, 160, 3)", renderer("HalfSize")),
    breaks("frames", "at 0 s, due at", renderer("Untimed")),
    breaks("frames", "frame 7, expected 5", renderer("OneOfEachChunk")),
    breaks("measure", "gave a float", metric("BareNumber")),
    breaks("measure", "value inf", metric("Infinite")),
    breaks("not-measurable", "TypeError", metric("NeedsRecord")),
    breaks("any-chunks", "blendshapes differs", driver("ByChunk")),
    breaks("any-chunks", "frames differs", renderer("ShadedByChunk")),
    breaks("silence", "ValueError", driver("DividesByLoudness")),
    breaks("empty", "RuntimeError", driver("StartsBlindly")),
    breaks("empty", "RuntimeError", renderer("NeedsMotion")),
    breaks("long-speech", "MiB more", driver("Hoarder")),
    breaks("driver-streams", "asks for more before frame 0", driver("Late")),
    breaks("renderer-streams", "takes the motion of frame 1", renderer("TakesTwo")),
    breaks("renderer-streams", "gave frames [0, 1, 2, 3", renderer("Renumbers")),
    breaks("online-option", "not bool", configured("NumberOnline", online_option="online")),
    breaks("online-option", "None, not a number", configured("Options", "SilentAboutIt", online_option="online")),
    breaks("online-option", "none of its options", configured("Options", online_option="on")),
    breaks("live-options", "gain: other values", configured("Options", "DeafToChange", live_options=("gain",))),
    breaks("live-options", "no method change", configured("Options", live_options=("gain",))),
    breaks("live", "the end of a live session takes longer", driver("Lingering")),
    breaks("close", "asks for more input", driver("Draining")),
    breaks("close", "takes longer than", driver("Hanging")),
    breaks("close", "leaves thread 'helper'", driver("LeavesHelper")),
    breaks("seed", "a second time: blendshapes", driver("DrawsForEverybody")),
    breaks("seed", "a second time: blendshapes", driver("Counts")),
    breaks("no-leaks", "thread 'left behind'", driver("LeavesThread")),
    breaks("no-leaks", "contract_breaker_drivers.py", driver("LeavesFileOpen")),
    breaks("no-leaks", "temporary file:", driver("LeavesTemporaryFile")),
    breaks("no-leaks", "working folder: driver.log", driver("WritesHere")),
    breaks("global-state", "numpy random state", driver("SeedsEverybody")),
    breaks("global-state", "environment (CONTRACT_BREAKER)", driver("SetsEnvironment")),
    breaks("global-state", "warning filters", driver("HidesWarnings")),
    breaks("global-state", "working folder", driver("ChangesFolder")),
    breaks("global-state", "numpy errors", driver("HidesNumberErrors")),
    breaks("offline", "'192.0.2.1'", driver("TellsHome")),
)
"""At least one for every clause."""

GOOD = breaks(
    "",
    "",
    configured("Options", "Changing", look_ahead=None, online_option="online", live_options=("gain",)),
    adapter("Passes"),
    metric("Brightness"),
    renderer("Renderer"),
).entry_point
"""Breaks none: a driver with every claim that there is, and the kinds of component that the toy lacks."""

TORCH_BREAKER = breaks("global-state", "torch settings (default dtype)", driver("HalvesTorch"))
"""Where torch is installed."""
