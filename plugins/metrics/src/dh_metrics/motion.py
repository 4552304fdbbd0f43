"""How the face moves, whatever is said: trembling, blinks and turns of the head."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import dh
from dh_face_mesh.measures import series
from dh_face_mesh.measures.face import RIGID
from dh_face_mesh.topology import CHIN, FOREHEAD_TOP
from dh_metrics.curves import face_curves, without_gaps
from dh_metrics.faces import CROP, FaceTrack, faces

Array = NDArray[np.float64]

_FEW_SECONDS = 20.0
"""Of video, below which one blink changes the rate by more than 3 a minute."""


def jitter(track: FaceTrack) -> tuple[float, int]:
    """Standard deviation of the noise on the paths of points that neither speech nor blinks move.

    The noise is that which would give second differences as large: their mean square over 6 (Gasser, Sroka and
    Jennen-Steinmetz 1986, Biometrika 73). Differences across a frame without a face do not count.

    Args:
        track: of n frames.

    Returns:
        In heights of the face, and the number of differences in time.

    Raises:
        NotMeasurable: no three frames in a row show a face.
    """
    seen = track.seen
    count = int((seen[2:] & seen[1:-1] & seen[:-2]).sum())
    if not count:
        raise dh.NotMeasurable("no three frames in a row show a face")
    ends = track.landmarks[seen][:, [FOREHEAD_TOP, CHIN]].astype(np.float64)
    height = float(np.median(np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1)))
    points = track.landmarks[:, list(RIGID), :2].astype(np.float64)
    return series.jitter(points, seen) / height, count


def blink_curve(eyes: Array, fps: float) -> tuple[Array, int]:
    """Which frames belong to a blink: (n,) of 0 and 1, and the number of blinks.

    Args:
        eyes: (n,) opening in any unit; not a number where it is not seen.
        fps: frames per second.
    """
    spans = series.blink_spans(without_gaps(eyes), fps)
    blink = np.zeros(len(eyes))
    for begin, end in spans:
        blink[begin:end] = 1
    return blink, len(spans)


class Jitter:
    """Trembling of the face."""

    def __init__(self, options: Any, context: dh.Context) -> None:
        pass

    def measure(self, material: dh.Material) -> dh.Measure:
        """Hundredths of the face's height, over second differences."""
        track = faces(material)
        track.require()
        value, count = jitter(track)
        return dh.Measure(100 * value, count, CROP, note=track.note)


class BlinkRate:
    """Blinks per minute."""

    def __init__(self, options: Any, context: dh.Context) -> None:
        pass

    def measure(self, material: dh.Material) -> dh.Measure:
        """Blinks per minute, over the frames in which a face is seen."""
        eyes = face_curves(material).eyes
        blink, blinks = blink_curve(eyes, material.fps)
        count = int(np.isfinite(eyes).sum())
        seconds = count / material.fps
        notes = [f"{blinks} in {seconds:.1f} s"]
        if seconds < _FEW_SECONDS:
            notes.append(f"one more or less changes it by {60 / seconds:.0f}")
        notes += [faces(material).note] if faces(material).note else []
        curves = {"eye opening": (eyes / np.nanmedian(eyes)).tolist(), "blink": blink.tolist()}
        return dh.Measure(60 * blinks / seconds, count, CROP, curves, "; ".join(notes))


class HeadVariety:
    """How much the head turns."""

    def __init__(self, options: Any, context: dh.Context) -> None:
        pass

    def measure(self, material: dh.Material) -> dh.Measure:
        """Standard deviation of pitch, yaw and roll in degrees, averaged over the three."""
        angles = face_curves(material).angles
        spread = np.nanstd(angles, axis=0)
        names = ("pitch", "yaw", "roll")
        parts = [f"{name} {value:.2g}" for name, value in zip(names, spread, strict=True)]
        parts += [faces(material).note] if faces(material).note else []
        curves = {name: angles[:, column].tolist() for column, name in enumerate(names)}
        return dh.Measure(float(spread.mean()), int(np.isfinite(angles[:, 0]).sum()), CROP, curves, "; ".join(parts))
