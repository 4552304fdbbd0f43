"""Videos in and out: at 25 frames per second, then the square crop that is trained on."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np

import dh
from dh_ditto.crop import CropOptions, Rectangle, rectangle
from dh_ditto.landmarks.choice import open_landmarker
from dh_ditto.landmarks.tracker import FaceTracker
from dh_ditto.preparation.clips import Clip
from dh_ditto.preparation.job import FPS, Image, Job, Step, Worker
from dh_ditto.weights.layout import Weights, find

SIDE = 512
"""Side of the crop in pixels."""

_TRACKING_SIDE = 256
"""Of the crop on which the tracker makes sure that it still sees a face."""


def check_video(video: Path) -> int:
    """Frames at 25 per second that a video has, as far as its file tells.

    Raises:
        MediaError: it is no video that can be read, or has no sound.
    """
    with dh.VideoReader(video, str(video)) as reader:
        frames = max(1, round(reader.duration * FPS))
    next(dh.read_speech(video))
    return frames


def resample(source: Path, target: Path, images: Iterable[Image], crf: int) -> None:
    """Writes frames as a video at 25 per second, with the sound of ``source``."""
    writer: dh.VideoWriter | None = None
    try:
        for image in images:
            if writer is None:
                height, width = image.shape[:2]
                writer = dh.VideoWriter(str(target), width=width, height=height, fps=FPS, audio=source, crf=crf)
            writer.write(image)
    except BaseException:
        if writer is not None:
            writer.abort()
        raise
    if writer is not None:
        writer.close()


def mean_square(squares: Iterable[Rectangle]) -> tuple[int, int, int]:
    """Left, top and side, in whole pixels, of the mean of upright squares with these centres and sides."""
    x, y, side = np.mean([(square.x, square.y, square.side) for square in squares], axis=0)
    size = max(2, round(float(side)))
    return round(float(x) - size / 2), round(float(y) - size / 2), size


def cut_square(image: Image, left: int, top: int, side: int) -> Image:
    """RGB [512,512,3] of a square that may reach beyond the picture, where it is black."""
    height, width = image.shape[:2]
    square = np.zeros((side, side, 3), np.uint8)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    if x0 < x1 and y0 < y1:
        square[y0 - top : y1 - top, x0 - left : x1 - left] = image[y0:y1, x0:x1]
    how = cv2.INTER_AREA if side > SIDE else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(square, (SIDE, SIDE), interpolation=how), np.uint8)


def _open_fps25(job: Job, stack: ExitStack) -> Worker:
    def work(clip: Clip) -> None:
        with dh.VideoReader(clip.source, str(clip.source)) as reader:
            images = job.counted(reader.frames(FPS))
            resample(clip.source, job.path("fps25_video", clip), images, job.options.crf)

    return work


def _open_crop(job: Job, stack: ExitStack) -> Worker:
    options = job.options
    named = job.context.weights if options.landmarks == "insightface" else None
    weights = find(named) if named else Weights(Path(), {})
    landmarker = stack.enter_context(open_landmarker(options.landmarks, weights, job.context))
    driving = CropOptions(size=_TRACKING_SIDE, scale=options.crop_scale, vy_ratio=options.crop_y)

    def work(clip: Clip) -> None:
        tracker = FaceTracker(
            landmarker,
            driving,
            name=str(clip.source),
            fps=FPS,
            face=options.face,
            max_gap=options.max_gap,
            notice=lambda text: job.context.notice(f"{clip.source}: {text}"),
        )
        path = job.path("fps25_video", clip)
        squares = [
            rectangle(landmarker.crop_points(face.landmarks), scale=options.crop_scale, vy_ratio=options.crop_y)
            for face in tracker.track(job.images("fps25_video", clip))
        ]
        square = mean_square(squares)
        with dh.VideoReader(path, str(path)) as reader:
            crops = (cut_square(image, *square) for image in reader.frames(FPS))
            resample(path, job.path("video", clip), crops, options.crf)

    return work


FPS25 = Step("fps25", ("fps25_video",), _open_fps25)
CROP = Step("crop", ("video",), _open_crop)
