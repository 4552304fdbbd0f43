"""What ``weighty_plugin`` declares.

The driver opens the mouth as far as ``opening.txt`` in its weights says, and tells what the host gave it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

import dh
from dh.testing.toy_components import ToyRenderer, ToyRendererOptions
from weighty_plugin import FILE


class DriverOptions(BaseModel):
    """Options of the driver."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: Path | None = Field(None, json_schema_extra={"shared": True}, description="folder of weights")
    shares: dict[str, float] = Field({}, description="blendshapes that move along, by name")
    label: str = Field("", description="any text")


class RendererOptions(BaseModel):
    """Options of the renderer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: Path | None = Field(None, json_schema_extra={"shared": True}, description="folder of weights")


class Driver:
    """Opens the mouth equally far in every frame."""

    def __init__(self, options: DriverOptions, context: dh.Context) -> None:
        self._options = options
        self._fps = context.fps
        folder = context.weights or next(
            context.checkpoints[name] for name in ("weighty-research", "weighty-free") if name in context.checkpoints
        )
        self._opening = float((folder / FILE).read_text(encoding="utf-8"))
        context.notice(f"frames {context.frames}, weights {folder}, extra {'weighty-extra' in context.checkpoints}")

    def drive(self, avatar: dh.Avatar, speech: Iterator[dh.AudioChunk]) -> Iterator[dh.Motion]:
        """Yields a frame as soon as its last sample is there."""
        for frame, _ in enumerate(dh.split_frames(speech, self._fps)):
            yield dh.arkit_motion(frame, self._fps, **{"jawOpen": self._opening, **self._options.shares})


class Renderer:
    """Draws as the toy does."""

    def __init__(self, options: RendererOptions, context: dh.Context) -> None:
        self._toy = ToyRenderer(ToyRendererOptions(colour=0), context)

    def stages(self, avatar: dh.Avatar) -> Sequence[dh.Stage]:
        """The toy's."""
        return self._toy.stages(avatar)


def write_weights(target: Path, opening: str) -> Path:
    """Makes a folder of weights."""
    target.mkdir(parents=True)
    (target / FILE).write_text(opening, encoding="utf-8")
    return target


def convert(source: Path, target: Path | None, notice: Callable[[str], None]) -> Path:
    """Copies them."""
    notice(f"converting {source.name}")
    return write_weights(target or source / "converted", (source / FILE).read_text(encoding="utf-8"))


def initialise(target: Path, seed: int, notice: Callable[[str], None]) -> Path:
    """Opens the mouth by the seed's hundredth part."""
    notice("untrained")
    return write_weights(target, str(seed / 100))


def export(weights: Path, target: Path | None, form: str, precision: str, notice: Callable[[str], None]) -> Path:
    """Copies them under a name that tells the format."""
    opening = (weights / FILE).read_text(encoding="utf-8")
    return write_weights(target or weights / f"{form}-{precision}", opening)


def measure_parts(
    *, repeats: int, device: str, options: Mapping[str, Any], notice: Callable[[str], None]
) -> Sequence[dh.PartTiming]:
    """Knows its times by heart."""
    notice(f"{repeats} calls on {device}")
    label = options.get("label", "one frame")
    return [dh.PartTiming("mouth", 2.0, 3.0, label, p95_ms=2.5), dh.PartTiming("nose", 0.5)]


TOOLS: dh.WeightsTools = SimpleNamespace(convert=convert, initialise=initialise, export=export)
ONLY_CONVERT: dh.WeightsTools = SimpleNamespace(convert=convert, initialise=None, export=None)
