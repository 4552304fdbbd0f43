"""A folder of synthesised clips in the training layout: made by several processes, clip by clip, resumable."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import yaml

import dh
from dh_ditto.starter.layout import SIZE
from dh_ditto.synthesis.arrays import Array
from dh_ditto.synthesis.clip import ARRAYS, SPLITS, Split, clip_seconds, make_clip, write_clip
from dh_ditto.synthesis.recipe import Recipe
from dh_ditto.weights.extras import require

RECIPE = "recipe.yaml"
MEAN_VARIANCE = "mean_var.npy"

_CONSTANT = 1e-12
"""Variance below which a column counts as constant; it is written as 1, so that dividing by it is harmless."""

_Task = tuple[Recipe, Split, int, Path]


def make_dataset(
    recipe: Recipe,
    output: Path,
    listener: Callable[[dh.Progress | dh.Notice], None] | None = None,
) -> Path:
    """Makes all clips of a recipe.

    A clip that is there is not made again, so an interrupted call goes on where it stopped. What a clip holds depends
    on the recipe and its number alone.

    Args:
        recipe: what to make.
        output: folder, new, or of an earlier call with the same recipe.
        listener: gets ``dh.Progress`` in seconds of sound made.

    Returns:
        The folder, which holds ``train.json`` and ``validation.json`` (lists of clips with paths relative to the
        folder), ``mean_var.npy`` [2, 58] over the training clips, ``recipe.yaml`` and ``clips/``.

    Raises:
        InputError: the folder holds clips of another recipe, or cannot be written.
        ExtraMissing: the package with eSpeak NG is not installed.
    """
    require("espeakng_loader")  # before anything is written, and here rather than in every worker
    _claim(output, recipe)
    numbers = {split: _numbers(recipe, split) for split in SPLITS}
    folders = {(split, number): _folder(output, split, number) for split in SPLITS for number in numbers[split]}
    seconds = {key: clip_seconds(recipe, *key) for key in folders}
    missing = [key for key, folder in folders.items() if not folder.is_dir()]
    total = round(sum(seconds.values()))
    done = total - sum(seconds[key] for key in missing)
    begin = time.monotonic()
    tell = listener or (lambda _: None)
    tell(dh.Progress("prepare", round(done), total, 0.0))
    tasks: list[_Task] = [(recipe, split, number, folders[split, number]) for split, number in missing]
    for split, number in _run(tasks, recipe.workers or os.cpu_count() or 1):
        done += seconds[split, number]
        tell(dh.Progress("prepare", round(done), total, time.monotonic() - begin))
    for split in SPLITS:
        _write_list(output, split, numbers[split])
    _write_mean_variance(output, numbers["train"])
    return output


def _numbers(recipe: Recipe, split: Split) -> range:
    """Numbers of a split's clips: as many as its time needs."""
    wanted = recipe.hours * 3600 if split == "train" else recipe.validation_minutes * 60
    made, count = 0.0, 0
    while made < wanted:
        made += clip_seconds(recipe, split, count)
        count += 1
    return range(count)


def _run(tasks: Sequence[_Task], workers: int) -> Iterator[tuple[Split, int]]:
    """Makes clips, in whatever order they are ready."""
    workers = min(workers, len(tasks))
    if workers <= 1:
        yield from map(_make, tasks)
        return
    # Spawned, not forked: a forked copy of a process with threads may hang.
    with multiprocessing.get_context("spawn").Pool(workers, _ignore_interrupts) as pool:
        yield from pool.imap_unordered(_make, tasks, chunksize=1)


def _make(task: _Task) -> tuple[Split, int]:
    recipe, split, number, folder = task
    write_clip(make_clip(recipe, split, number), folder, with_truth=split == "validation")
    return split, number


def _ignore_interrupts() -> None:
    """Ctrl-C is the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _claim(output: Path, recipe: Recipe) -> None:
    """Writes the recipe into a new folder, or makes sure that an old one has the same."""
    path = output / RECIPE
    text = yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    if path.is_file():
        if yaml.safe_load(path.read_text(encoding="utf-8")) != yaml.safe_load(text):
            raise dh.InputError(f"{output}: holds clips of another recipe; name another folder, or remove it")
        return
    if output.is_file() or (output.is_dir() and any(output.iterdir())):
        raise dh.InputError(f"{output}: holds something already; name another folder, or remove it")
    output.mkdir(parents=True, exist_ok=True)
    with dh.whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _folder(output: Path, split: Split, number: int) -> Path:
    return output / "clips" / split / f"{number:05d}"


def _write_list(output: Path, split: Split, numbers: range) -> None:
    rows = []
    for number in numbers:
        folder = _folder(output, split, number)
        frames = len(np.load(folder / "mtn.npy", mmap_mode="r"))
        paths = {name: (folder / f"{name}.npy").relative_to(output).as_posix() for name in ARRAYS}
        rows.append({"frame_num": frames, **paths})
    with dh.whole_file(output / f"{split}.json") as temporary:
        temporary.write_text(json.dumps(rows, indent=1), encoding="utf-8")


def _write_mean_variance(output: Path, numbers: range) -> None:
    count, total, squares = 0, np.zeros(SIZE), np.zeros(SIZE)
    for number in numbers:
        rows: Array = np.load(_folder(output, "train", number) / "mtn.npy").astype(np.float64)
        count, total, squares = count + len(rows), total + rows.sum(0), squares + (rows**2).sum(0)
    mean = total / count
    variance = squares / count - mean**2
    variance[variance < _CONSTANT] = 1.0
    # np.save would add its suffix to the temporary name.
    with dh.whole_file(output / MEAN_VARIANCE) as temporary, temporary.open("wb") as file:
        np.save(file, np.stack([mean, variance]).astype(np.float32))
