"""Stand-ins for what a component is run with: motion for renderers and adapters, avatar and renderer for drivers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dh.audio import SAMPLE_RATE
from dh.avatar import Avatar
from dh.components import Context, Stage
from dh.controls import Controls
from dh.frame import Frame
from dh.motion import Motion, MotionSpace
from dh.source import Source
from dh.testing.contract.clause import NotApplicable
from dh.testing.contract.speech import chunks, speech

if TYPE_CHECKING:
    from dh.testing.contract.bench import Bench

BLANK_KIND = "contract-blank"
MOTION_FRAMES = 10
"""Length of the motion that renderers and adapters read."""

_SIZE = 64


class BlankAvatarBuilder:
    """Makes an avatar of nobody."""

    def __init__(self, options: Any, context: Context) -> None:
        pass

    def register(self, source: Source) -> Avatar:
        """An avatar of 64 x 64 pixels without data, whatever the source."""
        return Avatar(BLANK_KIND, _SIZE, _SIZE)


class BlankRenderer:
    """Makes a black frame of each frame of motion."""

    def __init__(self, options: Any, context: Context) -> None:
        pass

    def stages(self, avatar: Avatar) -> Sequence[Stage]:
        """One stage."""
        black = np.zeros((avatar.height, avatar.width, 3), np.uint8)

        def draw(motion: Iterator[Motion]) -> Iterator[Frame]:
            for chunk in motion:
                for index in range(chunk.start, chunk.start + len(chunk)):
                    yield Frame(black, index, index / chunk.fps)

        return [Stage("draw", draw)]


def stand_in_motion(bench: Bench, space: MotionSpace, fps: float) -> Motion:
    """Ten frames of motion in a space, with controls that change nothing.

    Where every field has a range, smooth waves through the middle of it, each element at its own speed. Else what an
    installed driver of that space makes of speech: only it knows what values are sensible.

    Raises:
        NotApplicable: no driver here makes motion in such a space.
    """
    controls = Controls.neutral(MOTION_FRAMES)
    fields = space.fields.values()
    if any(field.low is None or field.high is None for field in fields):
        motion = _driven(bench, space, fps)
        return Motion(space, 0, fps, motion.slice(0, MOTION_FRAMES).values, controls=controls)
    values = {}
    time = np.arange(MOTION_FRAMES) / fps
    for name, field in space.fields.items():
        assert field.low is not None and field.high is not None
        size = int(np.prod(field.shape))
        wave = np.sin(2 * np.pi * time[:, None] * (1 + np.arange(size) % 5 / 5))
        # From where rest is (0, or the end of the range that is nearest to it), a sixth of the range to either side.
        rest = np.clip(0.0, field.low, field.high)
        moved = np.clip(rest + wave * (field.high - field.low) / 6, field.low, field.high)
        values[name] = moved.reshape(MOTION_FRAMES, *field.shape).astype(np.float32)
    return Motion(space, 0, fps, values, controls=controls)


def _driven(bench: Bench, space: MotionSpace, fps: float) -> Motion:
    from dh.testing.contract.case import Case
    from dh.testing.contract.running import joined, streams

    reasons = []
    drivers = [driver for driver in bench.registry.drivers.values() if driver.spec.motion_space == space.name]
    for driver in sorted(drivers, key=lambda driver: driver.plugin != bench.record.name):
        case = Case(bench, "driver", driver.name, driver)
        heard = speech(int(MOTION_FRAMES / fps * SAMPLE_RATE))
        try:
            made = joined(list(streams(case, chunks(heard, [len(heard)]), frames=MOTION_FRAMES, fps=fps)[-1]))
        except NotApplicable as reason:
            reasons.append(f"{driver.name}: {reason}")
            continue
        return Motion(space, 0, fps, made)
    why = "; ".join(reasons) or "no installed driver makes it"
    raise NotApplicable(f"it needs motion in space {space.name!r} ({why})")
