"""For tests of the host and of plugins: a complete toy method, and entry points that need no installation."""

from __future__ import annotations

from dh.testing.entry_points import FakeEntryPoint, write_distribution

__all__ = ["FakeEntryPoint", "write_distribution"]
