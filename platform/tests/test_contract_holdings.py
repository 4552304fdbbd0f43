"""What the contract kit counts as left behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dh.testing.contract.holdings import empty_folders


def test_files_in_both_folders_are_told_and_gone_afterwards() -> None:
    before = Path.cwd()
    with empty_folders() as left:
        Path("scratch.txt").touch()
        subprocess.run([sys.executable, "-c", "import tempfile; tempfile.mkstemp('.raw')"], check=True)
        told = left()
        work = Path.cwd()
    assert len(told) == 2
    assert told[0] == "file in the working folder: scratch.txt"
    assert told[1].startswith("temporary file: ") and told[1].endswith(".raw")
    assert Path.cwd() == before and not work.exists()


def test_the_compilers_store_which_importing_it_makes_is_no_temporary_file() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    code = """
import torch
from dh.testing.contract.holdings import empty_folders
with empty_folders() as left:
    torch.use_deterministic_algorithms(False)  # imports the compiler's settings, which make the folder
    assert left() == [], left()
"""
    # A process of its own: the import makes the folder once only.
    subprocess.run([sys.executable, "-c", code], check=True)
