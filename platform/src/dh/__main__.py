"""``python -m dh``."""

from __future__ import annotations

from dh.cli import main

main()
