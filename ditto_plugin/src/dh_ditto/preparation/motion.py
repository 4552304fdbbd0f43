"""Targets in the published motion space: what LivePortrait's motion extractor sees on every frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice

import numpy as np

import dh
from dh_ditto.motion import Array, to_vector
from dh_ditto.preparation.clips import Clip
from dh_ditto.preparation.job import Image, Job, Step, Worker
from dh_ditto.preparation.layout import FLIP, save_array
from dh_ditto.preparation.networks import open_motion_extractor
from dh_ditto.source_frames import network_image

VECTOR_SIZE = 328
"""Values of a frame: the 265 that are predicted, then 63 of the canonical keypoints."""

_BATCH = 8
"""Frames at a time; published engines take one."""


def motion_vector(info: Mapping[str, Array]) -> Array:
    """[328]: scale - 1, pitch, yaw, roll, t, exp, kp of one frame, angles as logits."""
    return np.concatenate([to_vector(info), np.reshape(info["kp"], -1)]).astype(np.float32)


def motion_vectors(parts: Mapping[str, Array]) -> Array:
    """[n,328] of n frames, whose parts are stacked along the first axis."""
    count = len(parts["scale"])
    return np.stack([motion_vector({name: values[i] for name, values in parts.items()}) for i in range(count)])


def _batches(images: Iterator[Image], size: int) -> Iterator[Array]:
    while batch := list(islice(images, size)):
        yield np.concatenate([network_image(image) for image in batch])


def _joined(infos: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    return {name: np.concatenate([info[name] for info in infos]) for name in infos[0]}


def _step(name: str, ending: str) -> Step:
    def open_step(job: Job, stack: ExitStack) -> Worker:
        backend = open_motion_extractor(job)
        size = 1 if backend.name == "tensorrt" else _BATCH

        def work(clip: Clip) -> None:
            images = job.images("video", clip, flip=bool(ending))
            parts = _joined([backend.motion(batch) for batch in _batches(images, size)])
            archive = job.path(f"LP_npz{ending}", clip)
            with dh.whole_file(archive) as temporary, temporary.open("wb") as file:
                np.savez(file, **parts)
            save_array(job.path(f"LP_npy{ending}", clip), motion_vectors(parts))

        return work

    return Step(name, (f"LP_npz{ending}", f"LP_npy{ending}"), open_step, open_motion_extractor)


MOTION = _step("motion", "")
FLIPPED_MOTION = _step("flipped motion", FLIP)
