"""The course of a comparison: which cells are kept, which run, what follows from each, and where everything stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from dh.comparison.cells import CellFolder
from dh.comparison.events import CellEvent, ComparisonListener
from dh.comparison.outcome import Outcome
from dh.comparison.plan import Cell, Plan
from dh.comparison.process import Limits
from dh.comparison.results import Standing
from dh.comparison.scheduler import Scheduler, Task
from dh.progress import Notice

EVALUATION_SECONDS = 600.0
"""The least that an evaluation may go on without telling anything: some metrics take long over a video."""


class Course:
    """Runs the cells of a plan.

    Args:
        plan: what to do.
        limits: of each cell.
        standing: where everything stands; filled as cells end.
        listener: for events.
        changed: called whenever a cell or an evaluation has ended.
    """

    def __init__(
        self,
        plan: Plan,
        limits: Limits,
        standing: Standing,
        listener: ComparisonListener,
        changed: Callable[[], object],
    ) -> None:
        self._plan = plan
        self._limits = limits
        self._standing = standing
        self._listener = listener
        self._changed = changed
        self._cells = {cell.id: cell for cell in plan.cells}
        self._noticed: set[str] = set()

    def run(self) -> None:
        """Takes over what is done already, runs the rest, and evaluates what is done."""
        tasks = list(self._tasks())
        self._changed()
        Scheduler(self._plan.request.jobs, self._told, self._ended).run(tasks)

    def _tasks(self) -> Iterator[Task]:
        for cell in self._plan.cells:
            folder = CellFolder(cell, self._plan.request.output)
            outcome, evaluation = first_look(cell, self._plan)
            if outcome is None:
                yield self._render(cell, folder)
                continue
            self._standing.cells[cell.id] = outcome
            if evaluation is not None:
                self._standing.evaluations[cell.id] = evaluation
            elif outcome.done:
                yield from self._evaluate(cell, folder)
            if outcome.done:
                self._tell(CellEvent(cell.id, "kept", seconds=outcome.seconds))
            else:
                if not folder.video.is_file():  # else it may be wanted again when what is missing is back
                    folder.write(self._plan, outcome, None)
                self._tell_end(cell, outcome)

    def _render(self, cell: Cell, folder: CellFolder) -> Task:
        arguments = {
            **cell.variant.arguments,
            "source": str(cell.source.path.absolute()),
            "audio": str(cell.audio.path.absolute()),
            "output": str(folder.video.absolute()),
        }
        job = {"job": "render", "run": arguments, "filmstrip": str(folder.filmstrip.absolute())}
        return Task(cell.id, job, folder.log, self._limits, f"render {cell.variant.variant.method}", folder.clear)

    def _evaluate(self, cell: Cell, folder: CellFolder) -> Iterator[Task]:
        if not self._plan.metrics:
            return
        arguments = {
            "video": str(folder.video.absolute()),
            "reference": None if cell.reference is None else str(cell.reference.path.absolute()),
            "audio": str(cell.audio.path.absolute()),
            "metrics": None if self._plan.request.metrics is None else list(self._plan.metrics),
            "device": self._plan.request.device,
        }
        job = {"job": "evaluate", "evaluate": arguments, "output": str(folder.evaluation.absolute())}
        limits = replace(self._limits, timeout=max(EVALUATION_SECONDS, self._limits.timeout))
        yield Task(cell.id, job, folder.log, limits, "evaluate")

    def _told(self, task: Task, event: Mapping[str, Any]) -> None:
        if event["event"] == "notice" and event["text"] not in self._noticed:
            self._noticed.add(event["text"])
            self._listener(Notice(f"{self._cells[task.cell].variant.variant.title}: {event['text']}"))
        elif event["event"] == "progress" and task.kind == "evaluate":
            self._tell(CellEvent(task.cell, "evaluating"))
        elif event["event"] == "progress":
            renders = event["phase"] == "render"
            frames = (event["done"], event["total"]) if renders else (0, None)
            self._tell(CellEvent(task.cell, "running", phase=event["phase"], frame=frames[0], frames=frames[1]))

    def _ended(self, task: Task, outcome: Outcome) -> Iterable[Task]:
        cell = self._cells[task.cell]
        folder = CellFolder(cell, self._plan.request.output)
        follow: list[Task] = []
        if task.kind == "evaluate":
            self._standing.evaluations[cell.id] = outcome
            if not outcome.done:
                self._listener(Notice(f"{cell.id} is not measured: {outcome.state}: {outcome.reason}"))
        else:
            self._standing.cells[cell.id] = outcome
            if outcome.done:
                follow = list(self._evaluate(cell, folder))
            else:
                folder.drop_results()
        done = self._standing.cells[cell.id]
        folder.write(self._plan, done, self._standing.evaluations.get(cell.id))
        self._changed()
        if follow:
            self._tell(CellEvent(cell.id, "evaluating"))
        else:
            self._tell_end(cell, done)
        return follow

    def _tell_end(self, cell: Cell, outcome: Outcome) -> None:
        self._tell(CellEvent(cell.id, outcome.state, outcome.reason, outcome.seconds))

    def _tell(self, event: CellEvent) -> None:
        self._listener(replace(event, ended=len(self._standing.cells), cells=len(self._cells)))


def first_look(cell: Cell, plan: Plan) -> tuple[Outcome | None, Outcome | None]:
    """How a cell and its evaluation end without running, kept from before or known beforehand; None where they run."""
    if cell.variant.obstacle is not None:
        return cell.variant.obstacle, None
    if plan.request.again == "all":
        return None, None
    kept = CellFolder(cell, plan.request.output).kept(plan)
    if kept is None or not kept.outcome.done:
        return None, None
    evaluated = kept.evaluation is not None and kept.evaluation.done
    return kept.outcome, kept.evaluation if evaluated else None
