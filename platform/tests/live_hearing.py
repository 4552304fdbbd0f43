"""A driver whose motion tells which samples it heard, and a renderer whose frames tell its motion and controls."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

import dh

LOOK_AHEAD = 0.08
"""Of the driver, seconds."""

LEAD = round(LOOK_AHEAD * 25) + 2
"""Frames at 25 per second between speech that is pushed and its picture."""

UNIT = 8192
"""Frames that can be told apart; sample k of speech is (1 + k // 640) / UNIT."""


HANGS: dict[str, threading.Event] = {}
"""By what hangs at its fourth frame, "driver" or "renderer": what lets it go on."""


def hang(what: str, frame: int) -> None:
    if what in HANGS and frame == 3:
        HANGS[what].wait()


class HearingOptions(BaseModel):
    """How it hears, and how it may break its word."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gain: float = Field(1.0, ge=0, le=10)
    greedy: bool = False
    ends: bool = False
    tells: bool = False


class Hearing:
    """jawOpen is the first sample of its frame; tongueOut the loudest of the frames within the look-ahead."""

    def __init__(self, options: HearingOptions, context: dh.Context) -> None:
        self._options, self._fps, self._notice = options, context.fps, context.notice

    def change(self, options: Mapping[str, Any]) -> None:
        self._options = self._options.model_copy(update=dict(options))

    def drive(self, avatar: dh.Avatar, speech: Iterator[dh.AudioChunk]) -> Iterator[dh.Motion]:
        ahead = 40 if self._options.greedy else round(LOOK_AHEAD * self._fps)
        heard: list[np.ndarray[Any, Any]] = []
        frame = 0
        for samples in dh.split_frames(speech, self._fps):
            hang("driver", frame)
            heard.append(samples * self._options.gain)
            if self._options.tells and frame == 3:
                self._notice("three frames were heard")
            if self._options.ends and frame > 3:
                return
            if len(heard) > ahead:
                later = max(float(np.abs(part).max()) for part in heard[1:] or heard)
                yield dh.arkit_motion(frame, self._fps, jawOpen=heard.pop(0)[0], tongueOut=later)
                frame += 1


class Telling:
    """Frames of 16x16 pixels: row 0 jawOpen's frame number, row 1 voice in 1/255, row 2 yaw + 45 in 1/2 degrees."""

    def __init__(self, options: Any, context: dh.Context) -> None:
        self.fail_at: int | None = None

    def stages(self, avatar: dh.Avatar) -> Sequence[dh.Stage]:
        def tell(motion: Iterator[dh.Motion]) -> Iterator[tuple[int, float, Any, float]]:
            for chunk in motion:
                assert len(chunk) == 1
                jaw = float(chunk["blendshapes"][0, dh.ARKIT_BLENDSHAPES.index("jawOpen")])
                yield chunk.start, jaw, chunk.controls, chunk.fps

        def draw(told: Iterator[tuple[int, float, Any, float]]) -> Iterator[dh.Frame]:
            for index, jaw, controls, fps in told:
                hang("renderer", index)
                image = np.zeros((16, 16, 3), np.uint8)
                number = round(jaw * UNIT)
                image[0, 0] = (number // 256, number % 256, 0)
                image[1] = round(float(controls.voice[0]) * 255)
                image[2] = round((float(controls.yaw[0]) + 45) * 2)
                image[3] = round(abs(float(controls.y[0])) * 1e4)
                yield dh.Frame(image, index, index / fps)

        return [dh.Stage("tell", tell), dh.Stage("draw", draw)]


def numbered_speech(frames: int, first: int = 1) -> np.ndarray[Any, Any]:
    """Speech in which each frame's samples have its number, from ``first`` on; 640 samples each."""
    return np.repeat(np.arange(first, first + frames, dtype=np.float32) / UNIT, 640)


def jaw_of(frame: dh.LiveFrame) -> int:
    """The number of the speech that the frame's mouth shows."""
    return int(frame.image[0, 0, 0]) * 256 + int(frame.image[0, 0, 1])


def voice_of(frame: dh.LiveFrame) -> float:
    return float(frame.image[1, 0, 0]) / 255


def yaw_of(frame: dh.LiveFrame) -> float:
    return float(frame.image[2, 0, 0]) / 2 - 45


@dh.hookimpl
def dh_drivers() -> Iterator[dh.DriverSpec]:
    common: dict[str, Any] = {
        "summary": "",
        "implementation": "live_hearing:Hearing",
        "options": "live_hearing:HearingOptions",
    }
    yield dh.DriverSpec(name="hearing", motion_space="arkit", look_ahead=LOOK_AHEAD, live_options=("gain",), **common)
    yield dh.DriverSpec(name="deaf", motion_space="arkit", look_ahead=None, **common)


@dh.hookimpl
def dh_renderers() -> Iterator[dh.RendererSpec]:
    yield dh.RendererSpec(
        name="telling",
        summary="",
        implementation="live_hearing:Telling",
        motion_space="arkit",
        avatar_kinds=("toy",),
    )


@dh.hookimpl
def dh_methods() -> Iterator[dh.MethodSpec]:
    yield dh.MethodSpec(name="hearing", summary="", avatar="toy", driver="hearing", renderer="telling")
