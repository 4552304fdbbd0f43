"""Face landmarks of every frame, and from them how far the eyes are open and where they look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack

import numpy as np

from dh_ditto.eyes import eye_openness, eyeball
from dh_ditto.landmarks.landmarker import Landmarker
from dh_ditto.landmarks.mediapipe import MediaPipeLandmarker
from dh_ditto.motion import Array
from dh_ditto.preparation.clips import Clip
from dh_ditto.preparation.gaps import check_gaps, interpolate
from dh_ditto.preparation.job import Image, Job, Step, Worker
from dh_ditto.preparation.layout import FLIP, save_array


def eye_features(landmarks: Array) -> tuple[Array, Array]:
    """Eyes as the published model is conditioned on them; see ``dh_ditto.eyes`` for the formulas.

    Args:
        landmarks: [n,478,3], divided by the picture's side.

    Returns:
        eye_open [n,2] and eye_ball [n,3,2]; the last axis is left and right on the picture.
    """
    return eye_openness(landmarks), eyeball(landmarks)


def find_landmarks(landmarker: Landmarker, images: Iterable[Image]) -> list[Array | None]:
    """Landmarks [478,3] of the largest face, divided by the picture's side, or None, for every square picture."""
    rows: list[Array | None] = []
    previous: Array | None = None
    for image in images:
        found = landmarker.follow(image, previous) if previous is not None else None
        if found is None:
            found = next(iter(landmarker.faces(image)), None)
        rows.append(None if found is None else np.asarray(found / image.shape[1], np.float32))
        previous = found
    return rows


def complete(rows: Sequence[Array | None], job: Job, clip: Clip) -> Array:
    """Landmarks [n,478,3] without gaps; the user is told of those that were filled.

    Raises:
        FaceError: no face is to be seen for too long.
    """
    check_gaps([row is not None for row in rows], job.options.max_gap, str(clip.source))
    known = {frame: row for frame, row in enumerate(rows) if row is not None}
    if len(known) < len(rows):
        job.context.notice(f"{clip.source}: {len(rows) - len(known)} of {len(rows)} frames show no face; interpolated")
    return interpolate(known, len(rows))


def _step(name: str, ending: str) -> Step:
    folders = tuple(f"{folder}{ending}" for folder in ("MP_lmk_npy", "eye_open_npy", "eye_ball_npy"))

    def open_step(job: Job, stack: ExitStack) -> Worker:
        landmarker = stack.enter_context(MediaPipeLandmarker())

        def work(clip: Clip) -> None:
            rows = find_landmarks(landmarker, job.images("video", clip, flip=bool(ending)))
            landmarks = complete(rows, job, clip)
            for folder, values in zip(folders, (landmarks, *eye_features(landmarks)), strict=True):
                save_array(job.path(folder, clip), values)

        return work

    return Step(name, folders, open_step)


EYES = _step("eyes", "")
FLIPPED_EYES = _step("flipped eyes", FLIP)
