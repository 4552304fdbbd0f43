"""Figures as a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dh.bench.figures import rounded, title
from dh.errors import OptionError
from dh.files import check_writable, whole_file
from dh.states import extra_missing, importable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = ("png", "svg", "pdf")

_MEDIAN, _REST, _MARK = "#2a6f97", "#a9d6e5", "#c1121f"
_PANEL_INCHES = (8.0, 0.32, 1.1)
"""Width of the picture, height of a bar and of what a panel needs beside its bars."""


def check_plot(path: Path) -> None:
    """Refuses, before anything is measured, a picture that could not be drawn in the end.

    Raises:
        OptionError: a format that is not drawn.
        InputError: the file cannot be written.
        ExtraMissing: matplotlib is not installed.
    """
    if path.suffix[1:].lower() not in FORMATS:
        raise OptionError(f"--plot {path}: end its name in .{', .'.join(FORMATS)}")
    check_writable(path, "--plot")
    if not importable("matplotlib"):
        raise extra_missing("--plot", "matplotlib", "dh-platform", "plot")


def plot(figures: Mapping[str, Any], path: Path) -> None:
    """Draws what is there of speed, the stages' share, delays online and parts, as bars.

    Args:
        figures: as ``dh bench`` writes them.
        path: .png, .svg or .pdf; see ``check_plot``.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = list(_panels(figures))
    width, bar, rest = _PANEL_INCHES
    heights = [rest + bar * bars for _, bars in panels]
    # A figure with a canvas of its own leaves the caller's backend and open figures alone.
    figure = Figure(figsize=(width, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    with matplotlib.rc_context({"font.size": 9, "svg.hashsalt": "dh"}):
        figure.suptitle(title(figures), fontsize="medium", wrap=True)
        axes = figure.subplots(len(panels), 1, height_ratios=heights, squeeze=False)[:, 0]
        for (draw, _), axis in zip(panels, axes, strict=True):
            draw(axis)
            axis.invert_yaxis()
            axis.spines[["top", "right"]].set_visible(False)
        with whole_file(path) as temporary:
            figure.savefig(temporary, format=path.suffix[1:].lower(), dpi=120)


def _panels(figures: Mapping[str, Any]) -> list[tuple[Callable[[Axes], None], int]]:
    """What draws each panel, and how many bars it has."""
    panels: list[tuple[Callable[[Axes], None], int]] = []
    if "end_to_end" in figures:
        panels.append((lambda axes: _speed(axes, figures), 3))
        panels.append((lambda axes: _stages(axes, figures), len(figures["end_to_end"]["stages"])))
    if figures.get("online"):
        panels.append((lambda axes: _online(axes, figures["online"]), 3))
    if "parts" in figures:
        panels.append((lambda axes: _parts(axes, figures["parts"]), len(figures["parts"])))
    return panels


def _speed(axes: Axes, figures: Mapping[str, Any]) -> None:
    keys = {"driver": "driver alone", "renderer": "renderer alone", "end_to_end": "everything"}
    rates = [figures[key]["frames_per_second"] for key in keys]
    bars = axes.barh(list(keys.values()), rates, color=_MEDIAN)
    axes.bar_label(bars, [rounded(rate) for rate in rates], padding=3)
    axes.margins(x=0.1)
    axes.axvline(figures["fps"], color=_MARK, linestyle="--", label="real time")
    axes.set(xscale="log", xlabel="frames per second")
    axes.legend(fontsize="small")


def _stages(axes: Axes, figures: Mapping[str, Any]) -> None:
    stages = figures["end_to_end"]["stages"]
    bars = axes.barh([stage["name"] for stage in stages], [stage["ms_per_frame"] for stage in stages], color=_MEDIAN)
    axes.bar_label(bars, [f"{stage['share']:.0%}" for stage in stages], padding=3)
    axes.set_xlabel("busy milliseconds per frame, and share")


def _online(axes: Axes, online: Mapping[str, Any]) -> None:
    rows = {f"first frame, {state}": times for state, times in online["first_frame_ms"].items()}
    rows["every frame, warm"] = online["delay_ms"]
    bars = axes.barh(list(rows), [times["p95"] for times in rows.values()], color=_REST, label="p95")
    axes.bar_label(bars, fmt="%.0f", padding=3)
    axes.barh(list(rows), [times["p50"] for times in rows.values()], color=_MEDIAN, label="p50")
    if online["look_ahead_ms"] is not None:
        axes.axvline(online["look_ahead_ms"], color=_MARK, linestyle="--", label="look-ahead")
    axes.set_xlabel("milliseconds from a frame's sound to the frame")
    axes.legend(fontsize="small")


def _parts(axes: Axes, parts: list[Mapping[str, Any]]) -> None:
    names = [part["name"] for part in parts]
    axes.barh(names, [part["plain_ms"] or 0 for part in parts], color=_REST, label="plain")
    bars = axes.barh(names, [part["ms"] for part in parts], 0.5, color=_MEDIAN, label="as it runs")
    axes.bar_label(bars, [rounded(part["ms"]) for part in parts], padding=3)
    axes.set(xscale="log", xlabel="milliseconds of a call")
    axes.legend(fontsize="small")
