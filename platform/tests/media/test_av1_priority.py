"""AV1 is encoded at ordinary priority, whoever the user is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

import dh


@pytest.mark.skipif(sys.platform != "linux", reason="threads' policies are read from /proc")
def test_encoding_av1_leaves_no_thread_ahead_of_the_machine(tmp_path: Path) -> None:
    with dh.VideoWriter(str(tmp_path / "out.mp4"), width=64, height=64, fps=25, audio=None, codec="av1") as writer:
        for _ in range(3):
            writer.write(np.zeros((64, 64, 3), np.uint8))
        threads = [int(path.name) for path in Path("/proc/self/task").iterdir()]
        assert len(threads) > 2
        assert {os.sched_getscheduler(thread) for thread in threads} == {os.SCHED_OTHER}
    assert (tmp_path / "out.mp4").stat().st_size > 0
