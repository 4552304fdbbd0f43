"""Stage by stage speed of a method on this machine.

Three measurements, each on its own so that none hides another: the driver alone, the renderer's stages alone
(motion prepared beforehand, frames dropped), and everything with encoding, as ``dh run`` does it. A method may measure
parts of its own too, such as its networks.
"""

from __future__ import annotations

import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from dh.api import run
from dh.audio import SAMPLE_RATE
from dh.components import PartsBench
from dh.errors import InputError
from dh.home import checkout
from dh.media.audio import read_speech
from dh.media.images import read_image
from dh.motion import Motion
from dh.progress import Listener, Notice, ignore
from dh.registry import import_dotted, installed
from dh.request import make_request
from dh.session import Session
from dh.states import choose_device

FRAME_SIZE = (1280, 720)
"""Width and height of the picture that the project's portrait is put into."""

PORTRAIT_HEIGHT = 596
"""Height of the portrait in it, which makes the region that moves (2.3 times the face) 512 pixels wide."""


@dataclass(frozen=True)
class BenchRequest:
    """What to measure.

    Args:
        method: to measure.
        profile: of the method; "auto": the one that a run would take.
        source: picture or video; None takes the project's portrait, put into a 1280x720 frame.
        audio: speech to repeat; None takes the project's.
        seconds: of speech, repeated as often as needed.
        repeats: of each measurement; the median counts.
        options: component options by key.
        driver: in place of the method's own.
        renderer: in place of the method's own.
        device: to run on.
    """

    method: str
    profile: str = "auto"
    source: Path | None = None
    audio: Path | None = None
    seconds: float = 20.0
    repeats: int = 3
    options: dict[str, Any] | None = None
    driver: str | None = None
    renderer: str | None = None
    device: str = "auto"


def measure(request: BenchRequest, listener: Listener = ignore) -> dict[str, Any]:
    """Measures a method.

    Returns:
        Frames per second and real-time factors (video seconds per second), the median of each measurement's
        repeats, with the stages' busy milliseconds per frame, peak memory in MiB and the machine.

    Raises:
        DHError: as ``run``.
    """
    with tempfile.TemporaryDirectory(prefix="dh-bench-") as folder:
        source = request.source or _framed_portrait(Path(folder))
        audio = _speech(request, Path(folder))
        values: dict[str, Any] = {
            "method": request.method,
            "profile": request.profile,
            "source": source,
            "driver": request.driver,
            "renderer": request.renderer,
            "options": request.options or {},
            "device": request.device,
        }
        begin = time.perf_counter()
        session = Session(make_request(**values, audio=audio), listener=listener)
        register_seconds = time.perf_counter() - begin
        values["profile"] = session.chain.profile or request.profile  # chosen, and told, once
        driver = [_drive(session, audio) for _ in range(request.repeats)]
        chunks = driver[0][1]
        renderer = [_render(session, chunks) for _ in range(request.repeats)]
        target = Path(folder) / "out.mp4"
        whole = [run(**values, audio=audio, output=target, on_event=listener) for _ in range(request.repeats)]
    frames = whole[0]["output"]["frames"]
    fps = session.fps
    return {
        "method": request.method,
        "profile": session.chain.profile,
        "frame": [session.avatar.width, session.avatar.height],
        "frames": frames,
        "fps": fps,
        "register_seconds": round(register_seconds, 3),
        "driver": _speed([seconds for seconds, _ in driver], frames, fps),
        "renderer": {
            **_speed([seconds for seconds, _ in renderer], frames, fps),
            "stages": _stages([stages for _, stages in renderer], frames),
        },
        "end_to_end": {
            **_speed([record["timing"]["seconds"]["render"] for record in whole], frames, fps),
            "stages": _stages([{s["name"]: s["busy"] for s in record["timing"]["stages"]} for record in whole], frames),
        },
        "peak_memory_mib": round(peak_memory_mib(), 1),
        "machine": machine(),
    }


def parts_bench(method: str) -> PartsBench | None:
    """The function that measures a method's own parts, None where the method declares none.

    Raises:
        OptionError: there is no such method.
        PluginError: the function cannot be imported.
    """
    dotted = installed().method(method).bench
    return import_dotted(dotted, f"method {method}") if dotted else None


def measure_parts(bench: PartsBench, request: BenchRequest, listener: Listener = ignore) -> dict[str, Any]:
    """Measures a method's own parts, on the device that a run of the method would use.

    Returns:
        Milliseconds of each part, those of the plain way and their ratio where there is one, peak memory and machine.

    Raises:
        DeviceMissing: this machine lacks the device, or the method cannot use it.
    """
    chains = installed().chains(request.method)
    specs = [component.spec for chain in chains for component in chain.components]
    devices = choose_device(request.device, specs)
    device = next((device for device in devices if device not in ("", "cpu")), "cpu")
    parts = bench(repeats=request.repeats, device=device, notice=lambda text: listener(Notice(text)))
    return {
        "parts": [
            {**asdict(part), "times_faster": round(part.plain_ms / part.ms, 3) if part.plain_ms and part.ms else None}
            for part in parts
        ],
        "peak_memory_mib": round(peak_memory_mib(), 1),
        "machine": machine(),
    }


def machine() -> dict[str, Any]:
    """What figures were measured on."""
    return {"processor": processor(), "cores": os.cpu_count(), "python": platform.python_version()}


def peak_memory_mib() -> float:
    """Largest resident size of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)


def processor() -> str:
    """The processor's own name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _drive(session: Session, audio: Path) -> tuple[float, list[Motion]]:
    speech = list(read_speech(audio))
    return _timed(lambda: list(session.motion(iter(speech))))


def _render(session: Session, chunks: list[Motion]) -> tuple[float, dict[str, float]]:
    """Seconds of all frames at the pace of those after the first, which waits for the renderer's preparation."""
    with session.render(iter(chunks)) as frames:
        next(frames)
        seconds, following = _timed(lambda: sum(1 for _ in frames))
        return seconds * (following + 1) / following, {stage.name: stage.busy for stage in frames.stats[1:]}


def _timed(function: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.perf_counter()
    result = function()
    return time.perf_counter() - begin, result


def _speed(seconds: list[float], frames: int, fps: float) -> dict[str, float]:
    middle = median(seconds)
    return {
        "frames_per_second": round(frames / middle, 2),
        "real_time_factor": round(frames / fps / middle, 3),
        "slowest": round(frames / max(seconds), 2),
        "fastest": round(frames / min(seconds), 2),
    }


def _stages(repeats: list[dict[str, float]], frames: int) -> list[dict[str, Any]]:
    busy = {name: median(stages[name] for stages in repeats) for name in repeats[0]}
    total = sum(busy.values()) or 1.0
    return [
        {"name": name, "ms_per_frame": round(1000 * seconds / frames, 3), "share": round(seconds / total, 3)}
        for name, seconds in busy.items()
    ]


def _example(name: str, option: str) -> Path:
    root = checkout()
    if root is None:
        raise InputError(f"{option} is missing; the project's own examples come only with a checkout")
    return root / "examples" / name


def _framed_portrait(folder: Path) -> Path:
    """The project's portrait in a 1280x720 frame, its edges continued to the frame's."""
    width, height = FRAME_SIZE
    portrait = Image.fromarray(read_image(_example("portrait.jpg", "--source")))
    wide = round(portrait.width * PORTRAIT_HEIGHT / portrait.height)
    scaled = np.asarray(portrait.resize((wide, PORTRAIT_HEIGHT), Image.Resampling.LANCZOS))
    top, left = height - PORTRAIT_HEIGHT, (width - wide) // 2
    pixels = np.pad(scaled, ((top, 0), (left, width - wide - left), (0, 0)), mode="edge")
    path = folder / "source.png"
    Image.fromarray(pixels).save(path, compress_level=1)
    return path


def _speech(request: BenchRequest, folder: Path) -> Path:
    """Speech of the wanted length, as a WAV file."""
    import wave

    chunks = list(read_speech(request.audio or _example("speech.wav", "--audio")))
    samples = np.concatenate([chunk.samples for chunk in chunks])
    wanted = round(request.seconds * SAMPLE_RATE)
    samples = np.resize(samples, wanted)
    path = folder / "speech.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path
