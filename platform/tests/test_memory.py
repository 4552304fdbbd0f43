"""Memory is counted where it is used."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from dh.memory import available_memory_mib, peak_memory_mib, tree_memory_mib

HELD_MIB = 300


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_small_child_of_a_large_parent_has_a_small_peak() -> None:
    held = np.ones(HELD_MIB * 2**17)
    code = "from dh.memory import peak_memory_mib; print(peak_memory_mib())"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert peak_memory_mib() > held.nbytes / 2**20
    assert 1 < float(child.stdout) < HELD_MIB


def test_a_tree_has_the_memory_of_all_its_processes() -> None:
    code = "import sys; held = b'x' * (200 << 20); print('ready', flush=True); sys.stdin.read()"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"
    process = subprocess.Popen([sys.executable, "-c", outer], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    assert 200 < tree_memory_mib(process.pid) < 400
    process.communicate()
    assert tree_memory_mib(process.pid) == 0


def test_the_machine_has_memory_left() -> None:
    assert available_memory_mib() > 1
