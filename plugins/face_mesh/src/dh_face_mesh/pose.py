"""Rigid head motion: signs as the ``arkit`` motion space has them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def rotation(pitch: float, yaw: float, roll: float) -> Array:
    """Rotation matrix (3, 3) in coordinates x right, y down, z away from the camera; angles in degrees.

    Pitch > 0 raises the chin, yaw > 0 turns the face towards the image's right, roll > 0 tips the top of the head
    towards the image's right. The pitch is taken first, about the head's own ears, the roll last, in the picture.
    """
    (a, b, c) = np.radians([pitch, yaw, roll])
    nod = np.array([[1, 0, 0], [0, np.cos(a), np.sin(a)], [0, -np.sin(a), np.cos(a)]])
    turn = np.array([[np.cos(b), 0, -np.sin(b)], [0, 1, 0], [np.sin(b), 0, np.cos(b)]])
    tip = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(tip @ turn @ nod)


def soft_limit(value: float, limit: float) -> float:
    """The value itself while it is small, approaching the limit where it is large."""
    return float(limit * np.tanh(value / limit))
