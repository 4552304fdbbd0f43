"""The cells of a comparison: every variant on every pair of inputs, with the key that decides its video."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dh.comparison.inputs import Input, Inputs, examine
from dh.comparison.names import identifiers
from dh.comparison.outcome import Outcome
from dh.comparison.process import Limits, Worker
from dh.comparison.request import ComparisonRequest, InputPair
from dh.comparison.variant import Variant
from dh.errors import MethodError, OptionError

CELL_VERSION = 1
"""Of cells' keys: a change makes every cell anew."""

_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class PlannedVariant:
    """A variant as it would run here.

    Args:
        id: of the variant.
        variant: as asked.
        arguments: of ``dh.run`` that make it, but for the inputs.
        resolved: what ``dh.comparison.resolving`` found out.
        obstacle: how each of its cells ends, where that is known before any runs.
    """

    id: str
    variant: Variant
    arguments: Mapping[str, Any]
    resolved: Mapping[str, Any]
    obstacle: Outcome | None


@dataclass(frozen=True)
class Cell:
    """A variant on a pair of inputs.

    Args:
        id: of the cell, and the name of its folder.
        key: hash of all that decides its video.
        variant: what runs.
        source: what it is given.
        audio: likewise.
        reference: what its video is measured against.
    """

    id: str
    key: str
    variant: PlannedVariant
    source: Input
    audio: Input
    reference: Input | None


@dataclass(frozen=True)
class Plan:
    """All that a comparison will do.

    Args:
        request: what was asked.
        variants: in order.
        inputs: every file.
        cells: pair by pair, and in a pair variant by variant.
        metrics: versions of the metrics that videos are measured with, by name.
    """

    request: ComparisonRequest
    variants: tuple[PlannedVariant, ...]
    inputs: Inputs
    cells: tuple[Cell, ...]
    metrics: Mapping[str, str]


def make_plan(request: ComparisonRequest, limits: Limits) -> Plan:
    """Examines the inputs and finds out what each variant would run.

    Raises:
        InputError: an input cannot be used.
        OptionError: a variant or metric that cannot be meant; it names the variant, and what is nearest.
    """
    inputs = examine(request.pairs)
    variants, metrics = _resolve(request, limits)
    cells = tuple(_cell(variant, pair, inputs, request) for pair in request.pairs for variant in variants)
    return Plan(request, variants, inputs, cells, metrics)


def digest(value: Any) -> str:
    """SHA-256 of what JSON can hold, however its keys are ordered."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _cell(variant: PlannedVariant, pair: InputPair, inputs: Inputs, request: ComparisonRequest) -> Cell:
    source, audio = inputs.sources[pair.source], inputs.audios[pair.audio]
    reference = None if pair.reference is None else inputs.references[pair.reference]
    key = digest(
        {
            "cell": CELL_VERSION,
            "arguments": variant.arguments,
            "decides": variant.resolved.get("decides"),
            "source": source.sha256,
            "audio": audio.sha256,
        }
    )
    return Cell("--".join((variant.id, source.id, audio.id)), key, variant, source, audio, reference)


def _resolve(request: ComparisonRequest, limits: Limits) -> tuple[tuple[PlannedVariant, ...], Mapping[str, str]]:
    arguments = [_arguments(variant, request) for variant in request.variants]
    found: list[Mapping[str, Any]] = []
    metrics: Mapping[str, str] | None = None
    with tempfile.TemporaryDirectory(prefix="dh-compare-") as folder:
        while metrics is None:
            job = {
                "job": "resolve",
                "variants": [{**one, "source": "-", "audio": "-"} for one in arguments],
                "first": len(found),
                "metrics": request.metrics,
            }
            resolved, outcome = _run(job, limits, Path(folder) / "log.txt")
            found += resolved
            if outcome.done:
                if "mistake" in outcome.result:
                    raise OptionError(outcome.result["mistake"])
                metrics = outcome.result["metrics"]
            elif len(found) < len(arguments):  # the next one ended the process
                found.append({"obstacle": {"state": outcome.state, "reason": outcome.reason, "remedy": outcome.remedy}})
            else:
                raise MethodError(f"what can run here cannot be told: {outcome.reason}")
    variants = []
    for name, variant, one, resolved_variant in zip(
        identifiers([variant.title for variant in request.variants]), request.variants, arguments, found, strict=True
    ):
        if "mistake" in resolved_variant:
            raise OptionError(f"--methods {variant}: {resolved_variant['mistake']}")
        obstacle = resolved_variant.get("obstacle")
        variants.append(PlannedVariant(name, variant, one, resolved_variant, Outcome(**obstacle) if obstacle else None))
    return tuple(variants), metrics


def _arguments(variant: Variant, request: ComparisonRequest) -> dict[str, Any]:
    values = {
        "method": variant.method,
        "profile": variant.profile,
        "driver": variant.driver,
        "renderer": variant.renderer,
        "options": {**request.options, **variant.options},
        "mode": request.mode,
        "seed": request.seed,
        "fps": request.fps,
        "device": request.device,
        "commercial_only": request.commercial_only,
    }
    return {name: value for name, value in values.items() if value is not None}


def _run(job: Mapping[str, Any], limits: Limits, log: Path) -> tuple[list[Mapping[str, Any]], Outcome]:
    worker = Worker(job, limits, log)
    resolved: list[Mapping[str, Any]] = []
    try:
        while True:
            events, outcome = worker.poll()
            resolved += [event["variant"] for event in events if event["event"] == "resolved"]
            if outcome is not None:
                return resolved, outcome
            time.sleep(_POLL_SECONDS)
    finally:
        worker.kill()
