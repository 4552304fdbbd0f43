"""The hands, as half-body methods are judged: how sure a detector is of them, and how much they move.

HKC and HKV after Lin et al. 2024 (CyberHost, arXiv:2409.01876) and Meng et al. 2024 (EchoMimicV2, arXiv:2411.10061),
with MediaPipe's hands (Zhang et al. 2020, arXiv:2006.10214) in place of DWPose.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dh
from dh_face_mesh.landmarks import silent_stderr

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

POINTS = 21
CROP = "hands, 21 landmarks each by MediaPipe"

_FAR = 0.25
"""Frame heights: a hand that is further from where both were last seen is taken for one not seen before."""


@dataclass(frozen=True, eq=False)
class HandTrack:
    """Two hands over n frames; not numbers where one is not seen.

    Args:
        points: (n, 2, 21, 2), x and y in frame heights.
        confidence: (n, 2), 0 to 1.
    """

    points: Array
    confidence: Array

    @property
    def seen(self) -> NDArray[np.bool_]:
        """(n, 2) whether a frame shows a hand."""
        return np.asarray(np.isfinite(self.confidence))

    @property
    def note(self) -> str:
        """A line on how often hands are seen."""
        frames = int(self.seen.any(axis=1).sum())
        return f"hands in {frames} of {len(self.confidence)} frames"


def hands(material: dh.Material) -> HandTrack:
    """The video's hands, found once for all metrics.

    Raises:
        NotMeasurable: no frame shows a hand.
    """

    def make(given: dh.Material) -> HandTrack:
        track = follow_hands(given.frames())
        if not track.seen.any():
            raise dh.NotMeasurable("no hand is seen in any frame")
        return track

    return material.shared("dh_metrics.hands", make)


def follow_hands(frames: Iterable[Image]) -> HandTrack:
    """Finds up to two hands in frames, uint8 RGB of shape (h, w, 3), and keeps each in a row of its own."""
    keeper = HandKeeper()
    with silent_stderr():
        from mediapipe.python.solutions.hands import Hands

        model = Hands(static_image_mode=False, max_num_hands=2, model_complexity=1)
        model.process(np.zeros((64, 64, 3), np.uint8))  # it reports on itself at its first image
    warm = False
    with model:
        for frame in frames:
            height, width = frame.shape[:2]
            with contextlib.nullcontext() if warm else silent_stderr():  # its first hand makes it talk
                found = model.process(frame)
            warm = warm or bool(found.multi_hand_landmarks)
            keeper.add(
                [
                    np.array([(point.x * width / height, point.y) for point in hand.landmark])
                    for hand in found.multi_hand_landmarks or ()
                ],
                [hand.classification[0].score for hand in found.multi_handedness or ()],
            )
    return keeper.track()


class HandKeeper:
    """Puts each frame's hands into the rows of those that they continue: a detector's left and right may change."""

    def __init__(self) -> None:
        self._points: list[Array] = []
        self._confidence: list[Array] = []
        self._last: list[Array | None] = [None, None]

    def add(self, found: Sequence[Array], scores: Sequence[float]) -> None:
        """Takes one frame's hands, at most two, each (21, 2), with their confidence."""
        points = np.full((2, POINTS, 2), np.nan)
        confidence = np.full(2, np.nan)
        for row, hand in self._rows(found):
            points[row], confidence[row] = found[hand], scores[hand]
            self._last[row] = found[hand]
        self._points.append(points)
        self._confidence.append(confidence)

    def track(self) -> HandTrack:
        """All that was added."""
        return HandTrack(np.array(self._points).reshape(-1, 2, POINTS, 2), np.array(self._confidence).reshape(-1, 2))

    def _rows(self, found: Sequence[Array]) -> list[tuple[int, int]]:
        """(row, hand) pairs whose hands have moved least in all."""
        if not found:
            return []
        choices = [[(0, 0), (1, 1)], [(1, 0), (0, 1)]] if len(found) > 1 else [[(0, 0)], [(1, 0)]]
        return min(choices, key=lambda pairs: sum(self._distance(row, found[hand]) for row, hand in pairs))

    def _distance(self, row: int, hand: Array) -> float:
        last = self._last[row]
        return _FAR if last is None else float(np.linalg.norm(hand.mean(0) - last.mean(0)))


def hand_variance(track: HandTrack) -> float:
    """Variance over time of a hand's points, x and y together, averaged over points and hands.

    Returns:
        In squares of the frame's height.

    Raises:
        NotMeasurable: no hand is seen twice.
    """
    rows = [track.points[track.seen[:, row], row] for row in range(2)]
    spreads = [points.var(axis=0).sum(axis=-1).mean() for points in rows if len(points) > 1]
    if not spreads:
        raise dh.NotMeasurable("no hand is seen in more than one frame")
    return float(np.mean(spreads))


class HandConfidence:
    """How sure the detector is of the hands (HKC)."""

    def __init__(self, options: Any, context: dh.Context) -> None:
        pass

    def measure(self, material: dh.Material) -> dh.Measure:
        """0 to 1, over every hand in every frame."""
        track = hands(material)
        return dh.Measure(float(np.nanmean(track.confidence)), int(track.seen.sum()), CROP, note=track.note)


class HandVariance:
    """How much the hands move (HKV)."""

    def __init__(self, options: Any, context: dh.Context) -> None:
        pass

    def measure(self, material: dh.Material) -> dh.Measure:
        """Squares of a hundredth of the frame's height, over every hand in every frame."""
        track = hands(material)
        return dh.Measure(1e4 * hand_variance(track), int(track.seen.sum()), CROP, note=track.note)
