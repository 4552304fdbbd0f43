"""Shows a run's events on standard error: a progress bar on a terminal, elsewhere notices alone."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from dh.cli.output import times_real_time
from dh.progress import Notice, Phase, Progress

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import ProgressColumn, TaskID

PHASE_WORDS: dict[Phase, str] = {
    "prepare": "preparing",
    "register": "registering",
    "render": "rendering",
    "finish": "finishing",
    "train": "training",
    "evaluate": "evaluating",
}
_REFRESH_SECONDS = 0.1


Shown = TypeVar("Shown")
This = TypeVar("This", bound="BarDisplay[Any]")


class BarDisplay(ABC, Generic[Shown]):
    """A listener for events: notices as lines, all else on a bar where there is a terminal. A context manager.

    Args:
        quiet: show nothing but notices.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        from rich.console import Console

        self.console: Console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._quiet = quiet
        self._bar: RichProgress | None = None

    def __enter__(self: This) -> This:
        if self.console.is_terminal and not self._quiet:
            from rich.progress import Progress as RichProgress

            self._bar = RichProgress(*self._columns(), console=self.console, transient=True)
            self._bar.start()
            self._begin(self._bar)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, event: Shown | Notice) -> None:
        if isinstance(event, Notice):
            self.console.print(f"note: {event.text}", markup=False)
        elif not self._quiet:
            self._show(event)

    @abstractmethod
    def _columns(self) -> Sequence[ProgressColumn]:
        """What a line of the bar consists of."""

    @abstractmethod
    def _begin(self, bar: RichProgress) -> None:
        """Adds the lines that are there from the start."""

    @abstractmethod
    def _show(self, event: Shown) -> None:
        """Shows an event; without a bar too, where it is worth a line."""


class Display(BarDisplay[Progress]):
    """Shows a run."""

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(quiet=quiet)
        self._task: TaskID | None = None
        self._phase = ""
        self._next_update = 0.0

    def _columns(self) -> Sequence[ProgressColumn]:
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn

        description, figures = TextColumn("{task.description:<11}"), TextColumn("{task.fields[figures]}")
        return SpinnerColumn(), description, BarColumn(), MofNCompleteColumn(), figures

    def _begin(self, bar: RichProgress) -> None:
        self._task = bar.add_task("starting", total=None, figures="")

    def _show(self, event: Progress) -> None:
        now = time.monotonic()
        new_phase = event.phase != self._phase
        if not new_phase and now < self._next_update and event.done != event.total:
            return
        self._phase = event.phase
        self._next_update = now + _REFRESH_SECONDS
        if self._bar is None or self._task is None:
            return
        self._bar.update(
            self._task,
            description=PHASE_WORDS[event.phase],
            completed=event.done,
            total=event.total,
            figures=", ".join(progress_figures(event)),
        )


def progress_figures(event: Progress) -> Iterator[str]:
    """What the line of a step says beside its bar."""
    if event.phase == "render":
        yield f"{event.speed:.3g} frames/s"
        yield times_real_time(event.real_time_factor)
    elif event.phase == "train":
        yield f"{event.speed:.3g} steps/s"
    if event.time_left is not None and event.phase != "register":
        yield _time_left(event.time_left)
    if event.detail:
        yield event.detail


def _time_left(seconds: float) -> str:
    if seconds < 600:
        return f"{seconds:.0f} s left"
    return f"{seconds / 60:.0f} min left" if seconds < 7200 else f"{seconds / 3600:.1f} h left"
