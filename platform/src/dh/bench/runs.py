"""Whole runs of a method: driver alone, renderer alone, everything with encoding, and online."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dh.api import run
from dh.audio import SAMPLE_RATE, AudioChunk
from dh.bench.figures import StageTimes, speed, stage_rows, stage_times
from dh.bench.inputs import framed_portrait, speech_samples, write_speech
from dh.bench.online import measure_online
from dh.bench.request import SECONDS, BenchRequest
from dh.bench.session import WarmSession
from dh.machine import machine, peak_memory
from dh.media.audio import read_speech
from dh.motion import Motion
from dh.progress import Event, Listener, Notice, ignore
from dh.request import make_request

TRIAL_SECONDS = 0.4
"""Of speech whose frames tell how fast this machine is, and the least that is measured."""

PATIENCE = 60.0
"""Seconds that a repeat may take where the user gives no length of speech."""


def measure(request: BenchRequest, listener: Listener = ignore) -> dict[str, Any]:
    """Measures whole runs of a method. Each measurement stands on its own, so that none hides another.

    Returns:
        Frames per second and real-time factors (video seconds per second), the median of each measurement's
        repeats; the stages' busy milliseconds; how late frames come online, where the driver can run so; peak memory
        in MiB; and the machine.

    Raises:
        DHError: as ``run``.
    """
    listener = _once(listener)
    with tempfile.TemporaryDirectory(prefix="dh-bench-") as name:
        folder = Path(name)
        samples = speech_samples(request.audio, request.seconds or SECONDS)
        audio = write_speech(samples, folder / "speech.wav")
        values: dict[str, Any] = {
            "method": request.method,
            "profile": request.profile,
            "driver": request.driver,
            "renderer": request.renderer,
            "options": request.options,
            "device": request.device,
            "mode": request.mode,
        }
        source = request.source or framed_portrait(folder)
        begin = time.perf_counter()
        session = WarmSession(make_request(**values, source=source, audio=audio), listener=listener)
        register_seconds = time.perf_counter() - begin
        # Chosen, told and registered once, for all that follow.
        values["profile"] = session.chain.profile or request.profile
        values["avatar"] = folder / "registered.dhavatar"
        session.avatar.save(values["avatar"])

        rate = _trial(session, samples)
        if request.seconds is None and (fitting := fitting_seconds(rate, session.fps)) < SECONDS:
            listener(Notice(f"about {rate:.2g} frames/s: {fitting:g} s of speech are enough; --seconds sets more"))
            samples = samples[: round(fitting * SAMPLE_RATE)]
            write_speech(samples, audio)
        driver = [_drive(session, audio) for _ in range(request.repeats)]
        chunks = driver[0][1]
        renderer = [_render(session, chunks) for _ in range(request.repeats)]
        target = folder / "out.mp4"
        whole = [run(**values, audio=audio, output=target, on_event=listener) for _ in range(request.repeats)]
        online = _online(session, {**values, "audio": audio}, samples, request.repeats, listener)
    frames = whole[0]["output"]["frames"]
    fps = session.fps
    return {
        "method": request.method,
        "profile": session.chain.profile,
        "mode": session.mode,
        "components": _components(session),
        "frame": [session.avatar.width, session.avatar.height],
        "frames": frames,
        "fps": fps,
        "register_seconds": round(register_seconds, 3),
        "driver": speed([seconds for seconds, _ in driver], frames, fps),
        "renderer": {
            **speed([seconds for seconds, _ in renderer], frames, fps),
            "stages": stage_rows([stages for _, stages in renderer], frames),
        },
        "end_to_end": {
            **speed([record["timing"]["seconds"]["render"] for record in whole], frames, fps),
            "stages": stage_rows([_stages_of(record) for record in whole], frames),
        },
        "online": online,
        **peak_memory(),
        "machine": machine(),
    }


def _once(listener: Listener) -> Listener:
    """Passes on each notice once, though every run gives it."""
    given: set[str] = set()

    def tell(event: Event) -> None:
        if isinstance(event, Notice):
            if event.text in given:
                return
            given.add(event.text)
        listener(event)

    return tell


def _trial(session: WarmSession, samples: NDArray[np.float32]) -> float:
    """Frames per second after the first of a short run, which builds and warms the components."""
    chunk = AudioChunk(samples[: round(TRIAL_SECONDS * SAMPLE_RATE)], 0)
    with session.frames([chunk]) as frames:
        next(frames)
        seconds, following = _timed(lambda: sum(1 for _ in frames))
    return float(max(1, following) / seconds)


def fitting_seconds(rate: float, fps: float) -> float:
    """Seconds of speech whose frames take no longer than ``PATIENCE``."""
    return round(min(SECONDS, max(TRIAL_SECONDS, PATIENCE * rate / fps)), 1)


def _drive(session: WarmSession, audio: Path) -> tuple[float, list[Motion]]:
    speech = list(read_speech(audio))
    return _timed(lambda: list(session.motion(iter(speech))))


def _render(session: WarmSession, chunks: list[Motion]) -> tuple[float, dict[str, StageTimes]]:
    """Seconds of all frames at the pace of those after the first, which waits for the renderer's preparation."""
    with session.render(iter(chunks)) as frames:
        next(frames)
        seconds, following = _timed(lambda: sum(1 for _ in frames))
    pace = seconds / max(1, following)
    return pace * (following + 1), {stage.name: stage_times(stage) for stage in frames.stats[1:]}


def _timed(function: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.perf_counter()
    result = function()
    return time.perf_counter() - begin, result


def _stages_of(record: dict[str, Any]) -> dict[str, StageTimes]:
    return {
        stage["name"]: {key: stage[key] for key in ("items", "busy", "busy_p50", "busy_p95")}
        for stage in record["timing"]["stages"]
    }


def _online(
    session: WarmSession, values: dict[str, Any], samples: NDArray[np.float32], repeats: int, listener: Listener
) -> dict[str, Any] | None:
    """Delays of frames online; None where the driver needs the whole speech, or the options say so."""
    if not session.online:
        request = make_request(**{**values, "mode": None})
        session = WarmSession(request, listener=listener, prefer_online=True)
    return measure_online(session, samples, repeats) if session.online else None


def _components(session: WarmSession) -> dict[str, Any]:
    """By role: the component's name and device, and its options where they are not the defaults."""
    return {
        role: {
            "name": component.name,
            "device": session.devices[role],
            "options": session.options[role].model_dump(mode="json", exclude_defaults=True),
        }
        for role, component in session.chain.roles.items()
    }
