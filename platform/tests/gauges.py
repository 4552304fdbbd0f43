"""A plugin of metrics that measure little and fail in every way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, Field

import dh

decoded: list[str] = []
"""Videos that were decoded for a shared result."""

_KINDS: dict[str, dict[str, Any]] = {
    "brightness": {"options": "gauges:BrightnessOptions", "title": "Brightness", "version": "3"},
    "darkness": {"higher_is_better": False},
    "likeness": {"needs": ("reference",)},
    "hearing": {"needs": ("audio",)},
    "pace": {"needs": ("record",), "tier": 1},
    "crash": {"tier": 1},
    "choosy": {"tier": 1},
    "endless": {"tier": 1},
    "wordy": {"tier": 1},
    "absent": {"tier": 1, "requires": ("no_such_module",), "extra": "more"},
    "secret": {"tier": 2},
}


@dh.hookimpl
def dh_metrics() -> Iterable[dh.MetricSpec]:
    for name, declared in _KINDS.items():
        common: dict[str, Any] = {"unit": "levels", "higher_is_better": True, "explanation": f"What {name} is."}
        yield dh.MetricSpec(
            name=name, summary=name, implementation=f"gauges:{name.capitalize()}", **{**common, **declared}
        )


def _mean(material: dh.Material) -> float:
    decoded.append(material.video.name)
    return sum(float(frame.mean()) for frame in material.frames()) / material.frame_count


class BrightnessOptions(BaseModel):
    gain: float = Field(1.0, gt=0, description="factor")


class Brightness:
    def __init__(self, options: BrightnessOptions, context: dh.Context) -> None:
        self.gain = options.gain

    def measure(self, material: dh.Material) -> dh.Measure:
        print("this must not get into JSON")
        value = self.gain * material.shared("gauges.mean", _mean)
        return dh.Measure(value, material.frame_count, series={"level": [value, float("nan"), None]}, note="a note")


class Plain:
    def __init__(self, options: Any, context: dh.Context) -> None:
        self.context = context


class Darkness(Plain):
    def measure(self, material: dh.Material) -> dh.Measure:
        return dh.Measure(255 - material.shared("gauges.mean", _mean), material.frame_count, weights={"w.bin": "ab"})


class Likeness(Plain):
    def measure(self, material: dh.Material) -> dh.Measure:
        return dh.Measure(1.0, sum(1 for _ in material.reference_frames()))


class Hearing(Plain):
    def measure(self, material: dh.Material) -> dh.Measure:
        return dh.Measure(float(abs(material.samples).max()), len(material.samples))


class Pace(Plain):
    def measure(self, material: dh.Material) -> dh.Measure:
        assert material.record is not None
        return dh.Measure(material.record["timing"]["real_time_factor"], 1)


class Crash(Plain):
    def measure(self, material: dh.Material) -> dh.Measure:
        raise ZeroDivisionError("nothing to divide by")


class Choosy(Plain):
    def measure(self, material: dh.Material) -> dh.Measure:
        raise dh.NotMeasurable("the picture is not to its taste")


class Endless(Plain):
    def measure(self, material: dh.Material) -> dh.Measure:
        return dh.Measure(float("inf"), 1)


class Wordy(Plain):
    def measure(self, material: dh.Material) -> Any:
        return "a lot"


class Secret(Plain):
    def measure(self, material: dh.Material) -> dh.Measure:
        return dh.Measure(7.0, 1)
