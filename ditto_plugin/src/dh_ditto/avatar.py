"""Registers a person: crops, motion and eyes of a picture or of every frame of a video, and the appearance volume."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dh
from dh_ditto.backends.base import Backend
from dh_ditto.crop import CropOptions
from dh_ditto.landmarks.choice import open_landmarker
from dh_ditto.landmarks.tracker import FaceTracker, TrackedFace
from dh_ditto.motion import MotionInfo, SourceMotion
from dh_ditto.opening import as_opened, open_networks
from dh_ditto.options import AvatarOptions, with_published_defaults
from dh_ditto.source_frames import fit, fit_size, network_image, smooth_motion

KIND = "ditto"

PARTS = ("scale", "pitch", "yaw", "roll", "t", "exp", "kp")

Image = NDArray[np.uint8]


class DittoAvatarBuilder:
    """Builds avatars of kind "ditto".

    Arrays, for n frames of the source: the motion's parts "scale" [n,1], "pitch", "yaw", "roll" [n,66], "t" [n,3],
    "exp" and "kp" [n,63], smoothed over time; "canonical" [63], the first frame's kp before that; "eye_open" [n,2],
    "eye_ball" [n,6]; "c2o" and "o2c" [n,3,3], from crop to frame and back. A picture's avatar also has "frame", uint8
    RGB, and "volume" [1,32,16,64,64]. A video is kept as the file "source"; its volumes, 8 MiB a frame, are computed
    when they are needed.
    """

    def __init__(self, options: AvatarOptions, context: dh.Context) -> None:
        self._context = context
        self._weights, self._backend = open_networks(options, context)
        published = self._weights.configuration().default_kwargs.model_dump(exclude_none=True)
        self.options = as_opened(with_published_defaults(options, published), self._backend)

    def register(self, source: dh.Source) -> dh.Avatar:
        """Looks at the source.

        Raises:
            FaceError: it shows no face, fewer than the option ``face`` asks for, or a video loses it for too long.
        """
        options = self.options
        height, width = fit_size(source.height, source.width, options.max_size)
        crop = CropOptions(
            scale=options.crop_scale,
            vx_ratio=options.crop_x,
            vy_ratio=options.crop_y,
            rotate=options.upright,
            reference_defects=options.reference_defects,
        )
        with contextlib.ExitStack() as stack:
            landmarker = stack.enter_context(open_landmarker(options.landmarks, self._weights, self._context))
            tracker = FaceTracker(
                landmarker,
                crop,
                name=str(source.path),
                fps=self._context.fps,
                face=options.face,
                max_gap=options.max_gap,
                notice=self._context.notice,
            )
            frames = (fit(image, height, width) for image in self._frames(source, stack))
            return self._avatar(source, width, height, tracker.track(frames))

    def _frames(self, source: dh.Source, stack: contextlib.ExitStack) -> Iterator[Image]:
        if source.kind == "image":
            return iter([source.image()])
        limit = self._limit()
        return islice(stack.enter_context(source.reader()).frames(self._context.fps), limit)

    def _limit(self) -> int | None:
        """Frames of a video to use: as many as asked for, else as the speech needs, else all."""
        return self.options.max_frames if self.options.max_frames > 0 else self._context.frames

    def _avatar(self, source: dh.Source, width: int, height: int, faces: Iterator[TrackedFace]) -> dh.Avatar:
        still = source.kind == "image"
        infos: list[MotionInfo] = []
        rows: dict[str, list[NDArray[Any]]] = {"eye_open": [], "eye_ball": [], "c2o": [], "o2c": []}
        arrays: dict[str, NDArray[Any]] = {}
        for number, face in enumerate(faces):
            image = network_image(face.crop)
            infos.append(self._backend.motion(image))
            values = (face.eye_open, face.eye_ball, face.matrices.c2o, face.matrices.o2c)
            for name, value in zip(rows, values, strict=True):
                rows[name].append(value)
            if still:
                arrays |= {"frame": face.frame, "volume": volume_values(self._backend, image)}
            self._context.progress(number + 1, 1 if still else self._expected(source))
        canonical = infos[0]["kp"].reshape(-1)
        infos = smooth_motion(infos, self.options.smoothing)
        arrays |= {name: np.stack(values) for name, values in rows.items()}
        arrays |= {part: np.concatenate([info[part] for info in infos]) for part in PARTS}
        meta = {"weights": self._weights.identity, "crop_scale": self.options.crop_scale, "still": still}
        return dh.Avatar(
            KIND,
            width,
            height,
            {**arrays, "canonical": canonical},
            meta,
            files={} if still else {"source": source.path},
            fps=None if still else float(self._context.fps),
        )

    def _expected(self, source: dh.Source) -> int | None:
        known = round(source.frame_count / source.fps * self._context.fps) if source.fps else None
        limit = self._limit()
        return known if limit is None or known is None else min(known, limit)


def volume_values(backend: Backend, image: NDArray[np.float32]) -> NDArray[np.float32]:
    """The appearance volume of a network image, as an avatar keeps it."""
    return backend.volume_values(backend.appearance(image))


def source_motion(avatar: dh.Avatar) -> SourceMotion:
    """What driver and renderer read of an avatar."""
    arrays = avatar.arrays
    return SourceMotion(
        infos=[{part: arrays[part][i : i + 1] for part in PARTS} for i in range(len(arrays["scale"]))],
        eye_open=arrays["eye_open"],
        eye_ball=arrays["eye_ball"],
        canonical=arrays["canonical"],
        still=bool(avatar.meta["still"]),
    )


def read_character(path: str, option: str = "character") -> SourceMotion:
    """Another person's avatar, whose face shape and eyes condition the motion.

    Raises:
        InputError: the file is no avatar of kind "ditto".
    """
    avatar = dh.Avatar.load(path)
    if avatar.kind != KIND:
        raise dh.InputError(
            f"--set {option}={path}: an avatar of kind {avatar.kind!r}; make one with 'dh avatar create --method ditto'"
        )
    return source_motion(avatar)
