"""What a video cost, from the record of the run that made it."""

from __future__ import annotations

from typing import Any

import dh


class _Timing:
    """A number of the run record's timing."""

    key: str
    what: str

    def __init__(self, options: Any, context: dh.Context) -> None:
        pass

    def measure(self, material: dh.Material) -> dh.Measure:
        """The number as it was recorded.

        Raises:
            NotMeasurable: there is no record, or it does not tell.
        """
        timing = (material.record or {}).get("timing", {})
        if not isinstance(timing.get(self.key), (int, float)):
            raise dh.NotMeasurable(f"the run record does not tell {self.what}; make the video again with this version")
        return dh.Measure(float(timing[self.key]), 1, crop="the run")


class Speed(_Timing):
    """Seconds of video made per second of rendering."""

    key = "real_time_factor"
    what = "how fast the run was"


class PeakMemory(_Timing):
    """Most main memory that the run used, in MiB."""

    key = "peak_memory_mib"
    what = "how much memory the run used"


class FirstFrame(_Timing):
    """Seconds until the first frame was there."""

    key = "first_frame_seconds"
    what = "when its first frame was there"
