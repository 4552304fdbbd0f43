"""A recorded performance that can be asked at any time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dh_live_link_face.columns import Array

REST_SECONDS = 0.5
"""How long the face takes to come to rest after the recording ends, and to leave it before it begins."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Poses over time.

    Args:
        times: (n,) seconds since the first pose, strictly increasing from 0.
        values: (n, 55): 52 weights from 0 to 1, in the order of ``dh.ARKIT_BLENDSHAPES``, then pitch, yaw and roll of
            the head in degrees, with the signs of ``arkit``.
    """

    times: Array
    values: Array

    @property
    def duration(self) -> float:
        """Seconds from the first pose to the last."""
        return float(self.times[-1])

    def at(self, times: Array) -> Array:
        """Poses (m, 55) at ``times`` (m,): linear between recorded ones, across gaps too.

        Beyond the recording its first or last pose eases to rest within ``REST_SECONDS``; at rest, all is 0.
        """
        within = np.clip(times, 0, self.duration)
        after = np.clip(np.searchsorted(self.times, within), 1, max(1, len(self.times) - 1))
        before, after = after - 1, np.minimum(after, len(self.times) - 1)
        span = self.times[after] - self.times[before]
        share = np.divide(within - self.times[before], span, out=np.zeros_like(within), where=span > 0)[:, None]
        poses = (1 - share) * self.values[before] + share * self.values[after]
        beyond = np.minimum(np.abs(times - within) / REST_SECONDS, 1)
        result: Array = poses * ((1 + np.cos(np.pi * beyond)) / 2)[:, None]
        return result
