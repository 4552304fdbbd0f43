"""The Frechet distance between two sets of features, each taken as a Gaussian, by torchmetrics.

d^2 = |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)), Heusel et al. 2017 (arXiv:1706.08500), equation 6.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import dh
from dh_metrics.learned.weights import require

if TYPE_CHECKING:
    from torch import Tensor, nn


def frechet_distance(
    metric: str, network: nn.Module, video: Iterable[Tensor], reference: Iterable[Tensor], device: str
) -> tuple[float, int, int]:
    """The distance between what a network makes of two sets, and how many items each set had.

    Only sums of features and of their products are kept, in double precision.

    Args:
        metric: its name, for messages.
        network: from a batch to features of shape (batch, ``num_features``), an attribute that it has.
        video: batches of the measured set.
        reference: batches of the other.
        device: of the sums.

    Raises:
        NotMeasurable: a set has fewer than two items, which have no covariance.
        ExtraMissing: torchmetrics is not installed.
    """
    torch = require(metric, "torch")
    statistics = require(metric, "torchmetrics.image.fid").FrechetInceptionDistance(feature=network).to(device)
    counts = {True: 0, False: 0}
    with torch.inference_mode():
        for real, batches in ((True, reference), (False, video)):
            for batch in batches:
                statistics.update(batch, real=real)
                counts[real] += len(batch)
        for real, of in ((True, "reference"), (False, "video")):
            if counts[real] < 2:
                raise dh.NotMeasurable(f"the {of} gives {counts[real]} of the at least 2 items that {metric} compares")
        # Rounding can bring the distance of equal sets a little below its least possible value.
        return max(0.0, float(statistics.compute())), counts[False], counts[True]
