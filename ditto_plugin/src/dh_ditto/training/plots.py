"""Pictures of a training: its losses over time, and sampled motion beside the truth."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import dh
from dh_ditto.training.log import read_metrics
from dh_ditto.training.means import TOTAL
from dh_ditto.training.validation import SampledWindow

FOLDER = "plots"

_SHOWN_COLUMNS = 6


def plot_losses(metrics: Path, target: Path) -> None:
    """Draws total loss and every term over the steps, from ``metrics.csv``; held-out ones with dots."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    total, terms = figure.subplots(1, 2)
    labelled: set[str] = set()
    for split, style in (("train", "-"), ("validation", "o--")):
        columns = read_metrics(metrics, split)
        if not columns:
            continue
        total.plot(columns["step"], columns[TOTAL], style, label=split, markersize=4)
        for number, name in enumerate(name for name in columns if name[-2:] in ("_P", "_V", "_A", "_L", "_R")):
            label = None if name in labelled else name
            labelled.add(name)
            terms.plot(
                columns["step"],
                columns[name],
                style,
                color=matplotlib.colormaps["tab20"](number % 20),
                label=label,
                markersize=3,
            )
    for axes, title in ((total, TOTAL), (terms, "terms")):
        axes.set(title=title, xlabel="step", yscale="log")
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend(fontsize="x-small", ncols=2)
    _save(figure, target)


def plot_sample(window: SampledWindow, fps: int, target: Path) -> None:
    """Draws the columns of a window that move most, sampled and true, and all columns as pictures."""
    figure = Figure(figsize=(12, 7), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(3, 2))
    moving = np.argsort(-window.truth.std(0), kind="stable")[:_SHOWN_COLUMNS]
    time = np.arange(len(window.truth)) / fps
    for axes, column in zip(left.subplots(len(moving), 1, sharex=True, squeeze=False)[:, 0], moving, strict=True):
        axes.plot(time, window.truth[:, column], label="truth")
        axes.plot(time, window.sampled[:, column], label="sampled")
        axes.set_ylabel(f"column {column}", fontsize="small")
        axes.grid(alpha=0.3)
    left.axes[0].legend(fontsize="small", ncols=2)
    left.axes[-1].set_xlabel("seconds")
    # One scale for both, by the livelier one: a column that hardly moves in truth must not blow up the other's noise.
    deviation = np.maximum(window.truth.std(0), window.sampled.std(0)) + 1e-6
    for axes, name in zip(right.subplots(2, 1), ("truth", "sampled"), strict=True):
        scaled = (getattr(window, name) - window.truth.mean(0)) / deviation
        axes.imshow(scaled.T, aspect="auto", vmin=-3, vmax=3, cmap="coolwarm", interpolation="nearest")
        axes.set(title=name, xlabel="frame", ylabel="column")
    _save(figure, target)


def _save(figure: Figure, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    # Figures of their own canvas leave the caller's backend and open figures alone.
    FigureCanvasAgg(figure)
    with matplotlib.rc_context({"font.size": 9}), dh.whole_file(target) as temporary:
        figure.savefig(temporary, format="png", dpi=110)
