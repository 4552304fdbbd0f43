"""The kind of array that synthesis works on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
"""Of any precision: tracks are made in float64, sounds and what is stored are float32 or less."""
