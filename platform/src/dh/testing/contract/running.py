"""Runs components on standard inputs, and says what they made as arrays that can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dh.audio import SAMPLE_RATE, AudioChunk
from dh.components import Stage
from dh.frame import Frame
from dh.motion import Motion
from dh.testing.contract.case import Case
from dh.testing.contract.clause import ContractBroken, require
from dh.testing.contract.speech import Samples, chunks, speech
from dh.timing import frames_for

if TYPE_CHECKING:
    from pydantic import BaseModel

    from dh.avatar import Avatar

Arrays = Mapping[str, NDArray[Any]]

SPEECH_SAMPLES = 2 * SAMPLE_RATE + 123
"""Length of the speech that drivers hear: two seconds, and a part of a frame."""

WHOLE: Sequence[int] = (10**9,)

Cut = Sequence[int]
"""Sizes of chunks, over and over."""


def streams(
    case: Case,
    items: Iterable[Any],
    *,
    avatar: Avatar | None = None,
    online: bool = False,
    seed: int = 0,
    frames: int | None = None,
    fps: float | None = None,
    options: BaseModel | None = None,
) -> list[Iterator[Any]]:
    """A new driver, renderer or adapter at work on its input: what each of its stages gives, the last its output."""
    built = case.build(online=online, frames=frames, seed=seed, fps=fps, options=options)
    return streams_of(case, built, items, avatar)


def streams_of(case: Case, built: Any, items: Iterable[Any], avatar: Avatar | None = None) -> list[Iterator[Any]]:
    """As ``streams``, of a component that was built already."""
    avatar = avatar if avatar is not None else case.avatar
    if case.kind == "driver":
        return [built.drive(avatar, iter(items))]
    if case.kind == "adapter":
        return [built.adapt(avatar, iter(items))]
    stages = list(built.stages(avatar))
    require(
        bool(stages) and all(isinstance(stage, Stage) for stage in stages), "stages gave something else than Stages"
    )
    outputs: list[Iterator[Any]] = []
    flow: Iterator[Any] = iter(items)
    for stage in stages:
        flow = stage.run(flow)
        outputs.append(flow)
    return outputs


def close_streams(outputs: Sequence[Iterator[Any]]) -> None:
    """Closes them, the last first, as the host does."""
    for output in reversed(outputs):
        close = getattr(output, "close", None)
        if close is not None:
            close()


def standard_items(case: Case, cut: Cut) -> Iterator[AudioChunk | Motion]:
    """The standard input of a driver, renderer or adapter in chunks: speech, or motion in the space that it reads."""
    if case.kind == "driver":
        yield from chunks(standard_speech(), cut)
    else:
        yield from cut_motion(case.bench.motion(case.space_in, case.fps), cut)


def standard_speech() -> Samples:
    """What drivers hear."""
    return speech(SPEECH_SAMPLES)


def cut_motion(motion: Motion, cut: Cut) -> Iterator[Motion]:
    """Motion in chunks of the given numbers of frames, over and over."""
    done = turn = 0
    while done < len(motion):
        size = min(cut[turn % len(cut)], len(motion) - done)
        yield motion.slice(done, done + size)
        done, turn = done + size, turn + 1


def work(
    case: Case, *, cut: Cut = WHOLE, seed: int = 0, online: bool = False, avatar: Avatar | None = None
) -> dict[str, NDArray[Any]]:
    """All that a new component makes of its standard input, as arrays by name.

    Of an avatar builder the avatar's arrays, of a driver or adapter the motion's fields, of a renderer "frames", of a
    metric its value and series.
    """
    if case.kind == "avatar":
        return dict(case.register(seed=seed).arrays)
    if case.kind == "metric":
        from dh.testing.contract.metrics import measured

        return measured(case, seed=seed)
    frames = None
    if case.kind == "driver" and not online:
        frames = frames_for(SPEECH_SAMPLES, SAMPLE_RATE, case.fps)
    outputs = streams(case, standard_items(case, cut), seed=seed, online=online, frames=frames, avatar=avatar)
    return joined(list(outputs[-1]))


def joined(items: Sequence[Motion] | Sequence[Frame]) -> dict[str, NDArray[Any]]:
    """Motion's fields, or "frames", of all items in one array each."""
    if not items:
        return {}
    if all(isinstance(item, Frame) for item in items):
        return {"frames": np.stack([item.image for item in items])}  # type: ignore[union-attr]
    if all(isinstance(item, Motion) for item in items):
        names = items[0].space.fields  # type: ignore[union-attr]
        return {name: np.concatenate([item.values[name] for item in items]) for name in names}  # type: ignore[union-attr]
    raise ContractBroken(f"it gave a {type(items[0]).__name__}")


def difference(first: Arrays, second: Arrays, tolerance: float) -> str:
    """In one line what is not the same in two results, empty where nothing is.

    Numbers may differ by ``tolerance`` as a share of the range that the first result's array covers, at least of 1;
    levels of a picture (uint8) by one.
    """
    if set(first) != set(second):
        return f"there are {sorted(second)} in place of {sorted(first)}"
    for name, one in first.items():
        other = second[name]
        if one.shape != other.shape or one.dtype != other.dtype:
            return f"{name} is {other.dtype} {other.shape} in place of {one.dtype} {one.shape}"
        if np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
            continue
        if one.dtype.kind not in "fiu" or not tolerance:
            return f"{name} is another"
        allowed = 1.0 if one.dtype == np.uint8 else tolerance * max(1.0, float(np.ptp(one)))
        apart = np.abs(one.astype(np.float64) - other.astype(np.float64))
        if not apart.max() <= allowed:
            place = np.unravel_index(np.nanargmax(apart), apart.shape)[0]
            return f"{name} differs by up to {apart.max():.3g} (allowed: {allowed:.3g}), most in row {place}"
    return ""
