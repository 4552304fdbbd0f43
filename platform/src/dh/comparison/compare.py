"""A whole comparison: planned, run cell by cell, and shown."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from dh.comparison.cells import CellFolder, read_json
from dh.comparison.course import Course
from dh.comparison.events import CellEvent, ComparisonListener, ignore
from dh.comparison.inputs import write_playable, write_thumbnail
from dh.comparison.manifest import read_manifest
from dh.comparison.outcome import Outcome
from dh.comparison.pairs import Panel, write_pair
from dh.comparison.plan import Plan, digest, make_plan
from dh.comparison.process import Limits
from dh.comparison.request import Again, ComparisonRequest, PathLike, request_from
from dh.comparison.results import RESULTS, RESULTS_VERSION, Standing, count_states, make_results, write_results
from dh.comparison.variant import Variant
from dh.errors import DHError, InputError, Interrupted
from dh.files import reason
from dh.memory import available_memory_mib
from dh.mode import Mode
from dh.progress import Notice
from dh.record import fingerprint
from dh.text import one_line

SPARED = 0.9
"""Share of the memory that the machine has left which a comparison may take where its user sets no limit."""

_PATIENCE = 0.5
"""Seconds to wait for another comparison in the same folder: one that was ended just now."""


def compare(
    variants: Sequence[str | Variant] | None = None,
    *,
    output: PathLike,
    sources: Sequence[PathLike] | None = None,
    audios: Sequence[PathLike] | None = None,
    references: Sequence[PathLike | None] | None = None,
    manifest: PathLike | None = None,
    title: str | None = None,
    options: Mapping[str, Any] | None = None,
    mode: Mode | None = None,
    seed: int | None = None,
    fps: float | None = None,
    device: str | None = None,
    commercial_only: bool | None = None,
    metrics: Sequence[str] | None = None,
    jobs: int | None = None,
    memory: float | None = None,
    timeout: float | None = None,
    again: Again | None = None,
    on_event: ComparisonListener = ignore,
) -> Path:
    """Makes a video of every variant on every pair of source and audio, measures all, and shows them side by side.

    Each runs in a process of its own: what goes wrong there is that cell's result, in ``results.json``, and never the
    end of the comparison. Called again with the same output it keeps the cells that are done and whole.

    Args:
        variants: methods, as text such as ``"ditto"``, ``"ditto@starter:emotion=happy"`` or
            ``"ditto+viseme/face-mesh"``, or made; None: the manifest's.
        output: folder of the report; made where it is not there.
        sources: pictures and videos; each is joined with every audio.
        audios: speech.
        references: ground-truth videos, None where there is none: one for each pair, the first source's first.
        manifest: YAML or CSV file that names the inputs, and perhaps variants and settings, in their place.
        title: of the report.
        options: of every variant's components by key; a variant's own win.
        mode: "offline" or "online"; default: what the driver's options say.
        seed: of every random choice; default 0.
        fps: frames per second; default: each method's own.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        commercial_only: refuse what does not allow commercial use.
        metrics: names of those to measure; None: every one that can run here, empty: none.
        jobs: processes at a time, as far as memory allows; default 1.
        memory: GiB that a cell's processes may take together; default: nearly all that the machine has left.
        timeout: seconds without progress after which a cell counts as hung; default 120.
        again: "failed", the default, tries again what is not done, "all" every cell.
        on_event: called with ``CellEvent`` and ``Notice`` events, from this thread.

    Returns:
        The report's ``index.html``.

    Raises:
        DHError: nothing was run: a variant, an input or the output cannot be used.
        Interrupted: by the user, who can call it again.
    """
    request = request_from(
        variants,
        None if manifest is None else read_manifest(Path(manifest)),
        output=output,
        sources=sources,
        audios=audios,
        references=references,
        title=title,
        options=options,
        mode=mode,
        seed=seed,
        fps=fps,
        device=device,
        commercial_only=commercial_only,
        metrics=None if metrics is None else tuple(metrics),
        jobs=jobs,
        memory_mib=None if memory is None else memory * 1024,
        timeout=timeout,
        again=again,
    )
    plan, limits = prepare(request)
    run_plan(plan, limits, on_event)
    return request.output / "index.html"


def prepare(request: ComparisonRequest) -> tuple[Plan, Limits]:
    """Finds every mistake that can be found before anything runs.

    Raises:
        DHError: a variant, an input or the output cannot be used.
    """
    check_report(request.output)
    if request.memory_mib is not None:
        limits = Limits(request.timeout, request.memory_mib, f"the {request.memory_mib / 1024:g} GiB of --memory")
    else:
        left = SPARED * available_memory_mib()
        limits = Limits(request.timeout, left, f"the {left / 1024:.2g} GiB that this machine could spare")
    return make_plan(request, limits), limits


def check_report(report: Path) -> None:
    """Refuses a folder that holds something other than a comparison.

    Raises:
        InputError: it does, or it cannot be looked into.
    """
    try:
        holds = any(not path.name.startswith(".") for path in report.iterdir()) if report.exists() else False
    except OSError as error:
        why = "is a file; name a folder" if report.is_file() else reason(error)
        raise InputError(f"--output {report}: {why}") from error
    if holds and read_json(report / RESULTS).get("comparison") != RESULTS_VERSION:
        raise InputError(
            f"--output {report}: holds something other than a comparison; name another folder, or remove it"
        )


def run_plan(plan: Plan, limits: Limits, on_event: ComparisonListener = ignore) -> dict[str, Any]:
    """Runs what is not done yet, and writes the report. Returns what ``results.json`` holds.

    Raises:
        Interrupted: by the user, after everything that is done was written down.
        InputError: the report cannot be written, or another comparison writes it.
    """
    report = plan.request.output
    try:
        report.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--output {report}: {reason(error)}") from error
    with _alone(report):
        return _run_plan(plan, limits, on_event)


def _run_plan(plan: Plan, limits: Limits, on_event: ComparisonListener) -> dict[str, Any]:
    report = plan.request.output
    standing = Standing()
    old = read_json(report / RESULTS).get("pairs", [])
    try:
        write_results(make_results(plan, standing), report)  # from here on the folder is known for a comparison
        for folder in ("cells", "inputs", "pairs"):
            (report / folder).mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"--output {report}: {reason(error)}") from error

    def write() -> dict[str, Any]:
        results = make_results(plan, standing)
        write_results(results, report)
        return results

    try:
        with _ended_by_signals():
            _copy_inputs(plan)
            Course(plan, limits, standing, on_event, write).run()
            for pair in old:
                standing.pairs[pair["source"], pair["audio"]] = {"video": pair["video"], "key": pair.get("key")}
            _write_pairs(plan, standing, on_event)
            return _show(write(), report)
    except KeyboardInterrupt:
        results = _show(write(), report)
        counts = count_states([cell["state"] for cell in results["cells"]])
        raise Interrupted(f"interrupted: {counts}; the same command goes on") from None


@contextlib.contextmanager
def _alone(report: Path) -> Iterator[None]:
    """Keeps other comparisons out of the folder; the lock goes with the process, however that ends."""
    from huggingface_hub.utils import WeakFileLock

    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(WeakFileLock(report / ".lock", timeout=_PATIENCE))
        except TimeoutError as error:
            raise InputError(
                f"--output {report}: another comparison is at work in it; wait for its end, or name another folder"
            ) from error
        except OSError as error:
            raise InputError(f"--output {report}: {reason(error)}") from error
        yield


def _show(results: dict[str, Any], report: Path) -> dict[str, Any]:
    from dh.comparison.page import write_page

    write_page(results, report)
    return results


def _copy_inputs(plan: Plan) -> None:
    folder = plan.request.output / "inputs"
    for source in plan.inputs.sources.values():
        write_thumbnail(source.path, folder / f"{source.id}.jpg")
    for audio in plan.inputs.audios.values():
        write_playable(audio.path, folder / f"{audio.id}.m4a")


def _write_pairs(plan: Plan, standing: Standing, on_event: ComparisonListener) -> None:
    """Makes the side-by-side videos that are not there yet for what is to be seen now."""
    report = plan.request.output
    for pair in plan.request.pairs:
        source, audio = plan.inputs.sources[pair.source], plan.inputs.audios[pair.audio]
        cells = [cell for cell in plan.cells if (cell.source, cell.audio) == (source, audio)]
        place = (source.id, audio.id)
        if not any(standing.cells[cell.id].done for cell in cells):
            standing.pairs.pop(place, None)
            continue
        panels = [_panel(CellFolder(cell, report), standing.cells[cell.id]) for cell in cells]
        shown = [(panel.label, panel.reason, panel.video and fingerprint(panel.video)["sha256"]) for panel in panels]
        key = digest([audio.sha256, shown])
        video = f"pairs/{source.id}--{audio.id}.mp4"
        if standing.pairs.get(place) == {"video": video, "key": key} and (report / video).is_file():
            continue
        try:
            on_event(CellEvent("--".join(place), "joining", ended=len(plan.cells), cells=len(plan.cells)))
            write_pair(panels, audio.path, report / video)
            standing.pairs[place] = {"video": video, "key": key}
        except DHError as error:
            standing.pairs.pop(place, None)
            on_event(Notice(f"no side-by-side video of {source.id} and {audio.id}: {one_line(error)}"))


def _panel(folder: CellFolder, outcome: Outcome) -> Panel:
    label = folder.cell.variant.variant.title
    if outcome.done:
        return Panel(label, folder.video, "")
    return Panel(label, None, f"{outcome.state}: {outcome.reason}")


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Makes SIGTERM, which would leave workers behind, the same as Ctrl-C. Only the main thread can."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
