"""All steps over all videos: one that fails does not stop the others, and nothing is done twice."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import dh
from dh_ditto.motion import VECTOR_SIZE
from dh_ditto.preparation import arkit, audio, emotion, eyes, motion, videos
from dh_ditto.preparation.clips import Clip, find_videos, name_clips
from dh_ditto.preparation.gather import LEAST_FRAMES, clip_name, frames_of, gather, held_out, mean_and_variance
from dh_ditto.preparation.job import FPS, Job, Step, make_context
from dh_ditto.preparation.layout import FLIP, DataLayout, save_array, save_json
from dh_ditto.preparation.options import PrepareOptions
from dh_ditto.preparation.videos import check_video
from dh_ditto.settings import read_settings
from dh_ditto.starter.layout import SIZE

PROBLEMS_NAME = "problems.json"
"""Source, step and reason of every video that was left out."""

Result = TypeVar("Result")


def prepare(
    sources: Sequence[Path], output: Path, config: Path | None, options: Mapping[str, Any], listener: dh.Listener
) -> Path:
    """Turns videos of talking people into training data.

    Every step keeps what it finds done, so the same call goes on where an earlier one was stopped. A video that cannot
    be prepared is told of in one line at the end and listed in ``problems.json``.

    Args:
        sources: videos, and folders that are searched for them.
        output: folder of the data; it is made, or gone on with.
        config: YAML file of options.
        options: options by key, before those of the file.
        listener: gets progress in frames, and notices.

    Returns:
        ``output``, with ``data_info.json``, ``data_list.json``, ``train.json``, ``mean_var.npy`` and, where videos are
        kept for it, ``validation.json``.

    Raises:
        InputError: no video could be prepared, or something the user gave cannot be used.
        MissingError: weights or packages that an option asks for are not on this machine.
    """
    chosen = read_settings(PrepareOptions, config, options)
    output = Path(output).expanduser().absolute()
    if output.is_file():
        raise dh.InputError(f"--output {output}: is a file; name a folder")
    record = name_clips(find_videos(sources, output), output, chosen)
    run = _Run(chosen, output, listener)
    run.check_machine(record.clips)
    output.mkdir(parents=True, exist_ok=True)
    record.save()
    run.through(record.clips)
    return output


def steps_for(options: PrepareOptions) -> list[Step]:
    """What is done to every video, in order."""
    published = options.motion == "liveportrait"
    own = [motion.MOTION, eyes.EYES] if published else [arkit.ARKIT]
    mirrored = [motion.FLIPPED_MOTION, eyes.FLIPPED_EYES] if published else [arkit.FLIPPED_ARKIT]
    features = audio.FEATURES[options.audio_folder]
    steps = [videos.FPS25, videos.CROP, audio.AUDIO, features, *own, emotion.EMOTION]
    return [*steps, *mirrored] if options.flip else steps


@dataclass(frozen=True)
class _Problem:
    """Why a video was left out."""

    clip: Clip
    step: str
    reason: str


class _Run:
    def __init__(self, options: PrepareOptions, output: Path, listener: dh.Listener) -> None:
        self._options, self._listener = options, listener
        self._steps = steps_for(options)
        self._job = Job(options, DataLayout(output), make_context(options, self._tell), self._count)
        self._told: set[str] = set()
        self._at = ""
        self._problems: list[_Problem] = []
        self._begin = time.monotonic()
        self._done = self._total = 0

    def check_machine(self, clips: Sequence[Clip]) -> None:
        """Refuses what this machine lacks for the steps that are still to be done."""
        for step in self._steps:
            if any(not step.is_done(self._job.layout, clip) for clip in clips):
                step.check(self._job)

    def through(self, clips: Sequence[Clip]) -> None:
        """All steps, then the lists.

        Raises:
            InputError: no video is left.
        """
        layout = self._job.layout
        to_do = {step.name: [clip for clip in clips if not step.is_done(layout, clip)] for step in self._steps}
        frames = {clip: self._frames(clip) for clip in clips if any(clip in waiting for waiting in to_do.values())}
        self._total = sum(frames[clip] for waiting in to_do.values() for clip in waiting)
        for step in self._steps:
            self._do(step, [clip for clip in to_do[step.name] if not self._failed(clip)])
        self._gather([clip for clip in clips if not self._failed(clip)])

    def _frames(self, clip: Clip) -> int:
        """Frames that a video is going to have; 0 where it cannot be read."""
        return self._guarded("check", clip, lambda: check_video(clip.source)) or 0

    def _do(self, step: Step, clips: Sequence[Clip]) -> None:
        if not clips:
            return
        begin = time.monotonic()
        with ExitStack() as stack:
            work = step.open(self._job, stack)
            for clip in clips:
                self._guarded(step.name, clip, functools.partial(work, clip))
        done = sum(not self._failed(clip) for clip in clips)
        seconds = time.monotonic() - begin
        self._tell(f"{step.name}: {done} of {len(clips)} videos in {seconds:.1f} s")

    def _guarded(self, step: str, clip: Clip, action: Callable[[], Result]) -> Result | None:
        """What the action gives; None where it fails for a reason that lies in the video, which is kept."""
        self._at = f"{step} {clip.name}"
        try:
            return action()
        except dh.MissingError:
            raise
        except dh.DHError as error:
            reason = dh.one_line(error)
        except Exception as error:  # whatever a library makes of a damaged video
            reason = f"{type(error).__name__}: {dh.one_line(error, 200)}"
        self._leave_out(step, clip, reason)
        return None

    def _leave_out(self, step: str, clip: Clip, reason: str) -> None:
        named = reason if str(clip.source) in reason else f"{clip.source}: {reason}"
        self._problems.append(_Problem(clip, step, named))

    def _failed(self, clip: Clip) -> bool:
        return any(problem.clip == clip for problem in self._problems)

    def _count(self, frames: int) -> None:
        self._done += frames
        elapsed = time.monotonic() - self._begin
        self._listener(dh.Progress("prepare", self._done, max(self._total, self._done), elapsed, detail=self._at))

    def _tell(self, text: str) -> None:
        """Passes a notice on; what several steps say is said once."""
        if text not in self._told:
            self._told.add(text)
            self._listener(dh.Notice(text))

    def _gather(self, clips: Sequence[Clip]) -> None:
        options, layout, root = self._options, self._job.layout, self._job.layout.root
        folders = [folder for step in self._steps for folder in step.folders if not folder.endswith(FLIP)]
        info = layout.data_info(folders, [clip.name for clip in clips])
        entries = gather(
            info,
            use_emo=True,
            use_eye_open=True,
            use_eye_ball=True,
            with_flip=options.flip,
            folder=root,
            motion=options.motion_folder,
            audio=options.audio_folder,
            use_lmk=True,
            use_style=options.motion == "arkit",
        )
        used = {clip_name(entry) for entry in entries}
        for clip in clips:
            if clip.name not in used:
                self._leave_out("gather", clip, f"has fewer than {LEAST_FRAMES} frames ({LEAST_FRAMES / FPS:.2f} s)")
        self._tell_problems()
        if not used:
            raise dh.InputError(
                f"none of {len(self._problems)} videos could be prepared; see {root / PROBLEMS_NAME}; "
                f"the first: {self._problems[0].reason}"
            )
        save_json(root / "data_info.json", info)
        save_json(root / "data_list.json", entries)
        kept = held_out(sorted(used), options.validation)
        train = [entry for entry in entries if clip_name(entry) not in kept]
        save_json(root / "train.json", train)
        if kept:
            save_json(root / "validation.json", [entry for entry in entries if clip_name(entry) in kept])
        else:
            (root / "validation.json").unlink(missing_ok=True)
        columns = VECTOR_SIZE if options.motion == "liveportrait" else SIZE
        save_array(root / "mean_var.npy", mean_and_variance(train, columns, root))
        hours = frames_of(entries) / FPS / 3600
        self._tell(f"{root}: {len(entries)} entries of {len(used)} videos, {hours:.2f} h")

    def _tell_problems(self) -> None:
        """Writes and tells why videos were left out."""
        problems = self._problems
        rows = [{"source": str(one.clip.source), "step": one.step, "reason": one.reason} for one in problems]
        save_json(self._job.layout.root / PROBLEMS_NAME, rows)
        for one in problems:
            self._tell(f"left out at {one.step}: {one.reason}")
