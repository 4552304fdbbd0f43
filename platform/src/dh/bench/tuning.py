"""The configurations that a method declares, measured against each other; the best one counts for later runs."""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dh.audio import SAMPLE_RATE, AudioChunk
from dh.bench.inputs import framed_portrait, speech_samples, write_speech
from dh.bench.request import BenchRequest
from dh.bench.session import WarmSession
from dh.configuration import demands_of
from dh.errors import DHError, OptionError
from dh.files import check_writable
from dh.machine import machine, peak_memory
from dh.options import locate
from dh.progress import Event, Listener, Notice, ignore
from dh.registry import Chain, installed
from dh.request import make_request
from dh.text import one_line
from dh.tuned import TunedWork, Tuning, fingerprint, read_tunings, tuned_file, write_tunings

SECONDS = 2.0
"""Of speech that every candidate speaks, on a machine that is not slow."""

PATIENCE = 20.0
"""Seconds that a run of a candidate may take where the user gives no length of speech."""

LEAST_FRAMES = 2
"""That a candidate makes, however slow it is."""

FAITHFUL = 45.0
"""PSNR in dB of a candidate's frames against the reference's, below which it is refused."""

WORTHWHILE = 1.03
"""How many times faster a candidate must be than the best before it, or measuring again may find another."""

_MOST_PSNR = 100.0
"""Told of frames that are equal, for JSON knows no infinity."""

_TRIAL_FRAMES, _TRIAL_SECONDS = 10, 2.0

Images = list[NDArray[np.uint8]]


@dataclass(frozen=True)
class Candidate:
    """One configuration, measured.

    Args:
        options: by key.
        result: "chosen"; "slower" than the chosen one, or not faster to speak of; "refused", where its frames differ
            too much from the reference's; "left out", where it cannot run on this machine.
        reference: whether it is the one that frames are compared with: the first that can run.
        frames_per_second: of whole runs without encoding, the median of repeats; None where it was left out.
        frames: that a run made.
        psnr: in dB, of all these frames together; 100 where all are equal. None of the reference.
        reason: one line on what keeps it from running.
    """

    options: Mapping[str, Any]
    result: Literal["chosen", "slower", "refused", "left out"]
    reference: bool = False
    frames_per_second: float | None = None
    frames: int = 0
    psnr: float | None = None
    reason: str = ""


def tune(request: BenchRequest, listener: Listener = ignore) -> dict[str, Any]:
    """Measures a method's candidates with the same source, speech and seed, and keeps the best for later runs.

    Args:
        request: what to measure; its options count for every candidate.
        listener: for events.

    Returns:
        The candidates in the method's order, the options that were chosen, and the file that they were written to.

    Raises:
        OptionError: the method declares no candidates, or the user's options are what candidates choose.
        DHError: no candidate can run: the reason of the first.
    """
    with tempfile.TemporaryDirectory(prefix="dh-tune-") as name:
        tuner = _Tuner(request, Path(name), listener)
        measured = tuner.measured()
    best = _best(measured)
    rows = [replace(row, result="chosen") if row is best else row for row in measured]
    reference = next(row for row in rows if row.reference)
    tuning = Tuning(
        work=tuner.work,
        machine=fingerprint(tuner.chain, tuner.work.device),
        options=dict(best.options),
        frames_per_second=best.frames_per_second or 0.0,
        reference=dict(reference.options),
        reference_frames_per_second=reference.frames_per_second or 0.0,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    path = write_tunings(read_tunings().with_tuning(tuning))
    return {
        "method": request.method,
        "options": dict(request.options),
        **tuner.about,
        "candidates": [asdict(row) for row in rows],
        "tuned": {"options": dict(best.options), "device": tuner.work.device, "file": str(path)},
        **peak_memory(),
        "machine": machine(),
    }


def _best(rows: Sequence[Candidate]) -> Candidate:
    """The fastest of those that are faithful; an earlier one unless a later is faster to speak of."""
    best, *others = (row for row in rows if row.result == "slower")
    for row in others:
        if (row.frames_per_second or 0.0) > (best.frames_per_second or 0.0) * WORTHWHILE:
            best = row
    return best


class _Tuner:
    """Runs candidate after candidate; the first that can run is the reference.

    Attributes:
        chain: of all candidates.
        work: of the reference.
        about: the reference's mode, frame and rate, as figures have them.
    """

    work: TunedWork

    def __init__(self, request: BenchRequest, folder: Path, listener: Listener) -> None:
        self._request, self._listener = request, listener
        self._samples = speech_samples(request.audio, request.seconds or SECONDS)
        self._values: dict[str, Any] = {
            "method": request.method,
            "profile": request.profile,
            "driver": request.driver,
            "renderer": request.renderer,
            "device": request.device,
            "mode": request.mode,
            "source": request.source or framed_portrait(folder),
            "audio": write_speech(self._samples, folder / "speech.wav"),
        }
        self.chain = self._chain()
        self.about: dict[str, Any] = {}
        self._values["profile"] = self.chain.profile or request.profile
        self._told: set[str] = set()
        self._images: Images = []

    def measured(self) -> list[Candidate]:
        """Every candidate; none of them is marked as chosen yet."""
        rows: list[Candidate] = []
        errors: list[DHError] = []
        for options in self.chain.candidates:
            try:
                rows.append(self._measure(options))
            except DHError as error:
                errors.append(error)
                rows.append(Candidate(options, "left out", reason=one_line(error)))
            gc.collect()  # networks, which may hold each other, leave room for the next candidate's
        if not self._images:
            raise errors[0]
        return rows

    def _chain(self) -> Chain:
        given = make_request(**self._values, options=self._request.options)
        chain = installed().chain(
            given.method,
            profile=given.profile,
            driver=given.driver,
            renderer=given.renderer,
            demands=demands_of(given),
        )
        if not chain.candidates:
            raise OptionError(f"--tune: method {chain.title} declares nothing to choose from; leave --tune out")
        if chain.notice:
            self._listener(Notice(chain.notice))
        candidates = locate(chain, {key: None for one in chain.candidates for key in one}, "candidate ")
        for key in given.options:
            for role, found in locate(chain, {key: None}, "--set ").items():
                if set(found) & set(candidates.get(role, ())):
                    raise OptionError(f"--set {key}: --tune chooses this option itself; leave one of the two out")
        path = tuned_file()
        if path.parent.is_dir():
            check_writable(path, "tuned configurations")
        return chain

    def _measure(self, options: Mapping[str, Any]) -> Candidate:
        """One candidate's speed and frames.

        Raises:
            DHError: it cannot run.
        """
        values = {**self._values, "options": {**self._request.options, **options}}
        session = WarmSession(make_request(**values), listener=self._tell)
        count = self._frames_of(_trial(session, self._samples), session.fps)
        images, seconds = self._runs(session, count)
        rate = round(len(images) / median(seconds), 3)
        if not self._images:
            self._images, self.work = images, session.tuned_work
            self.about = {
                "profile": session.chain.profile,
                "mode": session.mode,
                "frame": [session.avatar.width, session.avatar.height],
                "fps": session.fps,
            }
            return Candidate(options, "slower", True, rate, len(images))
        psnr = round(_psnr(zip(self._images, images, strict=False)), 2)
        return Candidate(options, "slower" if psnr >= FAITHFUL else "refused", False, rate, len(images), psnr)

    def _runs(self, session: WarmSession, count: int) -> tuple[Images, list[float]]:
        """Frames of a run, and the seconds of as many repeats as patience allows."""
        samples = self._samples[: round(count / session.fps * SAMPLE_RATE)]
        images: Images = []
        seconds: list[float] = []
        while len(seconds) < self._request.repeats and sum(seconds) < PATIENCE:
            images = []  # an earlier repeat's are the same
            begin = time.perf_counter()
            with session.frames([AudioChunk(samples, 0)]) as frames:
                images.extend(frame.image for frame in frames)
            seconds.append(time.perf_counter() - begin)
        return images, seconds

    def _frames_of(self, rate: float, fps: float) -> int:
        """How many frames a candidate of a speed makes: no more than the reference made."""
        wanted = len(self._images) or round(len(self._samples) / SAMPLE_RATE * fps)
        if self._request.seconds is not None:
            return wanted
        count = fitting_frames(rate, wanted)
        if count < wanted:
            self._tell(Notice(f"about {rate:.2g} frames/s: {count} frames are measured; --seconds sets more"))
        return count

    def _tell(self, event: Event) -> None:
        """Passes on each notice once, though every candidate gives it."""
        if isinstance(event, Notice):
            if event.text in self._told:
                return
            self._told.add(event.text)
        self._listener(event)


def fitting_frames(rate: float, wanted: int) -> int:
    """Frames, at most those that are wanted, that take no longer than ``PATIENCE`` at so many a second."""
    return min(wanted, max(LEAST_FRAMES, int(PATIENCE * rate)))


def _trial(session: WarmSession, samples: NDArray[np.float32]) -> float:
    """Frames per second after the first of a short run, which builds and warms the components."""
    with session.frames([AudioChunk(samples, 0)]) as frames:
        next(frames)
        begin = time.perf_counter()
        following = 0
        for _ in frames:
            following += 1
            if following == _TRIAL_FRAMES or time.perf_counter() - begin > _TRIAL_SECONDS:
                break
        return max(1, following) / (time.perf_counter() - begin)


def _psnr(pairs: Iterable[tuple[NDArray[np.uint8], NDArray[np.uint8]]]) -> float:
    """Peak signal-to-noise ratio in dB of pairs of pictures, over all their values together; at most 100."""
    squares = values = 0.0
    for one, other in pairs:
        difference = one.astype(np.int32) - other
        squares += float(np.square(difference).sum(dtype=np.int64))
        values += difference.size
    return _MOST_PSNR if not squares else min(_MOST_PSNR, 10 * np.log10(255**2 * values / squares))
