"""What all steps share: options, files, the networks' folder, and whom to tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

import dh
from dh_ditto import checkpoints
from dh_ditto.preparation.clips import Clip
from dh_ditto.preparation.layout import DataLayout
from dh_ditto.preparation.options import PrepareOptions

FPS = 25
"""Frames per second of all training data."""

Image = NDArray[np.uint8]
Item = TypeVar("Item")


@dataclass(frozen=True)
class Job:
    """One call of ``prepare``.

    Args:
        options: of the user.
        layout: of the output folder.
        context: device, weights and notices, as components get them.
        frames_done: called with the number of frames that a step has gone through.
    """

    options: PrepareOptions
    layout: DataLayout
    context: dh.Context
    frames_done: Callable[[int], None]

    def path(self, folder: str, clip: Clip) -> Path:
        """The file of a clip; its folder is made."""
        path = self.layout.path(folder, clip.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def counted(self, frames: Iterable[Item]) -> Iterator[Item]:
        """Frames as they are, each reported once it is worked on."""
        for frame in frames:
            yield frame
            self.frames_done(1)

    def images(self, folder: str, clip: Clip, *, flip: bool = False) -> Iterator[Image]:
        """Frames of a prepared video, RGB [h,w,3], mirrored or not; each is counted."""
        path = self.layout.path(folder, clip.name)
        with dh.VideoReader(path, str(path)) as reader:
            for image in self.counted(reader.frames(FPS)):
                yield np.ascontiguousarray(image[:, ::-1]) if flip else image


Worker = Callable[[Clip], None]


@dataclass(frozen=True)
class Step:
    """One thing that is done to every video.

    Args:
        name: for messages.
        folders: that it writes one file each to; a clip that has them all is done.
        open: readies what it needs, such as networks, on a stack that is closed after the last clip.
        check: refuses, before any work, what could not be done for want of something on this machine.
    """

    name: str
    folders: tuple[str, ...]
    open: Callable[[Job, ExitStack], Worker]
    check: Callable[[Job], Any] = lambda job: None

    def is_done(self, layout: DataLayout, clip: Clip) -> bool:
        """Whether all files of a clip are there."""
        return all(layout.path(folder, clip.name).is_file() for folder in self.folders)


def make_context(options: PrepareOptions, notice: Callable[[str], None]) -> dh.Context:
    """Device and folders of weights.

    Raises:
        InputError: the folder of weights that the user names is not there.
        DeviceMissing: this machine has no such device.
    """
    here, device = dh.available_devices(), options.device
    if device == "auto":
        device = "cuda" if "cuda" in here else "cpu"
    if device.partition(":")[0] not in here:
        raise dh.DeviceMissing(f"--set device={device}: this machine has {', '.join(here)}; choose one of these")
    weights = options.weights
    return dh.Context(
        fps=FPS,
        device=device,
        notice=notice,
        checkpoints=dh.pulled_checkpoints((*checkpoints.ALTERNATIVES, checkpoints.LANDMARKS)),
        weights=None if weights is None else dh.find_weights(str(weights), f"--set weights={weights}"),
    )
