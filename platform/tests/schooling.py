"""What ``profiled_plugin`` brings for training: tools that count what they are given, and fail as an option says."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dh

STEPS = 4


def prepare(
    sources: Sequence[Path], output: Path, config: Path | None, options: Mapping[str, Any], listener: dh.Listener
) -> Path:
    """Lists its sources."""
    output.mkdir(parents=True, exist_ok=True)
    for done, source in enumerate(sources, 1):
        listener(dh.Progress("prepare", done, len(sources), 1.0, detail=source.name))
    said = f"{[source.name for source in sources]} {config.name if config else None} {dict(options)}"
    (output / "data.txt").write_text(said, encoding="utf-8")
    return output


def train(config: Path, output: Path, options: Mapping[str, Any], listener: dh.Listener) -> Path:
    """Counts steps in ``steps.txt``; the option ``fail`` says how the second one ends."""
    steps = output / "steps.txt"
    output.mkdir(parents=True, exist_ok=True)
    begin = int(steps.read_text(encoding="utf-8")) if steps.exists() else 0
    if begin:
        listener(dh.Notice(f"goes on at step {begin}"))
    for done in range(begin + 1, STEPS + 1):
        steps.write_text(str(done), encoding="utf-8")
        listener(dh.Progress("train", done, STEPS, float(done), detail=f"loss {1 / done:.2f}"))
        if done == 2:
            _fail(options.get("fail"))
    (output / "weights").mkdir(exist_ok=True)
    (output / "weights" / "told.txt").write_text(f"{config.name} {dict(options)}", encoding="utf-8")
    return output / "weights"


def _fail(how: Any) -> None:
    if how == "interrupt":
        signal.raise_signal(signal.SIGINT)
    elif how == "interrupt, cleaned up":
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            sys.exit(1)
    elif how == "exit":
        sys.exit(7)
    elif how == "user":
        raise dh.InputError("data.txt: holds no rows; prepare it again")
    elif how == "bug":
        raise ValueError("two\nlines")


TOOLS: dh.TrainingTools = sys.modules[__name__]
ONLY_PREPARE = SimpleNamespace(prepare=prepare)
