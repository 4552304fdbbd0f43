"""When the eyes blink, where a sequence of eye offsets is given for one blink."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

import dh

_SHORTEST, _LONGEST = 60, 100
"""Frames between two random blinks, both inclusive."""


def blink_table(
    frames: int, length: int, interval: int | Sequence[int], rng: random.Random | None = None
) -> NDArray[np.int64]:
    """For each frame, which frame of the blink sequence it shows; frame 0 of it is an open eye.

    The last blink leaves room after it, so that the clip does not end within one.

    Args:
        frames: n, of the clip.
        length: frames of the blink sequence.
        interval: frames that the eyes stay open before each blink; a list is taken in turn, 0 draws 60 to 100 each
            time, and a negative number never blinks.
        rng: source of chance for interval 0; by default one with seed 0.

    Returns:
        [n], from 0 to length - 1.

    Raises:
        dh.OptionError: a list that is empty or holds a negative number.
    """
    table = np.zeros(frames, np.int64)
    if isinstance(interval, int) and interval < 0:
        return table
    first, last, following = _gaps(interval, rng or random.Random(0))
    position = first
    while position < frames - max(last, length):
        table[position : position + length] = np.arange(length)
        position += length + next(following)
    return table


def _gaps(interval: int | Sequence[int], rng: random.Random) -> tuple[int, int, Iterator[int]]:
    """Frames before the first blink and after the last one, and those between one and the next."""
    if interval == 0:
        draws = iter(lambda: rng.randint(_SHORTEST, _LONGEST), None)
        return next(draws), next(draws), draws
    gaps = [interval] if isinstance(interval, int) else list(interval)
    if not gaps or min(gaps) < 0:
        raise dh.OptionError(f"blink interval {interval!r}: give a number of frames or a list of numbers >= 0")
    return gaps[0], gaps[-1], (gaps[turn % len(gaps)] for turn in itertools.count(1))
