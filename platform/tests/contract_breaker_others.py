"""Avatar builders, renderers, adapters and metrics that break a clause of the contract each; a few break none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import dh
from contract_breaker_drivers import Nothing
from dh.testing.toy_components import ToyAvatarBuilder


class OtherKind(ToyAvatarBuilder):
    def register(self, source: dh.Source) -> dh.Avatar:
        return dh.Avatar("another", 64, 64)


class NotFinite(ToyAvatarBuilder):
    def register(self, source: dh.Source) -> dh.Avatar:
        return dh.Avatar("broken", 64, 64, {"shape": np.full(3, np.nan)})


class NotJson(ToyAvatarBuilder):
    def register(self, source: dh.Source) -> dh.Avatar:
        return dh.Avatar("broken", 64, 64, meta={"points": (1, 2)})


class Tinted(dh.Avatar):
    """Has a colour that no file keeps."""

    tint = 200


class Forgetful(ToyAvatarBuilder):
    def register(self, source: dh.Source) -> dh.Avatar:
        return Tinted("broken", 64, 64)


class Renderer:
    """Grey frames of the avatar's size."""

    def __init__(self, options: Any, context: dh.Context) -> None:
        self.context = context

    def picture(self, avatar: dh.Avatar, chunk: dh.Motion, offset: int) -> Any:
        return np.full((avatar.height, avatar.width, 3), getattr(avatar, "tint", 0), np.uint8)

    def frame(self, avatar: dh.Avatar, chunk: dh.Motion, offset: int) -> dh.Frame:
        index = chunk.start + offset
        return dh.Frame(self.picture(avatar, chunk, offset), index, index / chunk.fps)

    def draw(self, avatar: dh.Avatar, motion: Iterator[dh.Motion]) -> Iterator[dh.Frame]:
        for chunk in motion:
            for offset in range(len(chunk)):
                yield self.frame(avatar, chunk, offset)

    def stages(self, avatar: dh.Avatar) -> Sequence[dh.Stage]:
        return [dh.Stage("draw", lambda motion: self.draw(avatar, motion))]


class HalfSize(Renderer):
    def picture(self, avatar: dh.Avatar, chunk: dh.Motion, offset: int) -> Any:
        return super().picture(avatar, chunk, offset)[::2, ::2]


class Untimed(Renderer):
    def frame(self, avatar: dh.Avatar, chunk: dh.Motion, offset: int) -> dh.Frame:
        return dh.Frame(self.picture(avatar, chunk, offset), chunk.start + offset, 0.0)


class OneOfEachChunk(Renderer):
    def draw(self, avatar: dh.Avatar, motion: Iterator[dh.Motion]) -> Iterator[dh.Frame]:
        for chunk in motion:
            yield self.frame(avatar, chunk, 0)


class ShadedByChunk(Renderer):
    def picture(self, avatar: dh.Avatar, chunk: dh.Motion, offset: int) -> Any:
        return super().picture(avatar, chunk, offset) + np.uint8(10 * len(chunk))


class TakesTwo(Renderer):
    def draw(self, avatar: dh.Avatar, motion: Iterator[dh.Motion]) -> Iterator[dh.Frame]:
        for chunk in motion:
            second = next(motion, None)
            for taken in (chunk, second):
                if taken is not None:
                    yield from super().draw(avatar, iter([taken]))


class Renumbers(Renderer):
    def draw(self, avatar: dh.Avatar, motion: Iterator[dh.Motion]) -> Iterator[dh.Frame]:
        for index, frame in enumerate(super().draw(avatar, motion)):
            yield dh.Frame(frame.image, index, index / self.context.fps)


class NeedsMotion(Renderer):
    def draw(self, avatar: dh.Avatar, motion: Iterator[dh.Motion]) -> Iterator[dh.Frame]:
        yield from super().draw(avatar, iter([next(motion), *motion]))


class Passes:
    """An adapter to its own space that changes nothing."""

    def __init__(self, options: Any, context: dh.Context) -> None:
        pass

    def adapt(self, avatar: dh.Avatar, motion: Iterator[dh.Motion]) -> Iterator[dh.Motion]:
        for chunk in motion:
            yield dh.Motion(chunk.space, chunk.start, chunk.fps, chunk.values)


class Brightness(Nothing):
    def measure(self, material: Any) -> dh.Measure:
        means = [float(frame.mean()) for frame in material.frames()]
        return dh.Measure(sum(means) / len(means), len(means), series={"brightness": means})


class DropsOne:
    """An adapter to its own space that loses a frame."""

    def __init__(self, options: Any, context: dh.Context) -> None:
        pass

    def adapt(self, avatar: dh.Avatar, motion: Iterator[dh.Motion]) -> Iterator[dh.Motion]:
        next(motion, None)
        start = 0
        for chunk in motion:
            yield dh.Motion(chunk.space, start, chunk.fps, chunk.values)
            start += len(chunk)


class BareNumber(Nothing):
    def measure(self, material: Any) -> Any:
        return 1.0


class Infinite(Nothing):
    def measure(self, material: Any) -> dh.Measure:
        return dh.Measure(float("inf"), 1)


class NeedsRecord(Nothing):
    def measure(self, material: Any) -> dh.Measure:
        return dh.Measure(material.record["timing"]["real_time_factor"], 1)
