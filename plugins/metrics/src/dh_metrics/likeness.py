"""The face's landmarks against the reference's: whether both make the same face at the same time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import dh
from dh_face_mesh.measures.face import RIGID, head_motion
from dh_face_mesh.pose import rotation
from dh_face_mesh.topology import LOWER_LIP, UPPER_LID, UPPER_LIP
from dh_metrics.faces import FaceTrack, faces, reference_faces

Array = NDArray[np.float64]

MOUTH = tuple(sorted({point for row in (UPPER_LIP[0], UPPER_LIP[-1], LOWER_LIP[0], LOWER_LIP[-1]) for point in row}))
"""The 40 points of the outer and inner contours of the lips."""

ALL = tuple(range(478))

_OUTER_CORNERS = (UPPER_LID["Right"][0], UPPER_LID["Left"][-1])


def aligned(landmarks: Array, reference: Array) -> Array:
    """Landmarks (478, 3) moved, turned and scaled so that the points that do not move with speech meet a reference's.

    The similarity is that of least squares in three dimensions (Umeyama 1991).
    """
    moved = head_motion(landmarks, reference)
    turn = rotation(moved.pitch, moved.yaw, moved.roll)
    rigid = list(RIGID)
    return np.asarray((landmarks - landmarks[rigid].mean(0)) @ turn / moved.scale + reference[rigid].mean(0))


def landmark_distance(landmarks: Array, reference: Array, points: tuple[int, ...]) -> float:
    """Mean distance in the picture of some points from a reference's, once the heads are aligned.

    Args:
        landmarks: (478, 3) in pixels.
        reference: (478, 3) in pixels, of any other size.
        points: to look at.

    Returns:
        In distances of the reference's outer eye corners.
    """
    chosen = list(points)
    offsets = aligned(landmarks, reference)[chosen, :2] - reference[chosen, :2]
    first, second = reference[list(_OUTER_CORNERS), :2]
    return float(np.linalg.norm(offsets, axis=1).mean() / np.linalg.norm(first - second))


def distances(track: FaceTrack, reference: FaceTrack, points: tuple[int, ...]) -> Array:
    """The landmark distance of each frame that both have: (n,), not a number where one shows no face."""
    count = min(len(track.landmarks), len(reference.landmarks))
    found = np.full(count, np.nan)
    for frame in np.flatnonzero(track.seen[:count] & reference.seen[:count]):
        ours, theirs = (side.landmarks[frame].astype(np.float64) for side in (track, reference))
        found[frame] = landmark_distance(ours, theirs, points)
    return found


class LandmarkDistance:
    """Distance of the landmarks from the reference's."""

    points = ALL
    crop = "face, 478 landmarks by MediaPipe, heads aligned"

    def __init__(self, options: Any, context: dh.Context) -> None:
        pass

    def measure(self, material: dh.Material) -> dh.Measure:
        """Hundredths of the reference's distance of the outer eye corners, over frames in which both show a face."""
        found = distances(faces(material), reference_faces(material), self.points)
        count = int(np.isfinite(found).sum())
        if not count:
            raise dh.NotMeasurable("no frame shows a face in both the video and the reference")
        note = (
            f"{len(found) - count} of {len(found)} frames without a face in one of the two"
            if count < len(found)
            else ""
        )
        return dh.Measure(100 * float(np.nanmean(found)), count, self.crop, note=note)


class MouthLandmarkDistance(LandmarkDistance):
    """Distance of the lips' landmarks from the reference's."""

    points = MOUTH
    crop = "mouth, 40 landmarks by MediaPipe, heads aligned"
