"""Follows the source's face from frame to frame and cuts its crop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dh
from dh_ditto.crop import CropMatrices, CropOptions, crop_matrices
from dh_ditto.eyes import eye_openness, eyeball
from dh_ditto.landmarks.landmarker import Landmarker
from dh_ditto.sampling import warp

Array = NDArray[np.floating[Any]]
Image = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class TrackedFace:
    """The face on one frame of the source.

    Args:
        frame: the frame, RGB uint8 [h,w,3].
        crop: the face's crop, RGB uint8 [s,s,3].
        matrices: between frame and crop.
        landmarks: [n, 2 or 3] in pixels of the frame, in the landmarker's layout.
        eye_open: [2], see ``eye_openness``.
        eye_ball: [6], see ``eyeball``.
        seen: False where the frame shows no face and its neighbours tell where it would be.
    """

    frame: Image
    crop: Image
    matrices: CropMatrices
    landmarks: Array
    eye_open: NDArray[np.float32]
    eye_ball: NDArray[np.float32]
    seen: bool = True


@dataclass(frozen=True, eq=False)
class _Look:
    """What later frames need of an earlier one."""

    landmarks: Array
    eye_open: NDArray[np.float32]
    eye_ball: NDArray[np.float32]

    @classmethod
    def of(cls, face: TrackedFace) -> _Look:
        return cls(face.landmarks, face.eye_open, face.eye_ball)

    def towards(self, other: _Look, share: float) -> _Look:
        pairs = (
            (self.landmarks, other.landmarks),
            (self.eye_open, other.eye_open),
            (self.eye_ball, other.eye_ball),
        )
        landmarks, eye_open, eye_ball = (mine * (1 - share) + theirs * share for mine, theirs in pairs)
        return _Look(landmarks, eye_open.astype(np.float32), eye_ball.astype(np.float32))


class FaceTracker:
    """Tracks one face.

    Args:
        landmarker: finds the landmarks.
        crop: how the crop is cut.
        name: of the source, for messages.
        fps: of the frames.
        face: which face to take at first: 0 or None is the largest, 1 the next, and so on.
        max_gap: longest time in seconds for which no face may be seen.
        notice: told, in one line, when there was a choice of faces.
    """

    def __init__(
        self,
        landmarker: Landmarker,
        crop: CropOptions,
        *,
        name: str,
        fps: float = 25.0,
        face: int | None = None,
        max_gap: float = 0.5,
        notice: Callable[[str], None] | None = None,
    ) -> None:
        self._landmarker, self._crop, self._name = landmarker, crop, name
        self._fps, self._face, self._max_gap, self._notice = fps, face, max_gap, notice

    def track(self, frames: Iterable[Image]) -> Iterator[TrackedFace]:
        """The face on every frame, in order; a picture is a single frame.

        A face that is lost is looked for again over the whole frame, near where it was. A gap of up to ``max_gap`` is
        filled: its frames, the only ones that are held, take what lies between the faces before and after it.

        Args:
            frames: RGB uint8 [h,w,3] each, all of one size.

        Raises:
            FaceError: no frame shows a face, the first that does shows fewer than ``face`` asks for, or a gap is
                longer.
        """
        last: _Look | None = None
        gap: list[Image] = []
        for number, frame in enumerate(frames):
            found = self._find(frame, number, last)
            if found is None:
                gap.append(frame)
                self._check_gap(number + 1 - len(gap), len(gap))
                continue
            look = _Look.of(found)
            yield from self._fill(gap, last or look, look)
            gap = []
            yield found
            last = look
        if last is None:
            raise dh.FaceError(f"{self._name}: no face found; give a source that shows one from the front")
        yield from self._fill(gap, last, last)

    def _find(self, frame: Image, number: int, last: _Look | None) -> TrackedFace | None:
        if last is None:
            faces = self._landmarker.faces(frame)
            return self._measure(frame, faces[self._choose(len(faces), number)]) if faces else None
        followed = self._landmarker.follow(frame, last.landmarks)
        if followed is not None and (face := self._measure(frame, followed)) is not None:
            return face
        faces = self._landmarker.faces(frame)
        return self._measure(frame, _nearest(faces, last.landmarks)) if faces else None

    def _choose(self, count: int, number: int) -> int:
        index = self._face or 0
        if index >= count:
            where = f" at {number / self._fps:.2f} s" if number else ""
            raise dh.FaceError(
                f"{self._name}{where}: face={index} asked for, but only {count} found; choose from 0 to {count - 1}"
            )
        if self._face is None and count > 1 and self._notice is not None:
            self._notice(f"{count} faces found, took the largest; choose with --set face=INDEX")
        return index

    def _measure(self, frame: Image, landmarks: Array) -> TrackedFace | None:
        """Crop and eyes of a face; None where the crop shows none, so that the landmarks have gone astray."""
        matrices = crop_matrices(self._landmarker.crop_points(landmarks), self._crop)
        crop = warp(frame, matrices.o2c, self._crop.size, self._crop.size)
        mesh = self._landmarker.mesh(crop, landmarks, matrices.o2c)
        if mesh is None:
            return None
        eye_open, eye_ball = eye_openness(mesh[None])[0], eyeball(mesh[None]).reshape(-1)
        return TrackedFace(frame, crop, matrices, landmarks, eye_open, eye_ball)

    def _fill(self, frames: Sequence[Image], before: _Look, after: _Look) -> Iterator[TrackedFace]:
        for number, frame in enumerate(frames, 1):
            look = before.towards(after, number / (len(frames) + 1))
            matrices = crop_matrices(self._landmarker.crop_points(look.landmarks), self._crop)
            crop = warp(frame, matrices.o2c, self._crop.size, self._crop.size)
            yield TrackedFace(frame, crop, matrices, look.landmarks, look.eye_open, look.eye_ball, seen=False)

    def _check_gap(self, start: int, count: int) -> None:
        if count / self._fps > self._max_gap:
            raise dh.FaceError(
                f"{self._name}: no face from {start / self._fps:.2f} s on for more than {self._max_gap:g} s; cut it "
                "out or raise --set max_gap"
            )


def _nearest(faces: Sequence[Array], landmarks: Array) -> Array:
    centre = landmarks[:, :2].mean(0)
    return min(faces, key=lambda face: float(np.linalg.norm(face[:, :2].mean(0) - centre)))
