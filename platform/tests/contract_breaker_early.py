"""An implementation that is light, and is still none of a list of methods' business."""

from __future__ import annotations


class Driver:
    """Would drive."""
