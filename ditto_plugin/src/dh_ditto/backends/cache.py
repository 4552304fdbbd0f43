"""Files that could be made again, kept to save time."""

from __future__ import annotations

from pathlib import Path

import dh


def keep(content: bytes, target: Path) -> bool:
    """Writes a file, whole or not at all.

    Returns:
        Whether it is there now; a place that cannot be written only costs the next start.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with dh.whole_file(target) as temporary:
            temporary.write_bytes(content)
    except (OSError, dh.InputError):
        return False
    return True
