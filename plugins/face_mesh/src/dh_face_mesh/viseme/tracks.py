"""Speech in, mouth tracks per video frame out: the stages before it, joined into one stream."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from dh import SAMPLE_RATE, frames_for
from dh_face_mesh.viseme.features import HOP_RATE, WINDOW, FeatureExtractor, Hops
from dh_face_mesh.viseme.path import REACH, Release, smooth_path
from dh_face_mesh.viseme.speaker import Speaker
from dh_face_mesh.viseme.targets import FUTURE, PAST, Target, mouth_targets, oral_ahead

LEAD = Fraction(1, 100)
"""Seconds by which the mouth is ahead of the sound, as lips are in natural speech."""

LOOK_AHEAD = LEAD + Fraction(1 + REACH + FUTURE, HOP_RATE) + Fraction(WINDOW, 2 * SAMPLE_RATE)
"""Seconds of speech after the middle of a frame that the frame's tracks depend on: 0.186."""

_HALF = Fraction(1, 2)


class _Overlap:
    """Shows each block of columns together with the ``width`` columns before it."""

    def __init__(self, before: Hops, width: int) -> None:
        self._kept = before
        self._width = width

    def join(self, block: Hops) -> Hops | None:
        """The columns kept and the new ones, or None while they are no more than ``width``."""
        joined = np.concatenate([self._kept, block], axis=1)
        self._kept = joined[:, -self._width :]
        return joined if joined.shape[1] > self._width else None


class MouthTracks:
    """Mouth tracks at the middle of every frame; what it gives does not depend on how the speech is cut.

    Args:
        rate: exact frames per second.
    """

    def __init__(self, rate: Fraction) -> None:
        self._rate = rate
        self._extractor = FeatureExtractor()
        self._speaker = Speaker()
        self._release = Release()
        silence = FeatureExtractor().push(np.zeros(WINDOW, np.float32))
        self._features = _Overlap(np.repeat(silence[:, :1], PAST, axis=1), PAST + FUTURE)
        at_rest = np.zeros((len(Target), REACH))
        at_rest[Target.PITCH] = 0.5
        self._targets = _Overlap(at_rest, 2 * REACH)
        self._path = np.empty((len(Target), 0))
        self._path_start = 0
        self._samples = 0
        self._frames = 0

    def push(self, samples: NDArray[np.float32]) -> Hops:
        """Takes the next samples, float32 (n,), and returns the tracks of the frames they complete: (10, frames)."""
        self._samples += len(samples)
        self._advance(samples)
        last_hop = self._path_start + self._path.shape[1] - 1
        return self._tracks_until(math.ceil((Fraction(last_hop, HOP_RATE) - LEAD) * self._rate - _HALF))

    def finish(self) -> Hops:
        """The tracks of the remaining frames, as if silence followed the speech: (10, frames)."""
        last_frame_and_ahead = (1 / self._rate + LOOK_AHEAD) * SAMPLE_RATE
        self._advance(np.zeros(math.ceil(last_frame_and_ahead) + WINDOW, np.float32))
        return self._tracks_until(frames_for(self._samples, SAMPLE_RATE, float(self._rate)))

    def _advance(self, samples: NDArray[np.float32]) -> None:
        features = self._features.join(self._extractor.push(samples))
        if features is None:
            return
        now = features[:, PAST : features.shape[1] - FUTURE]
        normal = self._speaker.follow(now, oral_ahead(features))
        targets = self._targets.join(self._release.follow(mouth_targets(features, normal)))
        if targets is not None:
            self._path = np.concatenate([self._path, smooth_path(targets)], axis=1)

    def _tracks_until(self, end: int) -> Hops:
        """Tracks of the frames from the next one to ``end`` (exclusive), between the two hops nearest to each."""
        if end <= self._frames:
            return np.empty((len(Target), 0))
        middles = (np.arange(self._frames, end) + 0.5) / float(self._rate)
        positions = (middles + float(LEAD)) * HOP_RATE - self._path_start
        hops = positions.astype(np.int64)
        share = positions - hops
        before, after = self._path.take(hops, axis=1), self._path.take(hops + 1, axis=1)
        self._frames = end
        self._path = self._path[:, hops[-1] :]
        self._path_start += int(hops[-1])
        return before + share * (after - before)
