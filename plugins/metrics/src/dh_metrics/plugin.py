"""Declarations of the metrics; the implementations are imported when an evaluation needs them."""

from __future__ import annotations

from collections.abc import Iterable

import dh
from dh_metrics.declared import TIER0
from dh_metrics.declared_learned import TIER1, TIER2

DH_API_VERSION = 1


@dh.hookimpl
def dh_metrics() -> Iterable[dh.MetricSpec]:
    yield from (*TIER0, *TIER1, *TIER2)
