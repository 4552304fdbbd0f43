"""Registers a person: landmarks of a picture, or of every frame of a video, and where the aligned crop lies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import dh
from dh_face_mesh.crop import crop_matrix, head_of
from dh_face_mesh.landmarks import FaceLandmarker
from dh_face_mesh.options import AvatarOptions
from dh_face_mesh.picture import fit, frame_size
from dh_face_mesh.topology import FACE_OVAL
from dh_face_mesh.tracking import fill_gaps, smooth

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

KIND = "face-mesh"

MAX_YAW = 45.0
"""Degrees from which on a face counts as turned away: half of it can no longer be seen."""

_CUT = 0.06
"""Share of the face's height that may lie beyond the picture's border."""


class FaceMeshAvatarBuilder:
    """Builds avatars of kind "face-mesh".

    Their arrays are "landmarks", float32 (n, 478, 3) in pixels of the frame, and "matrices", float64 (n, 2, 3), from
    the frame to the aligned crop, for n frames of the source at the run's rate; a picture's also "frame", uint8 RGB.
    A video is kept as the file "source".
    """

    def __init__(self, options: AvatarOptions, context: dh.Context) -> None:
        self._options = options
        self._context = context

    def register(self, source: dh.Source) -> dh.Avatar:
        """Looks at the source.

        Raises:
            FaceError: it shows no face, or one that is too small, cut off by the border or turned away; or there are
                fewer faces than the option ``face`` asks for; or a video shows none for longer than ``max_gap``.
        """
        width, height = frame_size(source.width, source.height, self._options.max_side)
        with FaceLandmarker(crop_scale=self._options.crop_scale, crop_size=self._options.crop_size) as landmarker:
            if source.kind == "video":
                return self._register_video(source, width, height, landmarker)
            image = fit(source.image(), width, height)
            landmarks = self._choose(landmarker.faces(image), image, str(source.path))
        matrix = crop_matrix(landmarks, scale=self._options.crop_scale, size=self._options.crop_size)
        arrays: dict[str, NDArray[Any]] = {
            "frame": image,
            "landmarks": landmarks[None].astype(np.float32),
            "matrices": matrix[None],
        }
        return dh.Avatar(KIND, width, height, arrays, {"crop_size": self._options.crop_size})

    def _register_video(self, source: dh.Source, width: int, height: int, landmarker: FaceLandmarker) -> dh.Avatar:
        fps = self._context.fps
        expected = round(source.frame_count / source.fps * fps) if source.frame_count and source.fps else None
        track: list[Array | None] = []
        face: Array | None = None
        with source.reader() as reader:
            for number, frame in enumerate(reader.frames(fps)):
                image = fit(frame, width, height)
                previous, face = face, None
                if previous is not None:
                    face = landmarker.follow(image, previous)
                if face is None:
                    found = landmarker.faces(image)
                    if found and not any(known is not None for known in track):
                        face = self._choose(found, image, f"{source.path} at {number / fps:.2f} s")
                    elif found:
                        face = _nearest(found, track)
                track.append(face)
                self._context.progress(number + 1, expected)
        filled = fill_gaps(track, fps=fps, max_gap=self._options.max_gap, name=str(source.path))
        landmarks = smooth(filled, fps=fps, time_constant=self._options.smoothing)
        steady = smooth(landmarks, fps=fps, time_constant=2 * self._options.smoothing)
        scale, size = self._options.crop_scale, self._options.crop_size
        matrices = np.stack([crop_matrix(points, scale=scale, size=size) for points in steady])
        arrays: dict[str, NDArray[Any]] = {"landmarks": landmarks.astype(np.float32), "matrices": matrices}
        return dh.Avatar(
            KIND, width, height, arrays, {"crop_size": size}, files={"source": source.path}, fps=float(fps)
        )

    def _choose(self, faces: list[Array], image: Image, name: str) -> Array:
        """The face to take, checked."""
        wanted = self._options.face
        if not faces:
            raise dh.FaceError(f"{name}: no face found; give a picture that shows one from the front")
        if wanted is None and len(faces) > 1:
            self._context.notice(f"{len(faces)} faces found, took the largest; choose with --set face=INDEX")
        index = wanted or 0
        if index >= len(faces):
            raise dh.FaceError(
                f"{name}: face={index} asked for, but only {len(faces)} found; choose from 0 to {len(faces) - 1}"
            )
        self.check(faces[index], image, name)
        return faces[index]

    def check(self, landmarks: Array, image: Image, name: str) -> None:
        """Whether a face can be used.

        Raises:
            FaceError: it is too small, cut off or turned away.
        """
        head = head_of(landmarks)
        if head.height < self._options.min_face:
            raise dh.FaceError(
                f"{name}: the face is too small, {head.height:.0f} pixels high; give a picture in which it has at "
                f"least {self._options.min_face}, or lower --set min_face"
            )
        oval = landmarks[list(FACE_OVAL), :2]
        room = np.minimum(oval.min(0), np.array(image.shape[1::-1]) - 1 - oval.max(0)).min()
        if room < -_CUT * head.height:
            raise dh.FaceError(
                f"{name}: the face is cut off by the picture's border; give a picture that shows all of it"
            )
        if abs(head.yaw) > MAX_YAW:
            raise dh.FaceError(
                f"{name}: the face is turned away by {abs(head.yaw):.0f} degrees; give one that looks at the camera"
            )


def _nearest(found: list[Array], track: list[Array | None]) -> Array:
    """The face nearest to where the person was last seen."""
    last = next(face for face in reversed(track) if face is not None)
    return min(found, key=lambda face: float(np.linalg.norm(face[:, :2].mean(0) - last[:, :2].mean(0))))
