"""Shows a comparison on standard error: a bar for all cells and a line for each that runs; then how each ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dh.cli.display import PHASE_WORDS, BarDisplay
from dh.comparison.events import GOING_ON, CellEvent

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import ProgressColumn, TaskID

    from dh.comparison.plan import Plan


class ComparisonDisplay(BarDisplay[CellEvent]):
    """Shows a comparison.

    Args:
        plan: what runs.
        quiet: show nothing but notices.
    """

    def __init__(self, plan: Plan, *, quiet: bool = False) -> None:
        super().__init__(quiet=quiet)
        self._cells = len(plan.cells)
        self._all: TaskID | None = None
        self._tasks: dict[str, TaskID] = {}

    def _columns(self) -> Sequence[ProgressColumn]:
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn

        description, phase = TextColumn("{task.description}"), TextColumn("{task.fields[phase]}")
        return SpinnerColumn(), description, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), phase

    def _begin(self, bar: RichProgress) -> None:
        self._all = bar.add_task("cells", total=self._cells, phase="")

    def _show(self, event: CellEvent) -> None:
        if event.state not in GOING_ON:
            reason = f": {event.reason}" if event.reason else f" ({event.seconds:.1f} s)"
            self.console.print(f"{event.state:<13} {event.cell}{reason}", markup=False)
        if self._bar is None or self._all is None:
            return
        self._bar.update(self._all, completed=event.ended)
        if event.state not in GOING_ON:
            task = self._tasks.pop(event.cell, None)
            if task is not None:
                self._bar.remove_task(task)
            return
        if event.cell not in self._tasks:
            self._tasks[event.cell] = self._bar.add_task(event.cell, total=None, phase="")
        word = PHASE_WORDS[event.phase] if event.phase else event.state
        self._bar.update(self._tasks[event.cell], completed=event.frame, total=event.frames, phase=word)
