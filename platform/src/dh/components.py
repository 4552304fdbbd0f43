"""What a plugin author implements: an AvatarBuilder, a Driver, a Renderer, an Adapter or a Metric.

The host constructs each as ``Class(options, context)`` once per run, in the order avatar, driver, adapters, renderer. A
component that fills in options itself, for instance with defaults that come with its weights, keeps the result as its
attribute ``options``: run records hold those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from dh.audio import AudioChunk
    from dh.avatar import Avatar
    from dh.evaluation.material import Material
    from dh.evaluation.measure import Measure
    from dh.motion import Motion
    from dh.progress import Listener
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
        checkpoints: folder of each of the component's checkpoints that are there, by the checkpoint's name.
        weights: folder that the component's ``weights_option`` names, None where it is not set.
        frames: that the run will make; None where nobody knows yet.
        commercial_only: whether the user refuses what does not clearly allow commercial use.
        online: whether the run is online: then no component waits for more input than it needs, to work on several
            items at once.
    """

    fps: float = 25.0
    seed: int = 0
    device: str = "cpu"
    notice: Callable[[str], None] = _no_notice
    progress: Callable[[int, int | None], None] = _no_progress
    checkpoints: dict[str, Path] = field(default_factory=dict)
    weights: Path | None = None
    frames: int | None = None
    commercial_only: bool = False
    online: bool = False


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline: ``run`` takes an iterator and yields. The host runs it in a thread of its own.

    ``run`` holds no threads and no queues. It may keep state between items; it is called once per run.
    """

    name: str
    run: Callable[[Iterator[Any]], Iterator[Any]]


class WeightsTools(Protocol):
    """What can be done with a method's weights beyond pulling them. Any of the functions may be None.

    Each writes a folder that appears whole or not at all, and returns it; ``notice`` takes lines for the user. A
    target that the host gives is absent or empty; where it gives none, what is there already is not overwritten.
    """

    convert: Callable[[Path, Path | None, Callable[[str], None]], Path] | None
    """``convert(source, target, notice)``: published files into this project's own layout; target None: where a run
    that is given the source finds them."""

    initialise: Callable[[Path, int, Callable[[str], None]], Path] | None
    """``initialise(target, seed, notice)``: untrained weights of full size, for tests and benchmarks."""

    export: Callable[[Path, Path | None, str, str, Callable[[str], None]], Path] | None
    """``export(weights, target, format, precision, notice)``: networks for another runtime; target None: where a run
    that is given the weights finds them."""


@dataclass(frozen=True)
class PartTiming:
    """How long one part of a method takes.

    Args:
        name: of the part, with what one call does.
        ms: median milliseconds of a call.
        plain_ms: of the same work done in the plain, published way, in the same run; None where there is no other way.
        note: one line on what was measured.
        p95_ms: milliseconds that 95 of 100 calls stayed within; None where it was not measured.
    """

    name: str
    ms: float
    plain_ms: float | None = None
    note: str = ""
    p95_ms: float | None = None


class PartsBench(Protocol):
    """Measures a method's parts, such as its networks, without weights or a source.

    ``repeats`` calls of each are timed and the median counts; ``device`` is "cpu", "cuda", "cuda:1" or "mps";
    ``options`` are the values of ``--set`` by key, of which it takes those that concern its parts, such as a precision,
    and leaves the others to whole runs; ``notice`` takes lines for the user.
    """

    def __call__(
        self, *, repeats: int, device: str, options: Mapping[str, Any], notice: Callable[[str], None]
    ) -> Sequence[PartTiming]: ...


class TrainingTools(Protocol):
    """Prepares data for a method and trains it. A method may bring one of the two alone.

    Both are long work, made to be stopped: called again with the same arguments, on an output that holds what an
    earlier call left, they go on where that one stopped, and a finished one returns at once. ``listener`` takes
    ``Progress`` (phases "prepare" and "train") and ``Notice`` events; ``options`` are values by key that win over the
    configuration's. What is wrong with the user's files or options is raised as a ``DHError``; KeyboardInterrupt
    passes.
    """

    def prepare(
        self,
        sources: Sequence[Path],
        output: Path,
        config: Path | None,
        options: Mapping[str, Any],
        listener: Listener,
    ) -> Path:
        """Turns sources into training data below ``output``, and returns the folder of these.

        Args:
            sources: files and folders that are there; none where the data are made without any.
            output: folder, there or not.
            config: YAML file; None: the method's own defaults.
            options: by key.
            listener: for events.
        """
        ...

    def train(self, config: Path, output: Path, options: Mapping[str, Any], listener: Listener) -> Path:
        """Trains as ``config``, a YAML file, says, and returns the folder of the finished weights below ``output``.

        Args are those of ``prepare``.
        """
        ...


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
    """Turns speech into motion.

    A driver may have more than this protocol asks for:

    - an attribute ``look_ahead``, seconds: with its options, in place of its declaration's;
    - a method ``change(options: Mapping[str, Any]) -> None``, which its declaration's ``live_options`` need. It is
      called with new values of some of these options, checked by the model of options, whenever ``drive`` asks for the
      next chunk of speech, in the same thread. They take effect on speech from that chunk on.
    """

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


class Metric(Protocol):
    """Measures a video. ``context.fps`` is the video's rate."""

    def __init__(self, options: Any, context: Context) -> None: ...

    def measure(self, material: Material) -> Measure:
        """The metric's value on one video, with what it rests on.

        Work that several metrics need is done once, through ``material.shared``.

        Raises:
            NotMeasurable: it cannot be computed here; one line says why.
        """
        ...
