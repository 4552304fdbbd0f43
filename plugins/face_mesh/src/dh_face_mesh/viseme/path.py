"""The smooth path of the mouth between its targets: slow release, anticipation and coarticulation, hop by hop."""

from __future__ import annotations

import numpy as np

from dh_face_mesh.viseme.features import HOP_RATE, Hops
from dh_face_mesh.viseme.targets import Target

REACH = 7
"""Hops to either side that the path looks at."""

_RELEASE_SECONDS = {
    Target.OPEN: 0.035, Target.JAW: 0.06, Target.ROUND: 0.05, Target.WIDE: 0.05, Target.VOICE: 0.06, Target.LOUD: 0.05,
}  # fmt: skip
_WIDTH_SECONDS = {
    Target.OPEN: 0.03, Target.JAW: 0.036, Target.SHUT: 0.024, Target.HISS: 0.02, Target.ROLL: 0.02,
    Target.ROUND: 0.034, Target.WIDE: 0.034, Target.VOICE: 0.03, Target.LOUD: 0.03, Target.PITCH: 0.034,
}  # fmt: skip
_HELD_HOPS = {Target.SHUT: 1, Target.ROLL: 1}


def _kernels() -> Hops:
    """One normalised Gaussian per target, (10, 2 REACH + 1)."""
    offsets = np.arange(-REACH, REACH + 1) / HOP_RATE
    widths = np.array([_WIDTH_SECONDS[target] for target in Target])[:, None]
    kernels = np.exp(-0.5 * (offsets / widths) ** 2)
    for target, held in _HELD_HOPS.items():  # a held hop already stands for hops further out
        kernels[target, :held] = kernels[target, -held:] = 0
    return np.asarray(kernels / kernels.sum(axis=1, keepdims=True))


_KERNELS = _kernels()


class Release:
    """Lets targets go slowly: each may rise at once but fall no faster than exponentially with its time constant."""

    def __init__(self) -> None:
        self._keep = {target: float(np.exp(-1 / (time * HOP_RATE))) for target, time in _RELEASE_SECONDS.items()}
        self._value = dict.fromkeys(self._keep, 0.0)

    def follow(self, targets: Hops) -> Hops:
        """Takes the next targets, (10, n), and returns them with slow release."""
        held = targets.copy()
        for target, keep in self._keep.items():
            value = self._value[target]
            row = targets[target].tolist()
            for hop, wanted in enumerate(row):
                value = max(wanted, value * keep)
                row[hop] = value
            held[target] = row
            self._value[target] = value
        return held


def smooth_path(targets: Hops) -> Hops:
    """Weighs each hop with the ``REACH`` hops to either side: (10, n + 2 REACH) to a path of shape (10, n).

    Closures are first held for a few hops to either side, so that lips that meet are seen to meet at any frame rate.
    """
    targets = targets.copy()
    for target, held in _HELD_HOPS.items():
        row = np.pad(targets[target], held)
        targets[target] = np.maximum.reduce([row[shift : len(row) - 2 * held + shift] for shift in range(2 * held + 1)])
    hops = targets.shape[1] - 2 * REACH
    path = np.zeros((len(Target), hops))
    for tap in range(2 * REACH + 1):
        path += _KERNELS[:, tap : tap + 1] * targets[:, tap : tap + hops]
    return path
