"""Drivers that each break one clause of the contract, and one that breaks none."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

import dh

RELEASE = threading.Event()
"""Ends the threads that components here leave; set when their tests are over."""

KEPT: list[Any] = []
"""What components here hold on to."""

Speech = Iterator[dh.AudioChunk]


class Options(BaseModel):
    """Options as they should be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gain: float = Field(4.0, ge=0.0, le=100.0, description="mouth opening per unit of loudness")
    jitter: float = Field(0.0, ge=0.0, le=1.0, description="random opening added to every frame")
    online: bool = Field(False, description="hear no more than online")


class LenientOptions(Options):
    model_config = ConfigDict(extra="ignore", frozen=True)


class MutableOptions(Options):
    model_config = ConfigDict(extra="forbid", frozen=False)


class RequiredOptions(Options):
    gain: float = Field(description="no default")


class InvalidOptions(Options):
    gain: float = Field(-1.0, ge=0.0, description="a default below the range")


class SilentOptions(Options):
    gain: float = 4.0


class NumberOnline(Options):
    online: int = Field(0, description="no switch")  # type: ignore[assignment]


class Driver:
    """A jaw that opens with the loudness, as the toy's."""

    def __init__(self, options: Any, context: dh.Context) -> None:
        self.options, self.context = options, context

    def motion(self, frame: int, samples: Any, gain: float = 4.0) -> dh.Motion:
        return dh.arkit_motion(frame, self.context.fps, jawOpen=gain * float(np.sqrt(np.mean(samples**2))))

    def drive(self, avatar: dh.Avatar, speech: Speech) -> Iterator[dh.Motion]:
        for frame, samples in enumerate(dh.split_frames(speech, self.context.fps)):
            self.each_frame(frame)
            yield self.motion(frame, samples)

    def each_frame(self, frame: int) -> None:
        """What a driver does besides."""


class Nothing:
    def __init__(self, options: Any, context: dh.Context) -> None:
        pass


class OutOfRange(Driver):
    def motion(self, frame: int, samples: Any, gain: float = 4.0) -> dh.Motion:
        made = super().motion(frame, samples)
        return dh.Motion(made.space, frame, made.fps, {**made.values, "rotation": np.full((1, 3), 200.0, np.float32)})


class FromOne(Driver):
    def motion(self, frame: int, samples: Any, gain: float = 4.0) -> dh.Motion:
        return super().motion(frame + 1, samples)


class WholeFramesOnly(Driver):
    def drive(self, avatar: dh.Avatar, speech: Speech) -> Iterator[dh.Motion]:
        last: dh.Motion | None = None
        for made in super().drive(avatar, speech):
            if last is not None:
                yield last
            last = made


class AnotherRate(Driver):
    def motion(self, frame: int, samples: Any, gain: float = 4.0) -> dh.Motion:
        made = super().motion(frame, samples)
        return dh.Motion(made.space, frame, 60.0, made.values)


class ByChunk(Driver):
    def drive(self, avatar: dh.Avatar, speech: Speech) -> Iterator[dh.Motion]:
        size = 0

        def noted() -> Speech:
            nonlocal size
            for chunk in speech:
                size = len(chunk)
                yield chunk

        for frame, samples in enumerate(dh.split_frames(noted(), self.context.fps)):
            yield self.motion(frame, samples, gain=4.0 + size % 100 / 10)


class DividesByLoudness(Driver):
    def motion(self, frame: int, samples: Any, gain: float = 4.0) -> dh.Motion:
        with np.errstate(invalid="ignore"):
            return super().motion(frame, samples / np.max(np.abs(samples)))


class StartsBlindly(Driver):
    def drive(self, avatar: dh.Avatar, speech: Speech) -> Iterator[dh.Motion]:
        first = next(speech)
        yield from super().drive(avatar, iter([first, *speech]))


class Hoarder(Driver):
    def drive(self, avatar: dh.Avatar, speech: Speech) -> Iterator[dh.Motion]:
        heard: list[dh.AudioChunk] = []

        def hoarded() -> Speech:
            for chunk in speech:
                heard.append(chunk)
                yield chunk

        yield from super().drive(avatar, hoarded())


class Late(Driver):
    """Gives each frame three frames later than it says."""

    def drive(self, avatar: dh.Avatar, speech: Speech) -> Iterator[dh.Motion]:
        waiting: list[dh.Motion] = []
        for made in super().drive(avatar, speech):
            waiting.append(made)
            if len(waiting) > 3:
                yield waiting.pop(0)
        yield from waiting


class SilentAboutIt(Driver):
    """Has a mode online and states no look-ahead in it."""

    look_ahead = None


class DeafToChange(Driver):
    def change(self, options: Mapping[str, Any]) -> None:
        """Forgets them."""


class Lingering(Driver):
    """Does not end when its speech does."""

    def drive(self, avatar: dh.Avatar, speech: Speech) -> Iterator[dh.Motion]:
        try:
            yield from super().drive(avatar, speech)
        except GeneratorExit:
            raise
        except BaseException:
            RELEASE.wait(60)
            raise


class Draining(Driver):
    def drive(self, avatar: dh.Avatar, speech: Speech) -> Iterator[dh.Motion]:
        try:
            yield from super().drive(avatar, speech)
        finally:
            next(speech, None)


class Hanging(Driver):
    def drive(self, avatar: dh.Avatar, speech: Speech) -> Iterator[dh.Motion]:
        try:
            yield from super().drive(avatar, speech)
        finally:
            RELEASE.wait(60)


class LeavesHelper(Driver):
    """Tells its helper to end only where its speech ends."""

    def drive(self, avatar: dh.Avatar, speech: Speech) -> Iterator[dh.Motion]:
        over = threading.Event()
        helper = threading.Thread(target=lambda: over.wait(60) or RELEASE.wait(60), name="helper", daemon=True)
        helper.start()
        yield from super().drive(avatar, speech)
        over.set()


class DrawsForEverybody(Driver):
    def motion(self, frame: int, samples: Any, gain: float = 4.0) -> dh.Motion:
        return super().motion(frame, samples, gain=4.0 + np.random.random())


class Counts(Driver):
    runs = 0

    def __init__(self, options: Any, context: dh.Context) -> None:
        super().__init__(options, context)
        type(self).runs += 1

    def motion(self, frame: int, samples: Any, gain: float = 4.0) -> dh.Motion:
        return super().motion(frame, samples, gain=4.0 + self.runs)


class LeavesThread(Driver):
    def __init__(self, options: Any, context: dh.Context) -> None:
        super().__init__(options, context)
        threading.Thread(target=RELEASE.wait, args=(60,), name="left behind", daemon=True).start()


class LeavesFileOpen(Driver):
    def __init__(self, options: Any, context: dh.Context) -> None:
        super().__init__(options, context)
        KEPT.append(Path(__file__).open())  # noqa: SIM115


class LeavesTemporaryFile(Driver):
    def __init__(self, options: Any, context: dh.Context) -> None:
        super().__init__(options, context)
        number, _ = tempfile.mkstemp()
        os.close(number)


class WritesHere(Driver):
    def __init__(self, options: Any, context: dh.Context) -> None:
        super().__init__(options, context)
        Path("driver.log").write_text("driven", encoding="utf-8")


class SeedsEverybody(Driver):
    def each_frame(self, frame: int) -> None:
        np.random.seed(self.context.seed)
        random.seed(self.context.seed)


class SetsEnvironment(Driver):
    def each_frame(self, frame: int) -> None:
        os.environ["CONTRACT_BREAKER"] = "1"


class HidesWarnings(Driver):
    def each_frame(self, frame: int) -> None:
        warnings.filterwarnings("ignore")


class ChangesFolder(Driver):
    def each_frame(self, frame: int) -> None:
        os.chdir(tempfile.gettempdir())


class HidesNumberErrors(Driver):
    def each_frame(self, frame: int) -> None:
        np.seterr(all="ignore")


class HalvesTorch(Driver):
    def each_frame(self, frame: int) -> None:
        import torch

        torch.set_default_dtype(torch.float64)


class TellsHome(Driver):
    """Reaches for the network, and goes on without."""

    def __init__(self, options: Any, context: dh.Context) -> None:
        super().__init__(options, context)
        with contextlib.suppress(OSError):
            socket.create_connection(("192.0.2.1", 80), timeout=0.01).close()


class Changing(Driver):
    """One with every claim that a driver may make, kept."""

    look_ahead = 0.0

    def motion(self, frame: int, samples: Any, gain: float = 4.0) -> dh.Motion:
        return super().motion(frame, samples, gain=self.options.gain)

    def change(self, options: Mapping[str, Any]) -> None:
        self.options = self.options.model_copy(update=dict(options))
