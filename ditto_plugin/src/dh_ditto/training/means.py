"""Means of the loss's terms over many steps, kept on the device until they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

TOTAL = "total_loss"
"""The published name of the terms' sum."""


class TermMeans:
    """A running sum of every term.

    Args:
        names: of the terms.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = (*names, TOTAL)
        self._sums: Tensor | None = None
        self.count = 0

    def add(self, terms: Mapping[str, Tensor], total: Tensor, weight: int = 1) -> None:
        """Counts one step, or a batch of ``weight`` windows."""
        values = weight * torch.stack([*terms.values(), total]).detach().float()
        self._sums = values if self._sums is None else self._sums + values
        self.count += weight

    def means(self) -> dict[str, float]:
        """By name, the total among them; nothing before the first step."""
        if self._sums is None:
            return {}
        return dict(zip(self._names, (self._sums / self.count).tolist(), strict=True))

    def clear(self) -> None:
        """Forgets all steps."""
        self._sums, self.count = None, 0

    def state(self) -> dict[str, Any]:
        """What ``restore`` takes."""
        return {"sums": None if self._sums is None else self._sums.cpu(), "count": self.count}

    def restore(self, state: Mapping[str, Any], device: torch.device | str) -> None:
        """Goes on from a saved state."""
        self._sums = None if state["sums"] is None else state["sums"].to(device)
        self.count = state["count"]
