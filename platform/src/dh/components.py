"""What a plugin author implements: an AvatarBuilder, a Driver, a Renderer or an Adapter.

The host constructs each as ``Class(options, context)`` once per run, in the order avatar, driver, adapters, renderer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from dh.audio import AudioChunk
    from dh.avatar import Avatar
    from dh.motion import Motion
    from dh.source import Source


def _no_notice(message: str) -> None:
    """Takes notices of a run that nobody listens to."""


def _no_progress(done: int, total: int | None) -> None:
    """Takes progress that nobody listens to."""


@dataclass(frozen=True)
class Context:
    """What a component may know about its run.

    Args:
        fps: frames per second of motion and video.
        seed: of every random choice; the same seed and inputs give the same frames.
        device: "cpu", "cuda", "cuda:1" or "mps".
        notice: call it with one line that the user should see ("3 faces found, took the largest").
        progress: call it during long registration with steps done and in all (None: unknown); it also tells the
            host that the component is alive.
        checkpoints: folder of each of the component's checkpoints, by the checkpoint's name.
    """

    fps: float = 25.0
    seed: int = 0
    device: str = "cpu"
    notice: Callable[[str], None] = _no_notice
    progress: Callable[[int, int | None], None] = _no_progress
    checkpoints: dict[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline: ``run`` takes an iterator and yields. The host runs it in a thread of its own.

    ``run`` holds no threads and no queues. It may keep state between items; it is called once per run.
    """

    name: str
    run: Callable[[Iterator[Any]], Iterator[Any]]


class AvatarBuilder(Protocol):
    """Registers an identity; once per source."""

    def __init__(self, options: Any, context: Context) -> None: ...

    def register(self, source: Source) -> Avatar:
        """Looks at the source and returns all that drivers and renderers need of it.

        Raises:
            FaceError: the source shows no usable person.
        """
        ...


class Driver(Protocol):
    """Turns speech into motion."""

    def __init__(self, options: Any, context: Context) -> None: ...

    def drive(self, avatar: Avatar, speech: Iterator[AudioChunk]) -> Iterator[Motion]:
        """Yields motion for ceil(seconds of speech x fps) frames, in chunks of any size and in order.

        Must not depend on how the speech was cut into chunks.
        """
        ...


class Renderer(Protocol):
    """Turns motion into frames."""

    def __init__(self, options: Any, context: Context) -> None: ...

    def stages(self, avatar: Avatar) -> Sequence[Stage]:
        """Stages in order; the first takes Motion (with controls), the last yields Frame, one per motion frame."""
        ...


class Adapter(Protocol):
    """Converts motion of one space into another."""

    def __init__(self, options: Any, context: Context) -> None: ...

    def adapt(self, avatar: Avatar, motion: Iterator[Motion]) -> Iterator[Motion]:
        """Yields motion of the target space for the same stretch of time."""
        ...
