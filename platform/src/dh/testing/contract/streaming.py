"""Clauses on work that goes on while the input arrives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from dh.audio import SAMPLE_RATE, AudioChunk
from dh.declarations import DriverSpec
from dh.motion import Motion
from dh.testing.contract.case import Case
from dh.testing.contract.clause import ContractBroken, NotApplicable, require
from dh.testing.contract.running import (
    close_streams,
    difference,
    joined,
    standard_speech,
    streams,
    streams_of,
)
from dh.testing.contract.speech import Samples, chunks, speech

_STEP = 160
"""Samples of the chunks that speech arrives in: 10 ms."""

_CHANGING_SECONDS = 4


def claims_to_stream(case: Case) -> bool:
    """Whether a driver says that it works while speech arrives."""
    spec: DriverSpec = case.spec
    return spec.look_ahead is not None or spec.online_option is not None


def driver_streams(case: Case) -> None:
    """A frame comes when its speech and look_ahead seconds after it were given, without a request for more."""
    driver = case.build(online=True)
    ahead = getattr(driver, "look_ahead", case.spec.look_ahead)
    require(ahead is not None, "it states no look_ahead in mode online")
    arrivals = _Arrivals(standard_speech(), case.fps, ahead)
    for chunk in streams_of(case, driver, arrivals)[-1]:
        arrivals.made += len(chunk)


class _Arrivals:
    """Speech as it arrives, which is refused to a driver that could give its next frame."""

    def __init__(self, samples: Samples, fps: float, ahead: float) -> None:
        self._chunks = chunks(samples, [_STEP])
        self._fps, self._ahead = fps, ahead
        self._given = 0
        self.made = 0
        """Frames that the driver has given."""

    def __iter__(self) -> Iterator[AudioChunk]:
        return self

    def __next__(self) -> AudioChunk:
        enough = math.ceil(((self.made + 1) / self._fps + self._ahead) * SAMPLE_RATE - 1e-6) + _STEP
        if self._given >= enough:
            raise ContractBroken(
                f"after {self._given / SAMPLE_RATE:.3f} s of speech it asks for more before frame {self.made}, which "
                f"ends at {(self.made + 1) / self._fps:.3f} s; its look_ahead is {self._ahead:g} s"
            )
        chunk = next(self._chunks)
        self._given += len(chunk)
        return chunk


def renderer_streams(case: Case) -> None:
    """In mode online a frame comes of its own motion alone, and keeps its number where others were dropped."""
    moved = case.bench.motion(case.space_in, case.fps)
    starts = [0, 1, 2, 5, 6, 9]
    given: list[int] = []

    def arriving() -> Iterator[Motion]:
        for number in starts:
            given.append(number)
            yield moved.slice(number, number + 1)

    made = []
    for frame in streams(case, arriving(), online=True)[-1]:
        made.append(frame.index)
        require(len(given) == len(made), f"it takes the motion of frame {given[-1]} before it gives frame {made[-1]}")
    require(made == starts, f"motion of frames {starts} gave frames {made}")


def has_live_options(case: Case) -> bool:
    """Whether a driver has options that may change while it drives."""
    return bool(case.spec.live_options)


def live_options(case: Case) -> None:
    """Each option that may change while it drives does change what follows, through its method change."""
    spec: DriverSpec = case.spec
    model = case.component.options_model()
    unknown = [name for name in spec.live_options if name not in model.model_fields]
    require(not unknown, f"{', '.join(unknown)}: none of its options")
    require(callable(getattr(case.component.implementation(), "change", None)), "it has no method change")
    able = claims_to_stream(case)
    plain = _driven_with_change(case, None, able)
    untold = []
    for name in spec.live_options:
        others = _other_values(case, name)
        changed = (_driven_with_change(case, {name: value}, able) for value in others)
        apart = any(difference(plain, motion, case.bench.settings.tolerance) for motion in changed)
        require(apart or not others, f"{name}: other values change nothing")
        untold += [] if others else [name]
    if untold:
        raise NotApplicable(f"name a new value in live_values for {', '.join(untold)}; the others do change it")


def _driven_with_change(case: Case, values: dict[str, Any] | None, online: bool) -> dict[str, Any]:
    """Motion of a driver whose options are changed when a quarter of the speech was given."""
    from dh.options import revise

    options = case.options(**(case.online_changes if online else {}))
    driver = case.build(online=online, options=options)
    samples = speech(_CHANGING_SECONDS * SAMPLE_RATE)

    def arriving() -> Iterator[AudioChunk]:
        told = values is None
        for chunk in chunks(samples, [SAMPLE_RATE // 10]):
            if not told and chunk.start >= len(samples) // 4:
                assert values is not None
                revised = revise(options, values, "live option")
                driver.change({name: getattr(revised, name) for name in values})
                told = True
            yield chunk

    outputs = streams_of(case, driver, arriving())
    try:
        return joined(list(outputs[-1]))
    finally:
        close_streams(outputs)


def _other_values(case: Case, name: str) -> list[Any]:
    """Values that an option may take in place of its default; none where neither range nor choices tell one."""
    given = case.bench.settings.live_values
    if name in given:
        return [given[name]]
    info = case.component.options_model().model_fields[name]
    now = getattr(case.options(), name)
    if info.annotation is bool:
        return [not now]
    if get_origin(info.annotation) is Literal:
        return [choice for choice in get_args(info.annotation) if choice != now]
    ends = [
        getattr(constraint, end) for constraint in info.metadata for end in ("ge", "le") if hasattr(constraint, end)
    ]
    return [end for end in ends if end != now]
