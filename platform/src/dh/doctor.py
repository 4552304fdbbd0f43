"""Examines this machine for all that a run may need."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dh import checkpoints
from dh.declarations import AUTO_PROFILE, MethodSpec
from dh.errors import InputError
from dh.home import checkout, command
from dh.registry import installed
from dh.states import State, Status, available_devices

if TYPE_CHECKING:
    from dh.tuned import Tuning

_WANTED_ENCODERS = {"libx264": "h264", "aac": "AAC sound"}
_LOW_DISK_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: "ok", "missing" (something optional) or "broken"."""

    subject: str
    level: Literal["ok", "missing", "broken"]
    detail: str
    remedy: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As ``dh doctor --json`` prints it."""
        return asdict(self)


def examine() -> list[Finding]:
    """Looks at everything, in the order that a user would mend it."""
    return [*_python(), *_media(), *_devices(), *_disk(), *_plugins(), *_methods()]


def _python() -> Iterator[Finding]:
    detail = f"{platform.python_version()} ({sys.executable})"
    supported = (3, 10) <= sys.version_info[:2] <= (3, 12)
    yield Finding("python", "ok" if supported else "broken", detail, "" if supported else "use Python 3.10 to 3.12")
    where = checkout()
    yield Finding("platform", "ok", f"checkout {where}" if where else "installed as a package")


def _media() -> Iterator[Finding]:
    import av

    missing = [what for encoder, what in _WANTED_ENCODERS.items() if encoder not in av.codecs_available]
    ffmpeg = ".".join(map(str, av.library_versions["libavcodec"]))
    if missing:
        yield Finding(
            "video", "broken", f"PyAV {av.__version__} lacks {', '.join(missing)}", "reinstall av from a wheel"
        )
    else:
        yield Finding("video", "ok", f"PyAV {av.__version__} with libavcodec {ffmpeg}, H.264 and AAC")


def _devices() -> Iterator[Finding]:
    yield Finding("devices", "ok", f"{', '.join(available_devices())}; {os.cpu_count()} cores")


def _disk() -> Iterator[Finding]:
    root = checkpoints.checkpoint_root()
    existing = next(folder for folder in (root, *root.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    low = free < _LOW_DISK_BYTES
    yield Finding(
        "disk",
        "missing" if low else "ok",
        f"{free / 1024**3:.0f} GiB free for checkpoints in {root}",
        "free some, or set DH_CHECKPOINTS to another folder" if low else "",
    )
    writable = os.access(Path(existing), os.W_OK)
    if not writable:
        yield Finding("checkpoints", "missing", f"{existing} is not writable", "set DH_CHECKPOINTS to another folder")


def _plugins() -> Iterator[Finding]:
    records = installed().plugins.records
    if not records:
        yield Finding("plugins", "missing", "none installed", f"run: {command()} setup")
    for record in records:
        yield _finding(f"plugin {record.name}", record.status, f"{record.distribution} {record.version}")


def _methods() -> Iterator[Finding]:
    registry = installed()
    for method in registry.methods.values():
        yield _finding(f"method {method.name}", registry.method_status(method), "can run here")
        for profile in method.profiles:
            status = registry.method_status(method, profile.name)
            yield _finding(f"method {method.name}, profile {profile.name}", status, "can run here")
        yield from _tuned(method)


def _tuned(method: MethodSpec) -> Iterator[Finding]:
    """What is tuned of a method, or of those of its profiles that can run; nothing of one without candidates."""
    profiles = [profile.name for profile in method.profiles if profile.candidates]
    if not profiles and not method.candidates:
        return
    from dh.tuned import read_tunings

    registry = installed()
    for profile in profiles or [AUTO_PROFILE]:
        if not registry.method_status(method, profile).ok:
            continue
        chain = registry.chain(method.name, profile=profile)
        subject = f"tuning of method {chain.title}"
        try:
            found = read_tunings().here(chain)
        except InputError as error:
            yield Finding(subject, "broken", str(error))
            continue
        for tuning in found:
            yield Finding(subject, "ok", _in_words(tuning))
        if not found:
            named = f" --profile {chain.profile}" if chain.profile else ""
            remedy = f"to measure what is fastest here run: {command()} bench {method.name}{named} --tune"
            yield Finding(subject, "missing", "not tuned for this machine as it is now", remedy)


def _in_words(tuning: Tuning) -> str:
    from dh.bench.figures import settings

    work, best = tuning.work, settings(tuning.options)
    weights = f", weights {', '.join(work.weights)}" if work.weights else ""
    times = tuning.frames_per_second / tuning.reference_frames_per_second
    than = "" if tuning.options == tuning.reference else f", {times:.2f} times {settings(tuning.reference)}"
    return f"{best} on {work.device}{weights}: {tuning.frames_per_second:.3g} frames/s{than}"


def _finding(subject: str, status: Status, fine: str) -> Finding:
    if status.ok:
        return Finding(subject, "ok", fine)
    level: Literal["missing", "broken"] = "broken" if status.state in (State.BROKEN, State.INCOMPATIBLE) else "missing"
    return Finding(subject, level, f"{status.state.value}: {status.detail}", status.remedy)
