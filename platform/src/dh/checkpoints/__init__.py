"""Weights: declared by plugins, pulled once, verified, found by name.

Cheap to import: only ``pull`` loads the hub's library.
"""

from __future__ import annotations

from dh.checkpoints.hub import Progress, pull
from dh.checkpoints.integrity import FileCheck, hashes, verify
from dh.checkpoints.store import CheckpointState, FileState, checkpoint_root, folder, require, state

__all__ = [
    "CheckpointState",
    "FileCheck",
    "FileState",
    "Progress",
    "checkpoint_root",
    "folder",
    "hashes",
    "pull",
    "require",
    "state",
    "verify",
]
