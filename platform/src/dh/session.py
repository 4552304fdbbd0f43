"""One run of a method: components chosen, configured and built, the avatar registered, frames made."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel
from threadpoolctl import threadpool_limits

from dh.audio import SAMPLE_RATE, AudioChunk
from dh.avatar import Avatar
from dh.components import Context, Stage
from dh.configuration import configure, demands_of
from dh.controls import ControlTrack
from dh.errors import InputError, OptionError, StageError
from dh.frame import Frame
from dh.host_stages import FitMotion, SpeechClock, check_frames
from dh.media.audio import probe_audio, read_speech
from dh.mode import Mode
from dh.motion import Motion
from dh.pipeline import DEPTH, STALL_SECONDS, Pipeline, StageStats, as_source
from dh.progress import Listener, Notice, Progress, ignore
from dh.registry import Chain, Registry, installed
from dh.request import DEFAULT_FPS, RunRequest
from dh.source import Source
from dh.timing import exact_rate, frames_for
from dh.tuned import TunedWork

Result = TypeVar("Result")

SPEECH_CHUNK_SECONDS = 0.5
"""Length of the audio chunks that a file is read in."""


class FrameStream:
    """Frames as they are made, in order; an iterator to be closed, or used as a context manager.

    Attributes:
        fps: frames per second.
        limit: frames to expect, None where the audio is a stream.
    """

    def __init__(self, pipeline: Pipeline, frames: Iterator[Frame], fps: float, limit: int | None) -> None:
        self.fps = fps
        self.limit = limit
        self._pipeline = pipeline
        self._frames = frames
        # The stages keep the cores busy; numpy's own threads for small products only get in their way (1.15 times).
        self._blas = threadpool_limits(1, user_api="blas")

    @property
    def stats(self) -> list[StageStats]:
        """Counts and times of every stage so far."""
        return self._pipeline.stats

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        try:
            return next(self._frames)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> FrameStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the run; every stage stops."""
        self._pipeline.close()
        self._blas.restore_original_limits()


class Session:
    """Builds what a request asks for; then ``frames`` runs it.

    Args:
        request: what to run.
        listener: called with Progress and Notice events, from the caller's thread or a stage's.
        registry: what there is to run; default: the installed plugins.
        prefer_online: where the request leaves the mode open, run online if the driver can.

    Attributes:
        chain: the components.
        mode: "offline" or "online".
        options: their options by role; of a component that was built, those that it really uses.
        tuned: which of them were found best on this machine by ``dh bench METHOD --tune``, by role.
        tuned_work: what this run has in common with those that take the same tuned options.
        devices: their devices by role.
        weights: folders that a component's options name in place of its checkpoints, by role.
        checkpoints: folders of the checkpoints that each role uses, by the checkpoint's name.
        avatar: the registered identity.
        fps: frames per second of motion and video.
        stall_seconds: how long a component may work on one item.
        driver: what drives, once it was built for frames or motion.
        look_ahead: how many seconds of later speech a frame depends on, as the driver states it; None: all of it.

    Raises:
        DHError: whatever keeps the request from running.
    """

    def __init__(
        self,
        request: RunRequest,
        *,
        listener: Listener = ignore,
        registry: Registry | None = None,
        prefer_online: bool = False,
    ) -> None:
        registry = registry or installed()
        self.request = request
        self.listener = listener
        self._stall_seconds = stall_seconds()
        self._guarding: Pipeline | None = None
        self._noticed: set[str] = set()
        saved = Avatar.load(request.avatar) if request.avatar else None
        self.chain: Chain = registry.chain(
            request.method,
            profile=request.profile,
            driver=request.driver,
            renderer=request.renderer,
            demands=demands_of(request, saved),
        )
        if self.chain.notice:
            self._notice(self.chain.notice)
        configured = configure(request, self.chain, prefer_online=prefer_online)
        self.options: dict[str, BaseModel] = configured.options
        self.mode: Mode = configured.mode
        self.weights: dict[str, Path] = configured.weights
        self.checkpoints: dict[str, dict[str, Path]] = configured.checkpoints
        self.devices: dict[str, str] = configured.devices
        self.tuned: dict[str, dict[str, Any]] = configured.tuned
        self.tuned_work: TunedWork = configured.work
        self.look_ahead: float | None = self.chain.driver.spec.look_ahead
        self.driver: Any = None
        self._controls = ControlTrack.read(request.controls) if request.controls else ControlTrack()
        self._space = registry.space(self.chain.renderer.spec.motion_space, self.chain.renderer.name)
        self._driver_space = registry.space(self.chain.driver.spec.motion_space, self.chain.driver.name)
        self._speech = probe_audio(request.audio) if request.audio else None
        source = Source.open(request.source) if request.source else None
        self.fps = self._frame_rate(source, saved)
        self.avatar: Avatar = saved if saved is not None else self._register(source)
        self._check_avatar()

    def frames(self, audio: Iterable[AudioChunk] | None = None) -> FrameStream:
        """Builds driver and renderer and starts the pipeline.

        Args:
            audio: chunks as they arrive; default: the request's file.
        """
        limit = None
        if audio is not None:
            chunks = audio
        elif self.request.audio is not None:
            limit = self._expected_frames()
            chunks = read_speech(self.request.audio, chunk_seconds=SPEECH_CHUNK_SECONDS)
        else:
            raise OptionError("--audio is missing; give a file with speech")
        clock = SpeechClock(chunks, self.fps, limit)
        return self._start([as_source("audio", clock), *self._motion_stages(clock), *self.frame_stages()], limit)

    def motion(self, speech: Iterable[AudioChunk]) -> Iterator[Motion]:
        """Only what reaches the renderer: motion in its space, as many frames as the speech fills, with controls."""
        with self.start_motion(speech) as pipeline:
            yield from pipeline

    def start_motion(
        self, speech: Iterable[AudioChunk], hear: Callable[[AudioChunk], AudioChunk] | None = None
    ) -> Pipeline:
        """As ``motion``, with the driver and adapters built when it returns.

        Args:
            speech: chunks as they arrive.
            hear: given each chunk in the driver's thread when the driver asks for it, and returns what it gets.
        """
        clock = SpeechClock(speech, self.fps)
        return self._pipeline([as_source("audio", clock), *self._motion_stages(clock, hear)])

    def start_frames(self, motion: Iterable[Motion]) -> Pipeline:
        """The renderer's stages on motion in its space with controls, built when it returns.

        ``motion`` may keep them waiting as long as it likes.
        """
        source = as_source("motion", motion)
        return self._pipeline([source, *self.frame_stages()], patient=(source.name,))

    def render(self, motion: Iterable[Motion]) -> FrameStream:
        """Only the renderer, on motion in its space with controls."""
        return self._start([as_source("motion", motion), *self.frame_stages()], None)

    def _start(self, stages: list[Stage], limit: int | None) -> FrameStream:
        pipeline = self._pipeline(stages)
        name = f"renderer {self.chain.renderer.name}"
        frames = check_frames(iter(pipeline), name, self.avatar.width, self.avatar.height)
        return FrameStream(pipeline, frames, self.fps, limit)

    @property
    def online(self) -> bool:
        """Whether the mode is online."""
        return self.mode == "online"

    def _pipeline(self, stages: list[Stage], patient: Collection[str] = ()) -> Pipeline:
        """Stages to run. Online, no item waits in a queue behind another."""
        depth = 1 if self.online else DEPTH
        return Pipeline(stages, depth=depth, stall_seconds=self._stall_seconds, patient=patient)

    def _motion_stages(self, clock: SpeechClock, hear: Callable[[AudioChunk], AudioChunk] | None = None) -> list[Stage]:
        driver = self._build("driver")
        self.driver = driver
        self.look_ahead = getattr(driver, "look_ahead", self.look_ahead)

        def drive(speech: Iterator[AudioChunk]) -> Iterator[Motion]:
            motion: Iterator[Motion] = driver.drive(self.avatar, speech if hear is None else map(hear, speech))
            return motion

        stages = [Stage(f"driver {self.chain.driver.name}", drive)]
        stages += [self._adapter_stage(adapter.name) for adapter in self.chain.adapters]
        fit = FitMotion(stages[-1].name, self._space, self.fps, clock, self._controls, self.listener)
        return [*stages, Stage("motion", fit)]

    def frame_stages(self) -> list[Stage]:
        """The renderer's stages, from motion in its space with controls to frames."""
        renderer = self._build("renderer")
        name = f"renderer {self.chain.renderer.name}"
        stages = self._guarded(name, lambda: list(renderer.stages(self.avatar)))
        return [Stage(f"{name}: {stage.name}", stage.run) for stage in stages]

    def _adapter_stage(self, name: str) -> Stage:
        adapter = self._build(name)
        return Stage(f"adapter {name}", lambda motion: adapter.adapt(self.avatar, motion))

    def _expected_frames(self) -> int | None:
        """Frames that the request's audio fills."""
        return frames_for(self._speech.samples, SAMPLE_RATE, self.fps) if self._speech is not None else None

    def _frame_rate(self, source: Source | None, saved: Avatar | None) -> float:
        bound = self._space.fps or self._driver_space.fps or self.chain.driver.spec.fps
        wanted = self.request.fps
        if bound and saved is not None and saved.fps and abs(saved.fps - bound) > 1e-3:
            raise InputError(
                f"--avatar {self.request.avatar}: was registered at {saved.fps:g} frames per second, but this method's "
                f"motion has {bound:g}; register the source again with '{self._create_command()}'"
            )
        fixed = bound or (saved.fps if saved is not None else None)
        if fixed and wanted and abs(fixed - wanted) > 1e-3:
            why = "this method's motion has" if bound else "this avatar was registered at"
            raise OptionError(f"--fps {wanted:g}: {why} {fixed:g} frames per second; leave --fps out")
        if fixed or wanted:
            return float(fixed or wanted or DEFAULT_FPS)
        if source is not None and source.kind == "video" and source.fps and 10 <= source.fps <= 60:
            return float(exact_rate(source.fps))
        return DEFAULT_FPS

    def _register(self, source: Source | None) -> Avatar:
        if source is None:
            raise OptionError("--source is missing; give a picture or a video of the person")
        spec = self.chain.avatar.spec
        if source.kind not in spec.sources:
            takes = " or ".join(spec.sources)
            raise InputError(f"--source {source.path}: is a {source.kind}, but {spec.name} takes {takes}")
        builder = self._build("avatar")
        name = f"avatar {spec.name}"
        avatar = self._guarded(name, lambda: builder.register(source))
        if not isinstance(avatar, Avatar):
            raise StageError(name, f"register gave a {type(avatar).__name__}, not an Avatar")
        return avatar

    def _check_avatar(self) -> None:
        kinds = self.chain.renderer.spec.avatar_kinds
        if self.avatar.kind not in kinds:
            raise InputError(
                f"avatar of kind {self.avatar.kind!r} does not fit renderer {self.chain.renderer.name}, "
                f"which reads {' or '.join(kinds)}; register the source again with "
                f"'{self._create_command()}'"
            )

    def _create_command(self) -> str:
        """How the user registers a source for this run's components."""
        profile = f" --profile {self.chain.profile}" if self.chain.profile else ""
        return f"dh avatar create --method {self.request.method}{profile}"

    def _build(self, role: str) -> Any:
        """Constructs the component of a role, with its options and context."""
        component = self.chain.roles[role]
        implementation = component.implementation()
        begin = time.monotonic()

        def progress(done: int, total: int | None) -> None:
            if self._guarding is not None:
                self._guarding.beat()
            self.listener(Progress("register", done, total, time.monotonic() - begin))

        context = Context(
            fps=self.fps,
            seed=self.request.seed,
            device=self.devices[role],
            notice=self._notice,
            progress=progress,
            checkpoints=self.checkpoints[role],
            weights=self.weights.get(role),
            frames=self._expected_frames(),
            commercial_only=self.request.commercial_only,
            online=self.online,
        )
        kind = role if role in ("avatar", "driver", "renderer") else "adapter"
        built = self._guarded(f"{kind} {component.name}", lambda: implementation(self.options[role], context))
        chosen = getattr(built, "options", None)
        if type(chosen) is type(self.options[role]):
            self.options[role] = chosen
        return built

    def _notice(self, text: str) -> None:
        """Passes a component's notice on; what several of them say is said once."""
        if text not in self._noticed:
            self._noticed.add(text)
            self.listener(Notice(text))

    def _guarded(self, name: str, function: Callable[[], Result]) -> Result:
        """Calls plugin code as a stage of its own: what it raises names it, and a hang is noticed."""
        with Pipeline([Stage(name, lambda _: iter((function(),)))], stall_seconds=self._stall_seconds) as guarding:
            self._guarding = guarding
            result: Result = next(iter(guarding))
        self._guarding = None
        return result


def stall_seconds() -> float:
    """How long a stage may work on one item before it counts as stalled: ``DH_STALL_SECONDS``, or 120.

    Raises:
        OptionError: that is no number above 0.
    """
    text = os.environ.get("DH_STALL_SECONDS", "")
    try:
        seconds = float(text) if text else STALL_SECONDS
    except ValueError:
        seconds = 0.0
    if seconds <= 0:
        raise OptionError(f"DH_STALL_SECONDS={text!r}: give seconds above 0")
    return seconds
