"""``results.json`` and ``results.csv``: everything that a comparison found, for the page and for scripts."""

from __future__ import annotations

import csv
import os
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from dh.comparison.cells import CellFolder, read_json, write_json
from dh.comparison.outcome import STATES, Outcome
from dh.comparison.plan import Cell, Plan, PlannedVariant
from dh.files import whole_file
from dh.machine import machine

RESULTS_VERSION = 1
RESULTS, TABLE = "results.json", "results.csv"

_CELL_COLUMNS = ("id", "variant", "source", "audio", "state", "reason", "frames", "fps", "seconds", "video")
_METRIC = ("name", "title", "unit", "higher_is_better", "tier", "version", "explanation")


@dataclass
class Standing:
    """Where every cell stands: by identifier, how it ended and how its evaluation did; what is missing has not ended.

    Args:
        cells: how they ended.
        evaluations: how their evaluations ended.
        pairs: side-by-side videos by source and audio, below the report; with the key of what they show.
    """

    cells: dict[str, Outcome] = field(default_factory=dict)
    evaluations: dict[str, Outcome] = field(default_factory=dict)
    pairs: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)


def make_results(plan: Plan, standing: Standing) -> dict[str, Any]:
    """What ``results.json`` holds."""
    report = plan.request.output
    cells = [_cell(cell, CellFolder(cell, report), standing) for cell in plan.cells]
    metrics = {
        metric["name"]: {key: metric[key] for key in _METRIC}
        for cell in cells
        for metric in (cell["evaluation"] or {}).get("metrics", ())
    }
    pairs = dict.fromkeys((cell.source.id, cell.audio.id) for cell in plan.cells)
    return {
        "comparison": RESULTS_VERSION,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "title": plan.request.title or " / ".join(variant.variant.title for variant in plan.variants),
        "machine": {**machine(), "system": platform.platform(), "jobs": plan.request.jobs, "cores": os.cpu_count()},
        "variants": [_variant(variant) for variant in plan.variants],
        "sources": [
            {"id": one.id, "path": str(one.path), "sha256": one.sha256, "picture": f"inputs/{one.id}.jpg"}
            for one in plan.inputs.sources.values()
        ],
        "audios": [
            {
                "id": one.id,
                "path": str(one.path),
                "sha256": one.sha256,
                "duration": round(one.duration, 3),
                "file": f"inputs/{one.id}.m4a",
            }
            for one in plan.inputs.audios.values()
        ],
        "cells": cells,
        "pairs": [
            {"source": source, "audio": audio, "video": None, **standing.pairs.get((source, audio), {})}
            for source, audio in pairs
        ],
        "metrics": list(metrics.values()),
    }


def write_results(results: Mapping[str, Any], report: Path) -> None:
    """Writes both files, each whole or not at all.

    Raises:
        InputError: one cannot be written.
    """
    write_json(results, report / RESULTS)
    variants = {variant["id"]: variant for variant in results["variants"]}
    names = [metric["name"] for metric in results["metrics"]]
    with whole_file(report / TABLE) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([*_CELL_COLUMNS[:2], "method", "profile", "driver", "renderer", *_CELL_COLUMNS[2:], *names])
        for cell in results["cells"]:
            variant = variants[cell["variant"]]
            values = {metric["name"]: metric["value"] for metric in (cell["evaluation"] or {}).get("metrics", ())}
            rows.writerow(
                [
                    cell["id"],
                    variant["label"],
                    *(variant[key] for key in ("method", "profile", "driver", "renderer")),
                    *(cell[column] for column in _CELL_COLUMNS[2:]),
                    *(values.get(name) for name in names),
                ]
            )


def count_states(states: Sequence[str]) -> str:
    """``"6 of 8 cells are done, 1 crashed, 1 missing"``."""
    counts = Counter(states)
    others = [f"{counts[state]} {state}" for state in STATES if state != "done" and counts[state]]
    are = "cell is" if len(states) == 1 else "cells are"
    return ", ".join([f"{counts['done']} of {len(states)} {are} done", *others])


def _variant(planned: PlannedVariant) -> dict[str, Any]:
    resolved, variant = planned.resolved, planned.variant
    return {
        "id": planned.id,
        "label": variant.title,
        "method": variant.method,
        "profile": resolved.get("profile") or variant.profile,
        "driver": resolved.get("driver") or variant.driver,
        "renderer": resolved.get("renderer") or variant.renderer,
        "options": resolved.get("options") or dict(planned.arguments["options"]),
        "notice": resolved.get("notice", ""),
        "licences": resolved.get("licences", []),
    }


def _cell(cell: Cell, folder: CellFolder, standing: Standing) -> dict[str, Any]:
    outcome = standing.cells.get(cell.id) or Outcome("interrupted", "not run yet", "the same command goes on")
    evaluated = standing.evaluations.get(cell.id)
    record = read_json(folder.record) if outcome.done else {}
    output, timing = record.get("output", {}), record.get("timing", {})
    below = f"cells/{cell.id}"
    return {
        "id": cell.id,
        "variant": cell.variant.id,
        "source": cell.source.id,
        "audio": cell.audio.id,
        "state": outcome.state,
        "reason": outcome.reason,
        "remedy": outcome.remedy,
        "video": f"{below}/{folder.video.name}" if outcome.done else None,
        "filmstrip": f"{below}/{folder.filmstrip.name}" if outcome.done else None,
        "record": f"{below}/{folder.record.name}" if outcome.done else None,
        "log": f"{below}/{folder.log.name}" if folder.log.is_file() else None,
        "frames": output.get("frames"),
        "fps": output.get("fps"),
        "width": output.get("width"),
        "height": output.get("height"),
        "seconds": outcome.seconds,
        "peak_memory_mib": max(outcome.peak_mib, timing.get("peak_memory_mib", 0.0)),
        "evaluation": read_json(folder.evaluation) if evaluated is not None and evaluated.done else None,
        "evaluation_reason": "" if evaluated is None else evaluated.reason,
        "stages": _stages(timing.get("stages", ()), output.get("frames")),
    }


def _stages(stages: Sequence[Mapping[str, Any]], frames: int | None) -> list[dict[str, Any]]:
    """Busy milliseconds of each stage for a frame, and their share of all stages' time."""
    total = sum(stage["busy"] for stage in stages)
    return [
        {
            "name": stage["name"],
            "busy_ms_per_frame": round(1000 * stage["busy"] / max(1, frames or 0), 3),
            "share": round(stage["busy"] / total, 4) if total else 0.0,
        }
        for stage in stages
    ]
