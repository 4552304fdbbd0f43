"""Mouth tracks to ARKit weights.

How a renderer reads them: lips part by about ``jawOpen - mouthClose``, plus the little that ``mouthLowerDown`` and
``mouthUpperUp`` add; ``mouthClose`` never exceeds ``jawOpen``, and where the two are equal the lips touch. The jaw
moves smoothly through a closure while the lips shut in front of it, as they do in speech.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dh import ARKIT_BLENDSHAPES
from dh_face_mesh.viseme.features import Hops
from dh_face_mesh.viseme.targets import Target

SHAPE = {name: number for number, name in enumerate(ARKIT_BLENDSHAPES)}
"""Column of each blendshape."""

_WIDEST = 0.47  # jawOpen of a loud, open vowel
_PARTED = 0.11  # opening that speech keeps between consonants, as a share of the widest
_TOUCH = 1.35  # a closure of 74 % counts as whole: lips are soft and meet early
_SKEW = 0.04  # the left side is this much livelier than the right, as faces are


def mouth_weights(tracks: Hops, gain: float) -> NDArray[np.float64]:
    """Weights of (n, 52) for tracks of (10, n); ``gain`` scales the mouth, eyes and brows stay 0."""
    voice = tracks[Target.VOICE]
    shut = np.clip(_TOUCH * tracks[Target.SHUT], 0, 1)
    hiss = tracks[Target.HISS] * (1 - shut)
    roll = tracks[Target.ROLL]
    rounded, wide = tracks[Target.ROUND], tracks[Target.WIDE]
    lips = np.maximum(tracks[Target.OPEN], _PARTED * voice) * (1 - 0.12 * rounded) * (1 - shut) * (1 - 0.6 * roll)
    jaw = np.clip(gain * _WIDEST * np.maximum(0.85 * tracks[Target.JAW], lips), 0, 1)
    parted = np.minimum(gain * _WIDEST * lips, jaw)

    weights = np.zeros((tracks.shape[1], len(ARKIT_BLENDSHAPES)))

    def add(name: str, amount: NDArray[np.float64]) -> None:
        weights[:, SHAPE[name]] += amount

    def add_both(name: str, amount: NDArray[np.float64]) -> None:
        weights[:, SHAPE[name + "Left"]] += amount * (1 + _SKEW)
        weights[:, SHAPE[name + "Right"]] += amount * (1 - _SKEW)

    add("jawOpen", jaw)
    add("mouthClose", jaw - parted)
    add_both("mouthLowerDown", gain * (0.30 * lips + 0.20 * hiss))
    add_both("mouthUpperUp", gain * (0.12 * lips + 0.10 * hiss + 0.10 * roll))
    add("mouthFunnel", gain * rounded * (0.15 + 0.45 * lips) * (1 - shut))
    add("mouthPucker", gain * rounded * (0.50 - 0.25 * np.minimum(lips, 1)))
    add_both("mouthStretch", gain * (0.16 * wide + 0.16 * hiss) * (1 - rounded))
    add_both("mouthSmile", gain * 0.16 * wide * (1 - rounded))
    add("mouthRollLower", gain * (0.55 * roll + 0.10 * shut))
    add("mouthRollUpper", gain * 0.10 * shut)
    add_both("mouthPress", gain * 0.30 * shut)
    return weights
