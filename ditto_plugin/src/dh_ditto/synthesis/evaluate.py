"""Measures of a face's motion against speech whose phonemes and their times are known."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import dh
from dh_ditto.starter.layout import SLICES, blendshapes_of
from dh_ditto.synthesis.arrays import Array
from dh_ditto.synthesis.clip import SOUND, TRUTH
from dh_ditto.synthesis.phonemes import Manner, Place
from dh_ditto.synthesis.shapes import lip_opening
from dh_ditto.synthesis.tracks import FPS, frame_times

_PERCENTILE = 90.0
_SETTLED = 0.2
"""Seconds at a pause's start and end that do not count: the mouth is on its way."""

Span = tuple[float, float]
"""Begin and end in seconds."""


@dataclass(frozen=True, eq=False)
class TruthClip:
    """A validation clip with what is known of it.

    Args:
        samples: [n * 640] float32 at 16 kHz, the sound as it is heard.
        opening: [n], the lips' target opening.
        closures: times of bilabial stops and nasals.
        pauses: times in which nobody speaks.
        emotion: [n, 8].
        style: [n, 2].
    """

    name: str
    samples: Array
    opening: Array
    closures: Sequence[Span]
    pauses: Sequence[Span]
    emotion: Array
    style: Array

    @classmethod
    def read(cls, folder: Path) -> TruthClip:
        """From a clip's folder.

        Raises:
            InputError: it is no validation clip.
        """
        try:
            truth = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
            with wave.open(str(folder / SOUND), "rb") as file:
                samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
            emotion, style = (np.load(folder / f"{name}.npy").astype(np.float32) for name in ("emo", "style"))
        except (OSError, ValueError, wave.Error) as error:
            raise dh.InputError(
                f"{folder}: is no validation clip ({dh.one_line(error, 100)}); make it again"
            ) from error
        segments = truth["segments"]
        lips = [(b, e) for b, e, _, place, manner in segments if place == Place.BILABIAL and manner != Manner.FRICATIVE]
        pauses = [(b, e) for b, e, _, _, manner in segments if manner == Manner.PAUSE]
        return cls(folder.name, samples, np.array(truth["opening"]), lips, pauses, emotion, style)


Driver = Callable[[TruthClip, int], Array]
"""Motion rows [n, 58] for a clip's sound and a seed."""


@dataclass(frozen=True)
class Measures:
    """What a driver does on a set of clips; each is a mean over the clips that have it.

    Args:
        correlation: of the lips' opening with its target, Pearson's r.
        closures: share of bilabial closures in which the opening falls below 25 % of the clip's 90th percentile.
        shut: the same below 5 %.
        pauses: 95th percentile of the opening in pauses, as a share of the 90th percentile in speech.
        mouth_jitter: mean absolute second difference of the opening in pauses, per frame squared.
        head_jitter: the same of the head's angles, in degrees.
        mouth_variety: standard deviation between two seeds' openings, as a share of the 90th percentile in speech.
        head_variety: root mean square difference of two seeds' head angles, in degrees.
        clips: how many clips.
    """

    correlation: float
    closures: float
    shut: float
    pauses: float
    mouth_jitter: float
    head_jitter: float
    mouth_variety: float
    head_variety: float
    clips: int

    def table(self) -> str:
        """One line for each measure."""
        return "\n".join(f"{field.name:<14} {getattr(self, field.name):.4g}" for field in fields(self))


def correlation(opening: Array, target: Array) -> float:
    """Pearson's r of two series [n]; nan where one does not move."""
    a, b = opening - opening.mean(), target - target.mean()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm > 1e-12 else float("nan")


def closures_reached(opening: Array, closures: Sequence[Span], share: float, tolerance: float = 0.06) -> float:
    """Share of closures at whose time, give or take a tolerance in seconds, the lips are nearly shut.

    Args:
        opening: [n].
        closures: times.
        share: of the opening's 90th percentile, below which lips count as shut.
        tolerance: seconds by which they may be early or late.

    Returns:
        0 to 1; nan without closures.
    """
    limit = share * _wide(opening)
    times = frame_times(len(opening))
    reached = []
    for begin, end in closures:
        near = opening[(times >= begin - tolerance) & (times <= end + tolerance)]
        if len(near):
            reached.append(bool(near.min() <= limit))
    return float(np.mean(reached)) if reached else float("nan")


def pause_frames(frames: int, pauses: Sequence[Span]) -> NDArray[np.bool_]:
    """Which of n frames lie well within a pause: [n] bool."""
    times = frame_times(frames)
    inside = np.zeros(frames, bool)
    for begin, end in pauses:
        inside |= (times >= begin + _SETTLED) & (times <= end - _SETTLED)
    return inside


def pause_opening(opening: Array, pauses: Sequence[Span]) -> float:
    """95th percentile of an opening [n] in pauses, as a share of its 90th percentile; nan without long pauses."""
    inside = pause_frames(len(opening), pauses)
    wide = _wide(opening)
    if not inside.any() or wide <= 0:
        return float("nan")
    return float(np.percentile(opening[inside], 95) / wide)


def jitter(series: Array, inside: NDArray[np.bool_]) -> float:
    """Mean absolute second difference of a series [n] or [n, d] at frames [n] bool and their neighbours."""
    usable = inside[:-2] & inside[1:-1] & inside[2:]
    if not usable.any():
        return float("nan")
    return float(np.abs(np.diff(series, 2, axis=0))[usable].mean())


def variety(first: Array, second: Array) -> float:
    """Root mean square difference of two series of one shape."""
    return float(np.sqrt(np.mean(np.square(first - second))))


def _wide(opening: Array) -> float:
    return float(np.percentile(opening, _PERCENTILE))


def measured(clip: TruthClip, driver: Driver) -> dict[str, float]:
    """A driver's measures on one clip, by name of ``Measures``; nan where a clip does not have it."""
    frames = len(clip.opening)
    rows, others = (np.asarray(driver(clip, seed), np.float64) for seed in (0, 1))
    if rows.shape[0] != frames or others.shape != rows.shape:
        raise ValueError(f"the driver gave {rows.shape} and {others.shape} rows for {frames} frames")
    opening, other = (lip_opening(blendshapes_of(motion)) for motion in (rows, others))
    inside = pause_frames(frames, clip.pauses)
    angles, other_angles = (motion[:, SLICES["rotation"]] for motion in (rows, others))
    speaks = bool(clip.opening.max() > 0.05)
    wide = _wide(opening) if speaks else float("nan")
    return {
        "correlation": correlation(opening, clip.opening) if speaks else float("nan"),
        "closures": closures_reached(opening, clip.closures, 0.25),
        "shut": closures_reached(opening, clip.closures, 0.05),
        "pauses": pause_opening(opening, clip.pauses) if speaks else float("nan"),
        "mouth_jitter": jitter(opening, inside),
        "head_jitter": jitter(angles, inside),
        "mouth_variety": variety(opening, other) / wide if speaks and wide > 0 else float("nan"),
        "head_variety": variety(angles, other_angles),
    }


def evaluate(driver: Driver, folder: Path, *, limit: int | None = None) -> Measures:
    """A driver's measures on the validation clips of a synthesised folder.

    Args:
        driver: gives motion rows for a clip and a seed.
        folder: as ``synthesise`` made it.
        limit: use only this many clips.

    Raises:
        InputError: the folder has no validation clips.
    """
    listed = folder / "validation.json"
    try:
        rows = json.loads(listed.read_text(encoding="utf-8"))[:limit]
    except (OSError, ValueError) as error:
        raise dh.InputError(f"{listed}: cannot be read ({dh.one_line(error, 100)}); run 'dh prepare' first") from error
    if not rows:
        raise dh.InputError(f"{listed}: lists no clips; make the data with more validation minutes")
    found = [measured(TruthClip.read((folder / row["mtn"]).parent), driver) for row in rows]
    means = {name: _mean([values[name] for values in found]) for name in found[0]}
    return Measures(**means, clips=len(found))


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def viseme_rows(clip: TruthClip, seed: int) -> Array:
    """The rule-based ``viseme`` driver's motion rows: what a trained driver is compared with."""
    from dh_ditto.starter.layout import rows_from
    from dh_face_mesh.viseme.driver import VisemeDriver
    from dh_face_mesh.viseme.options import VisemeOptions

    driver = VisemeDriver(VisemeOptions(), dh.Context(fps=FPS, seed=seed))
    speech = iter([dh.AudioChunk(clip.samples, 0)])
    parts = [
        rows_from(motion["blendshapes"], motion["rotation"], motion["translation"])
        for motion in driver.drive(None, speech)  # type: ignore[arg-type]
    ]
    return np.concatenate(parts)


def truth_rows(clip: TruthClip, folder: Path) -> Array:
    """The targets themselves, for the best that can be reached: rows of the clip's own motion file."""
    return np.load(folder / "clips" / "validation" / clip.name / "mtn.npy")
