"""A plugin whose method has weights: alternatives, an optional checkpoint, tools for them and parts to measure.

As in any plugin, the declarations stand apart from what they name, which is in ``weighty_components``.
"""

from __future__ import annotations

from collections.abc import Iterable

import dh

FREE = dh.Licence(name="Apache-2.0", commercial="allowed")
RESEARCH = dh.Licence(name="CC-BY-NC-4.0", commercial="refused")
FILE = "opening.txt"


def checkpoint(name: str, need: dh.CheckpointNeed, licence: dh.Licence = FREE) -> dh.CheckpointSpec:
    """One that consists of ``opening.txt``."""
    files = (dh.CheckpointFile(path=FILE, licence=licence),)
    return dh.CheckpointSpec(name=name, repository=f"owner/{name}", revision="v1", files=files, need=need)


CHECKPOINTS = (
    checkpoint("weighty-research", "alternative", RESEARCH),
    checkpoint("weighty-free", "alternative"),
    checkpoint("weighty-extra", "optional", RESEARCH),
)


@dh.hookimpl
def dh_drivers() -> Iterable[dh.DriverSpec]:
    """One that has weights and a frame rate of its own."""
    yield dh.DriverSpec(
        name="weighty",
        summary="opens the mouth as its weights say",
        implementation="weighty_components:Driver",
        options="weighty_components:DriverOptions",
        motion_space="arkit",
        look_ahead=0.0,
        fps=20.0,
        checkpoints=CHECKPOINTS,
        weights_option="weights",
        licence=FREE,
    )


@dh.hookimpl
def dh_renderers() -> Iterable[dh.RendererSpec]:
    """The toy's, with an option for weights and no checkpoints."""
    yield dh.RendererSpec(
        name="weighty",
        summary="draws a box for a mouth",
        implementation="weighty_components:Renderer",
        options="weighty_components:RendererOptions",
        motion_space="arkit",
        avatar_kinds=("toy",),
        weights_option="weights",
        licence=FREE,
    )


@dh.hookimpl
def dh_methods() -> Iterable[dh.MethodSpec]:
    """With all tools, and with one."""
    for name, tools, bench in (("weighty", "TOOLS", "measure_parts"), ("weighty-published", "ONLY_CONVERT", None)):
        yield dh.MethodSpec(
            name=name,
            summary="a box that weights move",
            avatar="toy",
            driver="weighty",
            renderer="weighty",
            weights=f"weighty_components:{tools}",
            bench=f"weighty_components:{bench}" if bench else None,
        )
