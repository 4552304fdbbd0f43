"""The emotion of every frame: one for the whole video, or what a classifier sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np

import dh
from dh_ditto.backends.onnx_session import OnnxSession
from dh_ditto.condition import EMOTIONS, emotion_rows
from dh_ditto.landmarks.landmarker import Landmarker
from dh_ditto.landmarks.mediapipe import MediaPipeLandmarker
from dh_ditto.motion import Array
from dh_ditto.preparation.clips import Clip
from dh_ditto.preparation.gaps import interpolate
from dh_ditto.preparation.job import Image, Job, Step, Worker
from dh_ditto.preparation.layout import save_array

FROM_FOLDERS = "from-folders"
EVERY = 5
"""Frames from one look of the classifier to the next."""

_LEAST_SHARE = 0.6
"""Of the looks that must show a face."""

_SIDE = 260
"""Of a face's picture in pixels, as enet_b2 takes it."""

_MEAN, _DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def interpolate_emotion(known: Mapping[int, Array], count: int) -> Array:
    """Rows [count,8] from those [8] of some frames: on a line between neighbours, repeated at both ends."""
    return interpolate(known, count)


class EmotionClassifier:
    """An ONNX network from a face, [1,3,260,260], to logits of eight classes: HSEmotion's enet_b2_8 or alike.

    Args:
        path: of the network; colours are RGB, normalised as for ImageNet.
        classes: in the network's order.

    Raises:
        CheckpointMissing: there is no such file.
        OptionError: the classes are not the eight of ``EMOTIONS``.
    """

    def __init__(self, path: Path, classes: Sequence[str]) -> None:
        if sorted(classes) != sorted(EMOTIONS):
            raise dh.OptionError(
                f"--set emotion_classes={list(classes)}: give these eight in the network's order: {', '.join(EMOTIONS)}"
            )
        if not path.is_file():
            raise dh.CheckpointMissing(f"--set emotion={path}: no such file; give a classifier in ONNX's format")
        self._session = OnnxSession(path)
        self._order = [list(classes).index(name) for name in EMOTIONS]

    def __call__(self, face: Image) -> Array:
        """Probabilities [8] of ``EMOTIONS`` for the picture of a face, RGB.

        Raises:
            InputError: the network gives something else than eight values.
        """
        small = cv2.resize(face, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA) / 255
        blob = ((small - _MEAN) / _DEVIATION).transpose(2, 0, 1)[None].astype(np.float32)
        logits = np.asarray(self._session(blob)[0], np.float64).reshape(-1)
        if len(logits) != len(EMOTIONS):
            raise dh.InputError(f"{self._session.path}: gives {len(logits)} values, not one for each of eight emotions")
        weights = np.exp(logits - logits.max())
        return np.asarray((weights / weights.sum())[self._order], np.float32)


def check_emotion(job: Job) -> None:
    """Refuses an option that names neither an emotion nor a classifier.

    Raises:
        OptionError: as said.
        CheckpointMissing: the classifier is not there.
    """
    chosen = job.options.emotion
    if _is_network(chosen):
        EmotionClassifier(Path(chosen).expanduser(), job.options.emotion_classes)
    elif chosen not in (*EMOTIONS, FROM_FOLDERS):
        known = (*EMOTIONS, FROM_FOLDERS)
        raise dh.OptionError(f"--set emotion={chosen}: no emotion{dh.nearest(chosen, known)}; or give FILE.onnx")


def _is_network(chosen: str) -> bool:
    return chosen.lower().endswith(".onnx")


def _label(job: Job, clip: Clip) -> str:
    if job.options.emotion != FROM_FOLDERS:
        return job.options.emotion
    name = clip.source.parent.name.lower()
    if name not in EMOTIONS:
        raise dh.InputError(
            f"{clip.source}: emotion=from-folders, but its folder {clip.source.parent.name!r} is no emotion"
            f"{dh.nearest(name, EMOTIONS)}"
        )
    return name


def _open_emotion(job: Job, stack: ExitStack) -> Worker:
    chosen = job.options.emotion
    if _is_network(chosen):
        classifier = EmotionClassifier(Path(chosen).expanduser(), job.options.emotion_classes)
        return _seen(job, stack.enter_context(MediaPipeLandmarker()), classifier)

    def work(clip: Clip) -> None:
        frames = len(np.load(job.path("eye_open_npy", clip), mmap_mode="r"))
        save_array(job.path("emo_npy", clip), np.repeat(emotion_rows(_label(job, clip)), frames, 0))
        job.frames_done(frames)

    return work


def _seen(job: Job, landmarker: Landmarker, classify: EmotionClassifier) -> Worker:
    def work(clip: Clip) -> None:
        known: dict[int, Array] = {}
        count = 0
        for count, image in enumerate(job.images("video", clip), 1):
            if (count - 1) % EVERY == 0 and (face := next(iter(landmarker.faces(image)), None)) is not None:
                known[count - 1] = classify(_cut(image, face))
        expected = -(-count // EVERY)
        if len(known) < _LEAST_SHARE * expected:
            raise dh.FaceError(
                f"{clip.source}: a face on only {len(known)} of {expected} frames looked at for its emotion; "
                "name the emotion with --set emotion"
            )
        save_array(job.path("emo_npy", clip), interpolate_emotion(known, count))

    return work


def _cut(image: Image, landmarks: Array) -> Image:
    """The upright box around landmarks [478,3] in pixels."""
    height, width = image.shape[:2]
    x0, y0 = np.clip(landmarks[:, :2].min(0), 0, [width - 2, height - 2]).astype(int)
    x1, y1 = np.clip(landmarks[:, :2].max(0) + 1, [x0 + 1, y0 + 1], [width, height]).astype(int)
    return image[y0:y1, x0:x1]


EMOTION = Step("emotion", ("emo_npy",), _open_emotion, check_emotion)
