"""Measured times as figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np

from dh.pipeline import StageStats

StageTimes = Mapping[str, float]
"""Of one stage in one run: "items", and in seconds "busy", of all items, "busy_p50" and "busy_p95", of an item."""


def stage_times(stats: StageStats) -> StageTimes:
    """The times of a stage that has ended, by the same names as in a run record."""
    return {
        "items": stats.items,
        "busy": stats.busy,
        "busy_p50": stats.percentile(50),
        "busy_p95": stats.percentile(95),
    }


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile, in milliseconds."""
    p50, p95 = np.percentile(seconds, (50, 95))
    return {"p50": round(1000 * float(p50), 3), "p95": round(1000 * float(p95), 3)}


def speed(seconds: Sequence[float], frames: int, fps: float) -> dict[str, float]:
    """Frames per second and real-time factor (seconds of video per second) of repeats, by their median.

    Args:
        seconds: that each repeat took.
        frames: that each made.
        fps: the video's frames per second.
    """
    middle = median(seconds)
    return {
        "frames_per_second": round(frames / middle, 2),
        "real_time_factor": round(frames / fps / middle, 3),
        "slowest": round(frames / max(seconds), 2),
        "fastest": round(frames / min(seconds), 2),
    }


def stage_rows(repeats: Sequence[Mapping[str, StageTimes]], frames: int) -> list[dict[str, Any]]:
    """The stages' busy milliseconds, each figure the median over repeats.

    Args:
        repeats: the stages' times by their name, in order.
        frames: that each repeat made.

    Returns:
        A row for each stage: "items", what it yields, such as motion of many frames at a time; "mean_ms", "p50_ms" and
        "p95_ms" of an item; "ms_per_frame"; and "share" of all stages' busy time.
    """
    middle = {
        name: {key: median(stages[name][key] for stages in repeats) for key in repeats[0][name]} for name in repeats[0]
    }
    total = sum(times["busy"] for times in middle.values()) or 1.0
    return [
        {
            "name": name,
            "items": round(times["items"]),
            "mean_ms": round(1000 * times["busy"] / max(1, times["items"]), 3),
            "p50_ms": round(1000 * times["busy_p50"], 3),
            "p95_ms": round(1000 * times["busy_p95"], 3),
            "ms_per_frame": round(1000 * times["busy"] / frames, 3),
            "share": round(times["busy"] / total, 3),
        }
        for name, times in middle.items()
    ]


def title(figures: Mapping[str, Any]) -> str:
    """What was measured and on what, in one line."""
    machine = figures["machine"]
    words = [figures["method"]]
    if figures.get("profile"):
        words.append(f"profile {figures['profile']}")
    if figures.get("mode"):
        words.append(figures["mode"])
    if options := figures.get("options"):
        words.append(settings(options, ", "))
    gpu = f", {machine['gpu']}" if "gpu" in machine else ""
    return f"{', '.join(words)} on {machine['processor']}, {machine['cores']} cores{gpu}, Python {machine['python']}"


def settings(options: Mapping[str, Any], between: str = " ") -> str:
    """Options as ``--set`` takes them, with something between two."""
    return between.join(f"{key}={value}" for key, value in options.items())


def rounded(value: float) -> str:
    """Three digits that tell, or all that stand before the point."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
