"""The training loss: squared errors of motion, its velocity and its acceleration, summed over parts of the vector.

Every part counts by the mean over its own columns: one column of scale weighs as much as 66 of pitch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

import dh

REGULARISATION = 1e-4
"""Weight of the mean magnitude of a prediction."""

_NO_REGULARISATION = "scale"


@dataclass(frozen=True)
class Part:
    """Columns [start, end) of the motion vector with one weight."""

    name: str
    start: int
    end: int
    weight: float = 1.0


LIVEPORTRAIT_PARTS = (
    Part("scale", 0, 1),
    Part("pitch", 1, 67),
    Part("yaw", 67, 133),
    Part("roll", 133, 199),
    Part("t", 199, 202),
    Part("exp", 202, 265),
)
"""The published parts of a motion vector of 265."""

ARKIT_PARTS = (Part("rotation", 0, 3), Part("translation", 3, 6), Part("blendshapes", 6, 58))
"""Parts of the starter's motion row of 58."""

PARTS = {"liveportrait": LIVEPORTRAIT_PARTS, "arkit": ARKIT_PARTS}
"""By motion space."""


def parts_from(table: Mapping[str, tuple[int, int, float]], size: int) -> tuple[Part, ...]:
    """Parts from the published form ``{name: [start, end, weight]}``; start <= 0 is 0, end <= 0 is ``size``.

    Raises:
        dh.OptionError: a part without columns, or beyond the vector.
    """
    parts = []
    for name, (start, end, weight) in table.items():
        part = Part(name, max(0, start), end if end > 0 else size, weight)
        if not part.start < part.end <= size:
            raise dh.OptionError(
                f"loss part {name}=[{start}, {end}, {weight:g}]: no columns of a motion of {size}; correct its columns"
            )
        parts.append(part)
    return tuple(parts)


class MotionLoss(nn.Module):
    """Terms by name and their plain sum. Of a part p there are ``p_P`` (position), ``p_V`` (first differences), ``p_A``
    (second differences) and, as asked for, ``p_L`` (first frame against the frame before) and ``p_R`` (magnitude).

    Args:
        parts: of the motion vector.
        column_weights: [motion], on top of the parts' weights; None: all 1.
        last_frame: adds ``_L``.
        regularise: adds ``_R``: 1e-4 of the mean magnitude, unweighted, 0 for a part named scale.
    """

    def __init__(
        self,
        parts: Iterable[Part] = LIVEPORTRAIT_PARTS,
        column_weights: Tensor | None = None,
        *,
        last_frame: bool = False,
        regularise: bool = False,
    ) -> None:
        super().__init__()
        self.parts = tuple(parts)
        self.last_frame, self.regularise = last_frame, regularise
        for part in self.parts:
            weight = torch.full((part.end - part.start,), float(part.weight))
            if column_weights is not None:
                weight = weight * column_weights[part.start : part.end]
            self.register_buffer(f"weights_{part.name}", weight, persistent=False)

    @property
    def names(self) -> list[str]:
        """Of the terms, in the order in which ``forward`` gives them."""
        suffixes = ["P", "V", "A", *(["L"] if self.last_frame else []), *(["R"] if self.regularise else [])]
        return [f"{part.name}_{suffix}" for part in self.parts for suffix in suffixes]

    def forward(self, predicted: Tensor, clean: Tensor, cond_frame: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The total and every term, all scalars.

        Args:
            predicted: [batch, n, motion], n at least 3.
            clean: likewise.
            cond_frame: [batch, motion], the frame before the window.
        """
        terms = {}
        error = predicted - clean
        velocity = error[:, 1:] - error[:, :-1]
        acceleration = velocity[:, 1:] - velocity[:, :-1]
        for part in self.parts:
            columns = slice(part.start, part.end)
            weights = getattr(self, f"weights_{part.name}")
            for suffix, difference in (("P", error), ("V", velocity), ("A", acceleration)):
                terms[f"{part.name}_{suffix}"] = _weighted(difference[..., columns], weights)
            if self.last_frame:
                terms[f"{part.name}_L"] = _weighted((predicted[:, 0] - cond_frame)[..., columns], weights)
            if self.regularise:
                share = 0.0 if part.name == _NO_REGULARISATION else REGULARISATION
                terms[f"{part.name}_R"] = share * predicted[..., columns].abs().mean()
        return torch.stack(list(terms.values())).sum(), terms


def _weighted(difference: Tensor, weights: Tensor) -> Tensor:
    # The mean over batch and time first: the weights then touch one row, not all of them.
    return (difference.square().flatten(0, -2).mean(0) * weights).mean()
