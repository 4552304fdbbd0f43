"""What a live session gives: frames with their sound, and figures about itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """A picture with its sound and its place on the timeline.

    Args:
        image: uint8 RGB of shape (height, width, 3).
        index: frame number on the timeline, from 0; frames that were dropped leave a gap.
        time: presentation time in seconds, index / fps.
        audio: float32 of shape (n,) at the session's sample rate: the sound up to the end of this frame, from the end
            of the last one that was given. Joined, the sound has no gap, whatever happens to the pictures.
    """

    image: NDArray[np.uint8]
    index: int
    time: float
    audio: NDArray[np.float32]


@dataclass(frozen=True)
class LiveStats:
    """How a live session does.

    Args:
        frames: given so far.
        dropped: pictures that were left out because they came too late.
        paused: seconds by which the timeline stood still because it could not be caught up with.
        latency: seconds from the push of speech to its frame and sound, where none waits before it.
        waiting: seconds of speech that were pushed and are not on the timeline yet.
        render_p50_ms: median milliseconds of rendering, over the latest minute or so.
        render_p95_ms: what 95 of 100 of these stay within.
    """

    frames: int
    dropped: int
    paused: float
    latency: float
    waiting: float
    render_p50_ms: float
    render_p95_ms: float
