"""What a training writes down: ``loss.log`` in the published form, and ``metrics.csv``."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import dh

LOG_NAME = "loss.log"
METRICS_NAME = "metrics.csv"

_EPOCH = re.compile(r"Epoch: (\d+),")
_FIRST_COLUMNS = ("step", "epoch", "split", "lr", "gradient_norm", "seconds")

Row = Mapping[str, float | int | str | None]


class LossLog:
    """One line an epoch: ``Epoch: 1, Global_Steps: 3, | exp_A: 0.123456 | ... |``.

    Args:
        output: folder of the training.
    """

    def __init__(self, output: Path) -> None:
        self._path = output / LOG_NAME

    def resume(self, epoch: int) -> None:
        """Drops what a killed training wrote about later epochs."""

        def kept(line: str) -> bool:
            match = _EPOCH.match(line)
            return match is not None and int(match[1]) <= epoch

        _keep_lines(self._path, kept)

    def write(self, epoch: int, step: int, losses: Mapping[str, float]) -> None:
        """Adds an epoch."""
        terms = " | ".join(f"{name}: {losses[name]:.6f}" for name in sorted(losses))
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"Epoch: {epoch}, Global_Steps: {step}, | {terms} |\n")


class Metrics:
    """Rows of training and validation losses by step.

    Args:
        output: folder of the training.
        names: of the losses.
    """

    def __init__(self, output: Path, names: Sequence[str]) -> None:
        self.path = output / METRICS_NAME
        self._columns = (*_FIRST_COLUMNS, *names)

    def resume(self, step: int) -> None:
        """Drops what a killed training wrote about later steps."""

        def kept(line: str) -> bool:
            first = line.partition(",")[0]
            return not first.isdigit() or int(first) <= step

        _keep_lines(self.path, kept)
        if not self.path.is_file():
            self.path.write_text(",".join(self._columns) + "\n", encoding="utf-8")

    def write(self, row: Row) -> None:
        """Adds a row; a column that it lacks stays empty."""
        with self.path.open("a", encoding="utf-8", newline="") as file:
            csv.DictWriter(file, self._columns, lineterminator="\n").writerow(row)


def read_metrics(path: Path, split: str) -> dict[str, list[float]]:
    """Columns of ``metrics.csv`` for one split, ``train`` or ``validation``, without rows' empty values."""
    columns: dict[str, list[float]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["split"] == split:
                for name, value in row.items():
                    if name != "split" and value:
                        columns.setdefault(name, []).append(float(value))
    return columns


def _keep_lines(path: Path, kept: Callable[[str], bool]) -> None:
    if path.is_file():
        # A line that a kill cut short has no end.
        lines = [line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]
        with dh.whole_file(path) as temporary:
            temporary.write_text("".join(line for line in lines if kept(line)), encoding="utf-8")
