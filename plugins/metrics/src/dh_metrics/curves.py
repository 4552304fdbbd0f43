"""Curves over a video's frames, of its face: what the mouth, the eyes and the head do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import dh
from dh_face_mesh.crop import head_of
from dh_face_mesh.measures.face import eye_openings, head_angles, head_motion, mouth_opening
from dh_face_mesh.pose import rotation
from dh_metrics.faces import FaceTrack, faces

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FaceCurves:
    """One face over n frames; not a number where it is not seen.

    Args:
        mouth: (n,) gap between the inner lips, in face heights.
        eyes: (n,) gap between the lids, in eye widths, mean of both eyes.
        angles: (n, 3) pitch, yaw and roll of the head in degrees, with the signs of the ``arkit`` motion space.
        height: (n,) of the face, hairline to chin, in pixels.
    """

    mouth: Array
    eyes: Array
    angles: Array
    height: Array


def face_curves(material: dh.Material) -> FaceCurves:
    """The video's curves, made once for all metrics.

    Raises:
        NotMeasurable: fewer than half of the frames show a face.
    """

    def make(given: dh.Material) -> FaceCurves:
        track = faces(given)
        track.require()
        return curves_of(track)

    return material.shared("dh_metrics.curves", make)


def curves_of(track: FaceTrack) -> FaceCurves:
    """Curves of a track of landmarks.

    The head's turn is that of points which do not move with speech, relative to the first frame with a face; that
    frame's own turn is told by the face's axes.
    """
    count = len(track.landmarks)
    mouth, eyes, height = np.full((3, count), np.nan)
    angles = np.full((count, 3), np.nan)
    rest: Array | None = None
    start = np.eye(3)
    for frame in np.flatnonzero(track.seen):
        points = track.landmarks[frame].astype(np.float64)
        if rest is None:
            rest, start = points, head_of(points).axes.T
        moved = head_motion(points, rest)
        mouth[frame] = mouth_opening(points)
        eyes[frame] = np.mean(eye_openings(points))
        height[frame] = head_of(points).height
        angles[frame] = head_angles(rotation(moved.pitch, moved.yaw, moved.roll) @ start)
    return FaceCurves(mouth, eyes, angles, height)


def without_gaps(curve: Array) -> Array:
    """A curve (n,) with its gaps bridged by straight lines, and held at both ends; it has at least one value."""
    known = np.flatnonzero(np.isfinite(curve))
    return np.asarray(np.interp(np.arange(len(curve)), known, curve[known]))
