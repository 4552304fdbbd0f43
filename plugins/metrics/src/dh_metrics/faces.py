"""One pass over a video that follows the speaker's face: its landmarks, and where the picture stands still."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import dh
from dh_face_mesh.landmarks import FaceLandmarker
from dh_metrics.stillness import StillnessMeter

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

CROP = "face, 478 landmarks by MediaPipe"

_CROP_SIZE = 256
"""Side of the crop that the landmarks are found on; the network sees 192 pixels."""

_SEARCH_SECONDS = 0.2
"""How often a face that is not there is looked for."""

_LEAST_SHARE = 0.5
"""Of a video's frames must show a face, for its curves to be measured."""


@dataclass(frozen=True, eq=False)
class FaceTrack:
    """What one pass over a video finds.

    Args:
        landmarks: float32 (n, 478, 3) in pixels, x right, y down, z away from the camera; not numbers where no face is.
        still: (n,) bool, whether each frame repeats the ones before, see ``StillnessMeter``.
        fps: frames per second.
    """

    landmarks: NDArray[np.float32]
    still: NDArray[np.bool_]
    fps: float

    @property
    def seen(self) -> NDArray[np.bool_]:
        """(n,) whether a frame shows a face."""
        return np.asarray(np.isfinite(self.landmarks[:, 0, 0]))

    @property
    def note(self) -> str:
        """A line on the frames without a face; empty where there are none."""
        missing = int((~self.seen).sum())
        return f"no face in {missing} of {len(self.landmarks)} frames" if missing else ""

    def require(self) -> None:
        """Refuses to measure a face that is hardly there.

        Raises:
            NotMeasurable: no frame, or fewer than half of them, show a face.
        """
        share = float(self.seen.mean())
        if not share:
            raise dh.NotMeasurable("no face is found in any frame")
        if share < _LEAST_SHARE:
            raise dh.NotMeasurable(f"only {100 * share:.0f} % of the frames show a face; half of them must")


def faces(material: dh.Material) -> FaceTrack:
    """The video's face, found once for all metrics; 5.7 KB a frame."""
    return material.shared("dh_metrics.faces", lambda given: follow(given.frames(), given.fps))


def reference_faces(material: dh.Material) -> FaceTrack:
    """The reference's face at the video's rate, found once for all metrics.

    Raises:
        NotMeasurable: there is no reference.
    """
    return material.shared("dh_metrics.reference_faces", lambda given: follow(given.reference_frames(), given.fps))


def follow(frames: Iterable[Image], fps: float) -> FaceTrack:
    """Follows the largest face from frame to frame; where it is lost, it is looked for again five times a second.

    Args:
        frames: uint8 RGB of shape (h, w, 3).
        fps: frames per second.
    """
    nowhere = np.full((478, 3), np.nan, np.float32)
    pause = max(1, round(_SEARCH_SECONDS * fps))
    track: list[NDArray[np.float32]] = []
    still: list[bool] = []
    meter = StillnessMeter()
    face: Array | None = None
    last: Array | None = None
    next_search = 0
    with FaceLandmarker(crop_size=_CROP_SIZE) as landmarker:
        for number, frame in enumerate(frames):
            if face is not None:
                face = landmarker.follow(frame, face)
            if face is None and number >= next_search:
                face = _nearest(landmarker.faces(frame), last)
                next_search = number + pause
            if face is not None:
                last, next_search = face, number + 1
            track.append(nowhere if face is None else face.astype(np.float32))
            still.append(meter(frame, face))
    return FaceTrack(np.stack(track), np.array(still), fps)


def _nearest(found: list[Array], last: Array | None) -> Array | None:
    """The face nearest to where the speaker was last seen, the largest where nobody was."""
    if not found or last is None:
        return found[0] if found else None
    place = last[:, :2].mean(0)
    return min(found, key=lambda face: float(np.linalg.norm(face[:, :2].mean(0) - place)))
