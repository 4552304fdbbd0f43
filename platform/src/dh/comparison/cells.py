"""What a cell leaves in its folder, and whether what lies there is whole and still what is asked for."""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dh.comparison.outcome import Outcome
from dh.comparison.plan import Cell, Plan, digest
from dh.files import whole_file
from dh.record import fingerprint, record_path

_OUTCOME = ("state", "reason", "remedy", "seconds", "peak_mib")


@dataclass(frozen=True)
class Kept:
    """What an earlier call left of a cell."""

    outcome: Outcome
    evaluation: Outcome | None


class CellFolder:
    """A cell's folder.

    ``cell.json`` is written when the cell has ended, and says with which key and which files; what it does not vouch
    for does not count.

    Args:
        cell: whose folder it is.
        report: folder of the report.
    """

    def __init__(self, cell: Cell, report: Path) -> None:
        self.cell = cell
        self.path = report / "cells" / cell.id
        self.video = self.path / "video.mp4"
        self.record = record_path(self.video)
        self.filmstrip = self.path / "filmstrip.jpg"
        self.evaluation = self.path / "evaluation.json"
        self.log = self.path / "log.txt"
        self._statement = self.path / "cell.json"

    def kept(self, plan: Plan) -> Kept | None:
        """What is there of an earlier call, if it was for the same key and its files are whole."""
        stated = read_json(self._statement)
        try:
            if stated["key"] != self.cell.key or not all(
                self._whole(name, is_) for name, is_ in stated["files"].items()
            ):
                return None
            evaluation = stated["evaluation"]
            same = evaluation is not None and evaluation["key"] == evaluation_key(self.cell, plan)
            return Kept(
                Outcome(**{name: stated[name] for name in _OUTCOME}),
                Outcome(**{name: evaluation[name] for name in _OUTCOME}) if same else None,
            )
        except (KeyError, TypeError):
            return None

    def clear(self) -> None:
        """Removes everything, so that nothing of an earlier try is taken for this one's."""
        with contextlib.suppress(FileNotFoundError):
            self._statement.unlink()  # first: what is left half removed does not count
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True, exist_ok=True)

    def drop_results(self) -> None:
        """Removes what a cell that did not end well has left, but for its log."""
        for path in self.path.iterdir():
            if path != self.log:
                path.unlink()

    def write(self, plan: Plan, outcome: Outcome, evaluation: Outcome | None) -> None:
        """States how the cell ended, and what that left.

        Raises:
            InputError: it cannot be written.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        files = [self.video, self.record, self.filmstrip] if outcome.done else []
        if evaluation is not None and evaluation.done:
            files.append(self.evaluation)
        stated = {
            "cell": 1,
            "id": self.cell.id,
            "key": self.cell.key,
            "asked": {
                **self.cell.variant.arguments,
                "source": str(self.cell.source.path),
                "audio": str(self.cell.audio.path),
                "reference": None if self.cell.reference is None else str(self.cell.reference.path),
            },
            **_stated(outcome),
            "files": {file.name: _size_and_hash(file) for file in files},
            "evaluation": evaluation and {"key": evaluation_key(self.cell, plan), **_stated(evaluation)},
        }
        write_json(stated, self._statement)

    def _whole(self, name: str, stated: dict[str, Any]) -> bool:
        file = self.path / Path(name).name
        return file.is_file() and file.stat().st_size == stated["bytes"] and _size_and_hash(file) == stated


def evaluation_key(cell: Cell, plan: Plan) -> str:
    """Hash of all that decides a cell's evaluation, beside its video."""
    reference = None if cell.reference is None else cell.reference.sha256
    return digest({"metrics": dict(plan.metrics), "reference": reference, "device": plan.request.device})


def read_json(path: Path) -> dict[str, Any]:
    """What a file holds; nothing where it is not there or no JSON object."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def write_json(value: Any, path: Path) -> None:
    """Writes a file, whole or not at all.

    Raises:
        InputError: it cannot be written.
    """
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def _stated(outcome: Outcome) -> dict[str, Any]:
    values = asdict(outcome)
    return {name: values[name] for name in _OUTCOME}


def _size_and_hash(file: Path) -> dict[str, Any]:
    found = fingerprint(file)
    return {"bytes": found["bytes"], "sha256": found["sha256"]}
