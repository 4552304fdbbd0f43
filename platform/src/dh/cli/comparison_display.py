"""Shows a comparison on standard error: a bar for all cells and a line for each that runs; then how each ended."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from dh.cli.display import PHASE_WORDS
from dh.comparison.events import GOING_ON, CellEvent
from dh.progress import Notice

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from dh.comparison.plan import Plan


class ComparisonDisplay:
    """A listener for events; use it as a context manager.

    Args:
        plan: what runs.
        quiet: show nothing but notices.
    """

    def __init__(self, plan: Plan, *, quiet: bool = False) -> None:
        from rich.console import Console

        self.console: Console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._quiet = quiet
        self._cells = len(plan.cells)
        self._bar: RichProgress | None = None
        self._all: TaskID | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> ComparisonDisplay:
        if self.console.is_terminal and not self._quiet:
            from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as RichProgress

            self._bar = RichProgress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[phase]}"),
                console=self.console,
                transient=True,
            )
            self._bar.start()
            self._all = self._bar.add_task("cells", total=self._cells, phase="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, event: CellEvent | Notice) -> None:
        if isinstance(event, Notice):
            self.console.print(f"note: {event.text}", markup=False)
        elif not self._quiet:
            self._show(event)

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
