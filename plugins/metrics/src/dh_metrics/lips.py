"""Lips against speech: whether the mouth opens with the loudness, when, and whether it rests in silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dh
from dh_face_mesh.measures import series
from dh_face_mesh.tracking import smooth
from dh_metrics.curves import face_curves, without_gaps
from dh_metrics.faces import CROP, faces
from dh_metrics.loudness import speech_loudness

Array = NDArray[np.float64]

_REACH_SECONDS = 0.5
"""Largest shift between mouth and sound that is looked at."""

_LEAST_SECONDS = 4 * _REACH_SECONDS
"""Shorter videos have too little in common at the largest shift."""

_SMOOTHING_SECONDS = 0.03
"""Standard deviation of the Gaussian that both curves pass; it leaves half the power at 4.4 Hz, about a syllable's."""

_WEAK = 0.2
"""Correlation below which a lag means little."""

_LEAST_SILENCE_SECONDS = 0.2


@dataclass(frozen=True)
class LipSync:
    """How two curves agree.

    Args:
        lag: frames by which the mouth comes after the sound.
        correlation: Pearson's, at that shift.
        unshifted: Pearson's, without a shift.
        count: frames that both curves have.
    """

    lag: int
    correlation: float
    unshifted: float
    count: int


def lip_sync(mouth: Array, loudness: Array, fps: float) -> LipSync:
    """The shift, up to half a second, at which the mouth's opening agrees best with the loudness of the speech.

    Args:
        mouth: (n,) opening in any unit; not a number where it is not seen.
        loudness: (m,).
        fps: frames per second.

    Raises:
        NotMeasurable: less than 2 s, silence, or a mouth that does not move.
    """
    count = min(len(mouth), len(loudness))
    reach = round(_REACH_SECONDS * fps)
    if count < _LEAST_SECONDS * fps:
        raise dh.NotMeasurable(f"video and sound share {count / fps:.2f} s; {_LEAST_SECONDS:g} s are needed")
    opening, sound = (
        smooth(without_gaps(curve)[:count], fps=fps, time_constant=_SMOOTHING_SECONDS) for curve in (mouth, loudness)
    )
    if np.ptp(sound) < 1e-6:
        raise dh.NotMeasurable("the sound is silent or steady; give the speech with --audio")
    if np.ptp(opening) < 1e-6:
        raise dh.NotMeasurable("the mouth does not move")
    lag, correlation = series.best_lag(opening, sound, reach)
    return LipSync(lag, correlation, series.correlation(opening, sound), count)


def silent_motion(mouth: Array, level: Array, fps: float) -> tuple[float, int]:
    """Mean speed of the mouth's opening between frames of silence.

    Args:
        mouth: (n,) in face heights; not a number where it is not seen.
        level: (m,) of the speech; frames after its end are silent.
        fps: frames per second.

    Returns:
        Face heights per second, and the number of steps from a silent frame to the next.

    Raises:
        NotMeasurable: less than 0.2 s of silence in which the mouth is seen.
    """
    heard = np.concatenate([level, np.zeros(max(0, len(mouth) - len(level)))])[: len(mouth)]
    chosen = series.silent(heard, fps) & np.isfinite(mouth)
    pairs = chosen[1:] & chosen[:-1]
    if pairs.sum() < _LEAST_SILENCE_SECONDS * fps:
        raise dh.NotMeasurable(f"the speech has no pause of {_LEAST_SILENCE_SECONDS:g} s in which the mouth is seen")
    opening = smooth(without_gaps(mouth), fps=fps, time_constant=_SMOOTHING_SECONDS)
    return float(np.abs(np.diff(opening))[pairs].mean() * fps), int(pairs.sum())


class _LipMetric:
    """What the metrics of lips and speech share."""

    def __init__(self, options: Any, context: dh.Context) -> None:
        pass

    @staticmethod
    def _synchrony(material: dh.Material) -> LipSync:
        return material.shared(
            "dh_metrics.lip_sync",
            lambda given: lip_sync(face_curves(given).mouth, speech_loudness(given).loudness, given.fps),
        )

    @staticmethod
    def _measure(material: dh.Material, value: float, count: int, note: str) -> dh.Measure:
        curves = {
            "mouth opening": face_curves(material).mouth.tolist(),
            "loudness": speech_loudness(material).loudness[: len(faces(material).landmarks)].tolist(),
        }
        notes = "; ".join(part for part in (note, faces(material).note) if part)
        return dh.Measure(value, count, CROP, curves, notes)


class MouthAudioCorrelation(_LipMetric):
    """Correlation of the mouth's opening with the speech's loudness, where they agree best."""

    def measure(self, material: dh.Material) -> dh.Measure:
        """Pearson's correlation, -1 to 1, over the frames that video and sound share."""
        found = self._synchrony(material)
        note = f"{found.unshifted:.2f} without the shift of {found.lag} frames" if found.lag else ""
        return self._measure(material, found.correlation, found.count, note)


class MouthAudioLag(_LipMetric):
    """How late the mouth is."""

    def measure(self, material: dh.Material) -> dh.Measure:
        """Frames, positive where the mouth comes after the sound."""
        found = self._synchrony(material)
        notes = [f"{1000 * found.lag / material.fps:.0f} ms"] if found.lag else []
        if found.correlation < _WEAK:
            notes.append(f"it means little: mouth and sound hardly agree ({found.correlation:.2f})")
        if abs(found.lag) == round(_REACH_SECONDS * material.fps):
            notes.append("the largest shift that is looked at")
        return self._measure(material, float(found.lag), found.count, "; ".join(notes))


class SilentLipMotion(_LipMetric):
    """How fast the mouth moves while nobody speaks."""

    def measure(self, material: dh.Material) -> dh.Measure:
        """Hundredths of the face's height per second, over steps between frames of silence."""
        speed, count = silent_motion(face_curves(material).mouth, speech_loudness(material).level, material.fps)
        return self._measure(material, 100 * speed, count, f"{count / material.fps:.1f} s of silence")
