"""The method "tunable": the toy with a renderer whose ways take a time of their own on a clock that tests read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

import dh
from dh.testing.toy_components import ToyRenderer, ToyRendererOptions

COSTS = {"plain": 0.2, "wrong": 0.01, "close": 0.1, "same": 0.196}
"""Seconds of a frame."""

ERRORS = {"wrong": 40, "close": 1, "same": 0}
"""By how much every value of a frame differs."""


class Clock:
    """Seconds that rendering would have taken, beside those that pass."""

    spent = 0.0


class Options(BaseModel):
    """How it draws."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    way: Literal["auto", "plain", "wrong", "close", "same", "broken"] = "auto"
    colour: int = 0


class Renderer:
    """The toy's frames, more or less."""

    def __init__(self, options: Options, context: dh.Context) -> None:
        if options.way == "broken":
            raise dh.DeviceMissing("way=broken: this machine cannot do it")
        way = "plain" if options.way == "auto" else options.way
        self.options = options.model_copy(update={"way": way})
        self._toy = ToyRenderer(ToyRendererOptions(colour=options.colour), context)

    def stages(self, avatar: dh.Avatar) -> Sequence[dh.Stage]:
        def altered(frames: Iterator[dh.Frame]) -> Iterator[dh.Frame]:
            for frame in frames:
                Clock.spent += COSTS[self.options.way]
                image = np.clip(frame.image.astype(int) + ERRORS.get(self.options.way, 0), 0, 255).astype(np.uint8)
                yield dh.Frame(image, frame.index, frame.time)

        return [*self._toy.stages(avatar), dh.Stage("alter", altered)]


def ways(*names: str) -> tuple[dict[str, Any], ...]:
    return tuple({"way": name} for name in names)


@dh.hookimpl
def dh_renderers() -> Iterator[dh.RendererSpec]:
    yield dh.RendererSpec(
        name="tunable",
        summary="",
        implementation="tunable_plugin:Renderer",
        options="tunable_plugin:Options",
        motion_space="arkit",
        avatar_kinds=("toy",),
    )


@dh.hookimpl
def dh_methods() -> Iterator[dh.MethodSpec]:
    parts: dict[str, Any] = {"avatar": "toy", "driver": "toy", "renderer": "tunable"}
    yield dh.MethodSpec(
        name="tunable", summary="", candidates=ways("plain", "wrong", "broken", "close", "same"), **parts
    )
    yield dh.MethodSpec(name="steady", summary="", candidates=ways("plain", "same"), **parts)
    yield dh.MethodSpec(name="hopeless", summary="", candidates=ways("broken"), **parts)
