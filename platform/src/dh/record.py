"""Run records: everything that decided an output, beside it as JSON, so that the run can be repeated."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml

from dh import checkpoints
from dh.errors import InputError
from dh.files import whole_file
from dh.machine import version_of
from dh.memory import peak_memory_mib
from dh.pipeline import StageStats
from dh.session import Session
from dh.text import one_line

RECORD_VERSION = 1
_PACKAGES = ("dh-platform", "numpy", "av", "opencv-contrib-python-headless", "mediapipe", "onnxruntime", "torch")
_INPUTS = ("source", "avatar", "audio", "controls")


def record_path(output: Path) -> Path:
    """Where an output's record lies: ``out.mp4.json`` for ``out.mp4``."""
    return output.with_name(f"{output.name}.json")


def make_record(
    session: Session,
    output: dict[str, Any],
    seconds: dict[str, float],
    stages: list[StageStats],
    *,
    first_frame_seconds: float,
) -> dict[str, Any]:
    """The record of a finished run, as JSON holds it.

    Args:
        session: what ran.
        output: path, codec, crf, width, height, frames, fps and duration in seconds.
        seconds: of each phase.
        stages: counts and times of every stage.
        first_frame_seconds: from the call, registration included, to the first frame.
    """
    request = session.request
    components = {
        role: {
            "name": component.name,
            "plugin": component.plugin,
            "version": version_of(component.distribution),
            "device": session.devices[role],
            "options": _options(session, role),
            "tuned": session.tuned.get(role, {}),
            "checkpoints": {
                spec.name: checkpoints.hashes(spec)
                for spec in component.spec.checkpoints
                if spec.name in session.checkpoints[role]
            },
            "weights": _absolute(session.weights.get(role)),
        }
        for role, component in session.chain.roles.items()
    }
    components["driver"]["online_option"] = session.chain.driver.spec.online_option
    made = output["frames"] / output["fps"]
    return {
        "record": RECORD_VERSION,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "request": {
            "method": request.method,
            "profile": session.chain.profile,
            **{name: _absolute(getattr(request, name)) for name in _INPUTS},
            "driver": request.driver,
            "mode": session.mode,
            "renderer": request.renderer,
            "seed": request.seed,
            "fps": session.fps,
            "device": request.device,
            "commercial_only": request.commercial_only,
        },
        "components": components,
        "inputs": {name: fingerprint(getattr(request, name)) for name in _INPUTS if getattr(request, name)},
        "output": output,
        "machine": {
            "python": platform.python_version(),
            "system": platform.platform(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "packages": {name: version_of(name) for name in _PACKAGES if version_of(name)},
        },
        "timing": {
            "seconds": {phase: round(value, 3) for phase, value in seconds.items()},
            "frames_per_second": round(output["frames"] / seconds["render"], 2),
            "real_time_factor": round(made / seconds["render"], 3),
            "first_frame_seconds": round(first_frame_seconds, 3),
            "peak_memory_mib": round(peak_memory_mib(), 1),
            "stages": [
                {
                    "name": stage.name,
                    "items": stage.items,
                    "busy": round(stage.busy, 3),
                    "busy_p50": round(stage.percentile(50), 6),
                    "busy_p95": round(stage.percentile(95), 6),
                    "waiting_in": round(stage.waiting_in, 3),
                    "waiting_out": round(stage.waiting_out, 3),
                }
                for stage in stages
            ],
        },
    }


def write_record(record: dict[str, Any], path: Path) -> None:
    """Writes a record, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def read_record(path: Path) -> dict[str, Any]:
    """Reads a record.

    Raises:
        InputError: there is no such file, or it is no record of this version.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        version = record["record"]
    except FileNotFoundError:
        raise InputError(f"--from {path}: no such file; give the .json beside a video") from None
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"--from {path}: not a run record ({one_line(error)}); give the .json beside a video"
        ) from error
    if version != RECORD_VERSION:
        raise InputError(f"--from {path}: record version {version}; this dh reads {RECORD_VERSION}")
    return dict(record)


def replay(record: dict[str, Any], path: Path, given: dict[str, Any]) -> dict[str, Any]:
    """Values for ``combine`` that repeat a recorded run, with ``given`` (values not None) on top.

    Every option is fixed to its recorded value, so that neither a changed default nor the environment changes the run;
    another profile of the method has options and a frame rate of its own.

    Raises:
        InputError: an input is not the file that the record was made from.
    """
    values = dict(record["request"])
    given = {name: value for name, value in given.items() if value is not None}
    recorded = record["components"]
    if given.get("method", values.get("method")) != values.get("method"):
        values["profile"] = None
    elif given.get("profile", values.get("profile")) != values.get("profile"):
        recorded, values["fps"] = {}, None  # these are other components'
    if given.get("avatar") or given.get("source"):
        values["source"] = values["avatar"] = None
    for name, expected in record["inputs"].items():
        if values.get(name) is None or name in given:
            continue
        file = Path(values[name])
        if not file.is_file():
            raise InputError(f"--from {path}: {name} {file} is gone; give it with --{name}")
        if fingerprint(file)["sha256"] != expected["sha256"]:
            raise InputError(f"--from {path}: {name} {file} has changed since; give --{name} to use it as it is now")
    options = {
        f"{role}.{key}": yaml.safe_dump(value) if isinstance(value, str) else value  # as --set would be read
        for role, component in recorded.items()
        for key, value in component["options"].items()
    }
    if online := recorded.get("driver", {}).get("online_option"):  # it and the mode say the same, so only one counts
        if "mode" in given:
            options.pop(f"driver.{online}", None)
        else:
            values["mode"] = None
    options.update(given.pop("options", None) or {})
    values.update(given)
    return {
        **values,
        "options": options,
        "codec": given.get("codec", record["output"]["codec"]),
        "crf": given.get("crf", record["output"]["crf"]),
    }


def fingerprint(path: Path) -> dict[str, Any]:
    """A file's absolute path, size in bytes and SHA-256."""
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return {"path": str(path.absolute()), "bytes": path.stat().st_size, "sha256": digest.hexdigest()}


def _options(session: Session, role: str) -> dict[str, Any]:
    """A component's options; a folder of weights by its whole path, so that the record means it from anywhere."""
    options = session.options[role].model_dump(mode="json")
    if role in session.weights:
        options[session.chain.roles[role].spec.weights_option] = str(session.weights[role])
    return options


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())
