"""A video measured: every metric that can be computed on it, and why not for the others."""

from __future__ import annotations

import contextlib
import math
import os
import re
import sys
import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from dh import checkpoints
from dh.checkpoints.needs import named_weights, present
from dh.components import Context
from dh.declarations import MetricSpec
from dh.errors import DHError, InputError, NotMeasurable, PluginError
from dh.evaluation.material import Material
from dh.evaluation.measure import Measure
from dh.evaluation.selection import choose_metrics, missing_need
from dh.machine import version_of
from dh.media.audio import read_speech
from dh.options import NoOptions, resolve_sets
from dh.progress import Listener, Notice, Progress, ignore
from dh.record import fingerprint, read_record, record_path
from dh.registry import Component, installed
from dh.states import available_devices, choose_device
from dh.text import one_line

PathLike = str | os.PathLike[str]

EVALUATION_VERSION = 1
_DECIMALS = 5
"""Of values in per-frame curves."""


def evaluate(
    video: PathLike,
    *,
    reference: PathLike | None = None,
    audio: PathLike | None = None,
    metrics: Collection[str] | None = None,
    tiers: Collection[int] | None = None,
    options: Mapping[str, Any] | None = None,
    device: str = "auto",
    on_event: Listener = ignore,
) -> dict[str, Any]:
    """Measures a video.

    A metric that fails has value None and says why; it never ends the evaluation.

    Args:
        video: file. Its run record is read where one lies beside it.
        reference: ground-truth video of the same content.
        audio: the speech, from the video's first frame on; None: the video's own track.
        metrics: names; None: every installed metric of tiers 0 and 1 that can be computed.
        tiers: every metric of these that can be computed, beside those that are named.
        options: of metrics, as ``--set`` gives them: by key, or by ``metric.key``.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps"; a metric that does not run there takes the CPU.
        on_event: called with ``Progress`` of the phase "evaluate" and with ``Notice``.

    Returns:
        What ``dh evaluate --json`` prints: "video", "reference" and "audio" with hashes; "metrics", each with "value",
        "unit", "version", "count", "fps", "crop", "weights", "note", "why" and its explanation; "left_out" with the
        reason for each; "series", per-frame curves by name; "packages" and "seconds".

    Raises:
        MediaError: a file is missing or cannot be decoded.
        OptionError: an unknown metric, tier or option.
        DeviceMissing: this machine lacks the device.
    """
    begin = time.monotonic()
    material = _open(Path(video), reference, audio, on_event)
    chosen, left_out = choose_metrics(installed(), material, metrics, tiers)
    models, broken = _models(chosen)
    settings = resolve_sets(models, options or {})
    devices = dict(zip([c.name for c in chosen], _devices(device, chosen), strict=True))
    rows: list[dict[str, Any]] = []
    series: dict[str, list[float | None]] = {}
    for number, component in enumerate(chosen):
        name = component.name
        on_event(
            Progress("evaluate", number, len(chosen), time.monotonic() - begin, detail=component.spec.title or name)
        )
        measure, why = None, broken.get(name, "")
        if not why:
            measure, why = _measure(component, settings[name], devices[name], material, on_event)
        rows.append(_row(component, material, measure, why))
        for curve, values in (measure.series if measure is not None else {}).items():
            series[curve] = [_finite(value) for value in values]
    on_event(Progress("evaluate", len(chosen), len(chosen), time.monotonic() - begin))
    return {
        "evaluation": EVALUATION_VERSION,
        "video": _described(material),
        "reference": fingerprint(material.reference) if material.reference is not None else None,
        "audio": fingerprint(material.audio or material.video) if material.has_sound else None,
        "metrics": rows,
        "left_out": left_out,
        "series": series,
        "packages": _packages(chosen),
        "seconds": round(time.monotonic() - begin, 3),
    }


def _open(video: Path, reference: PathLike | None, audio: PathLike | None, on_event: Listener) -> Material:
    """The material, with every file that was given proven to be one that can be decoded."""
    beside = record_path(video)
    record = None
    if beside.is_file():
        try:
            record = read_record(beside)
        except InputError as error:
            on_event(Notice(f"{one_line(error).removeprefix('--from ')}; measured without a run record"))
    given = Path(audio) if audio is not None else None
    material = Material(video, reference=Path(reference) if reference is not None else None, audio=given, record=record)
    if given is not None:
        next(read_speech(given))
    return material


def _models(chosen: list[Component[MetricSpec]]) -> tuple[dict[str, type[BaseModel]], dict[str, str]]:
    """Models of options by metric, and why for metrics whose model cannot be imported."""
    models: dict[str, type[BaseModel]] = {}
    broken: dict[str, str] = {}
    for component in chosen:
        try:
            models[component.name] = component.options_model() or NoOptions
        except PluginError as error:
            broken[component.name] = one_line(error)
    return models, broken


def _devices(wanted: str, chosen: list[Component[MetricSpec]]) -> list[str]:
    """Each metric's device: unlike a method's, metrics that all need the CPU are no error where another is wanted."""
    kind = wanted.partition(":")[0]
    if kind in available_devices() and not any(kind in component.spec.devices for component in chosen):
        return ["cpu"] * len(chosen)
    return choose_device(wanted, [component.spec for component in chosen])


def _measure(
    component: Component[MetricSpec], options: BaseModel, device: str, material: Material, on_event: Listener
) -> tuple[Measure | None, str]:
    """A metric's measure, or None and one line that says why there is none."""
    # What a plugin prints must not get into the JSON on standard output.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            weights = named_weights(component, options)
            folders = present(component.spec, weights=weights)
            _require(component, weights, material)
            context = Context(
                fps=material.fps,
                device=device,
                notice=lambda text: on_event(Notice(text)),
                checkpoints=folders,
                weights=weights,
                frames=material.frame_count,
            )
            measure = component.implementation()(options, context).measure(material)
            if not isinstance(measure, Measure):
                raise PluginError(f"{component.name} gave a {type(measure).__name__}, not a dh.Measure")
            if measure.value is not None and not math.isfinite(measure.value):
                raise NotMeasurable(f"the result is not a finite number ({measure.value})")
            declared = {
                f"{checkpoint.name}/{file}": digest
                for checkpoint in component.spec.checkpoints
                if checkpoint.name in folders
                for file, digest in checkpoints.hashes(checkpoint).items()
            }
        except DHError as error:
            return None, one_line(error)
        except Exception as error:
            return None, f"{type(error).__name__}: {one_line(error)}"
    return replace(measure, weights={**declared, **measure.weights}), ""


def _require(component: Component[MetricSpec], weights: Path | None, material: Material) -> None:
    """Raises the error that a metric's state means, or what it needs and the material lacks."""
    status = component.status
    if not status.ok and not (weights is not None and status.of_weights):
        raise status.error(component.name)
    lacking = missing_need(component.spec.needs, material)
    if lacking:
        raise NotMeasurable(lacking)


def _row(component: Component[MetricSpec], material: Material, measure: Measure | None, why: str) -> dict[str, Any]:
    spec = component.spec
    row: dict[str, Any] = {
        "name": spec.name,
        "title": spec.title or spec.name,
        "unit": spec.unit,
        "higher_is_better": spec.higher_is_better,
        "tier": spec.tier,
        "version": spec.version,
        "plugin": component.plugin,
        "value": None,
        "count": 0,
        "fps": material.fps,
        "crop": "",
        "weights": {},
        "note": "",
        "why": why or None,
        "explanation": spec.explanation,
    }
    if measure is not None:
        row |= {
            "value": None if measure.value is None else float(measure.value),
            "count": measure.count,
            "crop": measure.crop,
            "weights": dict(measure.weights),
            "note": measure.note,
        }
        if measure.value is None:
            row["why"] = measure.note or "there is no value"
    return row


def _finite(value: float | None) -> float | None:
    return round(float(value), _DECIMALS) if value is not None and math.isfinite(value) else None


def _described(material: Material) -> dict[str, Any]:
    return {
        **fingerprint(material.video),
        "frames": material.frame_count,
        "fps": material.fps,
        "width": material.width,
        "height": material.height,
        "duration": round(material.duration, 3),
    }


def _packages(chosen: list[Component[MetricSpec]]) -> dict[str, str]:
    """Versions of the platform, of the packages that bring the metrics, and of what these require."""
    names = ["dh-platform", "av", "numpy"]
    for distribution in dict.fromkeys(component.distribution for component in chosen):
        names.append(distribution)
        with contextlib.suppress(metadata.PackageNotFoundError):
            names += [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in metadata.requires(distribution) or ()]
    return {name: version for name in dict.fromkeys(names) if (version := version_of(name))}
