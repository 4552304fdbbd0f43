"""Targets in the ``arkit`` motion space: blendshapes by MediaPipe's face landmarker, head motion from landmarks.

The landmarker's model is not part of MediaPipe's package, so the user names its file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

import dh
from dh_ditto.landmarks.mediapipe import MediaPipeLandmarker
from dh_ditto.motion import Array
from dh_ditto.preparation.clips import Clip
from dh_ditto.preparation.eyes import complete, find_landmarks
from dh_ditto.preparation.gaps import check_gaps, interpolate
from dh_ditto.preparation.job import Image, Job, Step, Worker
from dh_ditto.preparation.layout import FLIP, save_array
from dh_ditto.starter.layout import rows_from
from dh_ditto.weights.layout import find
from dh_face_mesh.measures.face import head_motion

Scorer = Callable[[Image], "Array | None"]
"""Weights [52] of a face's picture in the order of ``dh.ARKIT_BLENDSHAPES``, or None where it shows none."""

_NETWORK = "face_landmarker"

NATURAL_STYLE = (1.0, 1.0)
"""Articulation and head motion of people who were not told how to speak."""


def check_model(job: Job) -> Path:
    """The landmarker's model file: the one that the user names, else the one among the weights that the user names.

    Raises:
        CheckpointMissing: there is none.
    """
    path, folder = job.options.face_landmarker, job.context.weights
    if path is None and folder is not None and (weights := find(folder)).has(_NETWORK, "task"):
        return weights.path(_NETWORK, "task")
    if path is None:
        raise dh.CheckpointMissing(
            "motion=arkit takes blendshapes from MediaPipe's face_landmarker.task, which its package does not bring; "
            "download it and give --set face_landmarker=FILE, or use motion=liveportrait"
        )
    path = path.expanduser()
    if not path.is_file():
        raise dh.CheckpointMissing(f"--set face_landmarker={path}: no such file; give MediaPipe's face_landmarker.task")
    return path


@contextmanager
def open_scorer(model: Path) -> Iterator[Scorer]:
    """MediaPipe's face landmarker with blendshapes.

    Raises:
        InputError: the file is not such a model.
    """
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)), output_face_blendshapes=True
    )
    try:
        landmarker = vision.FaceLandmarker.create_from_options(options)
    except (RuntimeError, ValueError) as error:
        raise dh.InputError(
            f"--set face_landmarker={model}: MediaPipe cannot use it ({dh.one_line(error, 120)}); download it again"
        ) from error

    def score(image: Image) -> Array | None:
        picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=image)
        faces = landmarker.detect(picture).face_blendshapes
        return weights_from({shape.category_name: shape.score for shape in faces[0]}) if faces else None

    with landmarker:
        yield score


def weights_from(scores: Mapping[str, float]) -> Array:
    """[52] in the order of ``dh.ARKIT_BLENDSHAPES`` from scores by name; those that are not scored are 0."""
    return np.array([scores.get(name, 0.0) for name in dh.ARKIT_BLENDSHAPES], np.float32)


def head_rows(landmarks: Array) -> tuple[Array, Array]:
    """Rotation [n,3] in degrees and translation [n,3] in face heights, from the clip's most usual pose.

    Args:
        landmarks: [n,478,3] of square pictures, in any unit.
    """
    usual = np.linalg.norm(landmarks - landmarks.mean(0), axis=(1, 2)).argmin()
    moves = [head_motion(np.asarray(face, np.float64), np.asarray(landmarks[usual], np.float64)) for face in landmarks]
    rotation = np.array([(move.pitch, move.yaw, move.roll) for move in moves], np.float32)
    return rotation, np.array([(move.x, move.y, move.scale - 1) for move in moves], np.float32)


def eye_rows(blendshapes: Array) -> tuple[Array, Array]:
    """The starter's eyes from weights [n,52]: openness [n,2] of the left and right eye, and gaze [n,2] of both.

    Openness is 1 for an open eye and 0 for a shut one; gaze is to the image's right and up, 1 for 30 degrees.
    """
    by_name = dict(zip(dh.ARKIT_BLENDSHAPES, blendshapes.T, strict=True))
    opening = [1 - by_name[f"eyeBlink{side}"] for side in ("Left", "Right")]
    left, right = (by_name[f"eyeLookOut{side}"] - by_name[f"eyeLookIn{side}"] for side in ("Left", "Right"))
    up = sum(by_name[f"eyeLookUp{side}"] - by_name[f"eyeLookDown{side}"] for side in ("Left", "Right")) / 2
    return np.stack(opening, axis=1), np.stack([(left - right) / 2, up], axis=1)


def _step(name: str, ending: str) -> Step:
    own = tuple(f"{folder}{ending}" for folder in ("MP_lmk_npy", "arkit_npy", "eye_open_npy", "eye_ball_npy"))
    folders = own if ending else (*own, "style_npy")

    def open_step(job: Job, stack: ExitStack) -> Worker:
        landmarker = stack.enter_context(MediaPipeLandmarker())
        score = stack.enter_context(open_scorer(check_model(job)))

        def work(clip: Clip) -> None:
            found: dict[int, Array] = {}

            def scored() -> Iterator[Image]:
                for frame, image in enumerate(job.images("video", clip, flip=bool(ending))):
                    if (weights := score(image)) is not None:
                        found[frame] = weights
                    yield image

            landmarks = complete(find_landmarks(landmarker, scored()), job, clip)
            count = len(landmarks)
            check_gaps([frame in found for frame in range(count)], job.options.max_gap, str(clip.source))
            blendshapes = interpolate(found, count)
            targets = rows_from(blendshapes, *head_rows(landmarks))
            for folder, values in zip(own, (landmarks, targets, *eye_rows(blendshapes)), strict=True):
                save_array(job.path(folder, clip), values)
            if not ending:
                save_array(job.path("style_npy", clip), np.tile(np.array(NATURAL_STYLE, np.float32), (count, 1)))

        return work

    return Step(name, folders, open_step, check_model)


ARKIT = _step("motion", "")
FLIPPED_ARKIT = _step("flipped motion", FLIP)
