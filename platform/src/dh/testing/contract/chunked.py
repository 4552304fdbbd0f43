"""Clauses on input: cut in any way, silent, empty or very long."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np

from dh.audio import SAMPLE_RATE
from dh.testing.contract.case import Case
from dh.testing.contract.clause import ContractBroken, require
from dh.testing.contract.products import drive_and_check
from dh.testing.contract.running import WHOLE, Cut, close_streams, difference, streams, work
from dh.testing.contract.speech import endless_speech

SPEECH_CUTS: tuple[Cut, ...] = ((160,), (1, 37, 4801, 5, 12_000, 640))
MOTION_CUTS: tuple[Cut, ...] = ((1,), (3, 1, 5))

_SETTLED_SECONDS = 6
_LONG_SECONDS = 18
_LONG_CHUNK = 4000


def any_chunks(case: Case) -> None:
    """The result does not depend on how the input was cut into chunks, down to single samples or frames."""
    cuts = SPEECH_CUTS if case.kind == "driver" else MOTION_CUTS
    for online in case.modes:
        whole = work(case, cut=WHOLE, online=online)
        for cut in cuts:
            apart = difference(whole, work(case, cut=cut, online=online), case.bench.settings.tolerance)
            sizes = ", ".join(map(str, cut))
            mode = ", in mode online" if online else ""
            require(not apart, f"in chunks of {sizes}{mode}: {apart}")


def silence(case: Case) -> None:
    """Silence, and speech of a single sample, give valid motion of the right length."""
    for online in case.modes:
        for length in (1, SAMPLE_RATE + 1):
            drive_and_check(case, np.zeros(length, np.float32), online=online)


def empty(case: Case) -> None:
    """Nothing gives nothing: no speech no motion, no motion no frames, and no error."""
    for online in case.modes:
        made = list(streams(case, [], online=online, frames=None if online else 0)[-1])
        require(not made, f"{len(made)} items of an empty input")


def long_speech(case: Case) -> None:
    """However long the speech, what it holds does not grow with it, and frames keep their numbers."""
    outputs = streams(case, endless_speech(_LONG_CHUNK), online=True)
    traced = tracemalloc.is_tracing()
    if not traced:
        tracemalloc.start()
    try:
        done, settled = 0, None
        for chunk in outputs[-1]:
            require(chunk.start == done, f"a chunk starts at frame {chunk.start}, expected {done}")
            done += len(chunk)
            if settled is None and done >= _SETTLED_SECONDS * case.fps:
                settled = _held_bytes()
            if done >= _LONG_SECONDS * case.fps:
                break
        if settled is None:
            raise ContractBroken(f"it ends after {done} frames though the speech goes on")
        grown = _held_bytes() - settled
    finally:
        if not traced:
            tracemalloc.stop()
        close_streams(outputs)
    heard = (_LONG_SECONDS - _SETTLED_SECONDS) * SAMPLE_RATE * 4
    require(
        grown < heard / 4,
        f"it holds {grown / 2**20:.2f} MiB more after {_LONG_SECONDS} s of speech than after {_SETTLED_SECONDS} s, "
        f"in which it heard {heard / 2**20:.2f} MiB",
    )


def _held_bytes() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
