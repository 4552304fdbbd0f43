"""Which metrics an evaluation computes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from dh.declarations import MetricSpec
from dh.errors import OptionError
from dh.evaluation.material import Material
from dh.registry import Component, Registry

DEFAULT_TIERS = (0, 1)
"""Metrics with research-only weights run only where the user asks for them."""

_REMEDIES = {
    "reference": "there is no reference; give the ground-truth video with --reference",
    "audio": "the video has no sound; give the speech with --audio",
    "record": "there is no run record beside the video; it is measured where 'dh run' made the video",
}


def choose_metrics(
    registry: Registry, material: Material, names: Collection[str] | None, tiers: Collection[int] | None
) -> tuple[list[Component[MetricSpec]], list[dict[str, str]]]:
    """The metrics to compute, and those of the same tiers that are left out.

    Args:
        registry: what there is.
        material: to be measured.
        names: metrics that are computed in any case, or tell why they cannot be.
        tiers: of which every metric is computed that can be. None: the default ones, or none where names are given.

    Returns:
        Components in the order of their declaration; ``{"name", "why"}`` for each that is left out.

    Raises:
        OptionError: an unknown name or tier.
    """
    wanted = [registry.metric(name).name for name in names or ()]
    if tiers is None:
        tiers = () if names is not None else DEFAULT_TIERS
    unknown = set(tiers) - {0, 1, 2}
    if unknown:
        raise OptionError(f"--tier {min(unknown)}: there are tiers 0, 1 and 2")
    chosen, left_out = [], []
    for component in registry.metrics.values():
        if component.name in wanted:
            chosen.append(component)
        elif component.spec.tier in tiers:
            why = obstacle(component, material)
            if why:
                left_out.append({"name": component.name, "why": why})
            else:
                chosen.append(component)
    return chosen, left_out


def obstacle(component: Component[Any], material: Material) -> str:
    """Why a metric cannot be computed on this material and machine; empty where nothing is in the way."""
    status = component.status
    if not status.ok:
        return f"{status.detail}; {status.remedy}" if status.remedy else status.detail
    return missing_need(component.spec.needs, material)


def missing_need(needs: Iterable[str], material: Material) -> str:
    """What a metric needs and the material lacks, with the remedy; empty where it lacks nothing."""
    given = {
        "reference": lambda: material.reference is not None,
        "audio": lambda: material.has_sound,
        "record": lambda: material.record is not None,
    }
    return next((_REMEDIES[need] for need in needs if not given[need]()), "")
