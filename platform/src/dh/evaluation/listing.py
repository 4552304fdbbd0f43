"""The installed metrics with their states, cheap enough to list them all."""

from __future__ import annotations

from typing import Any

from dh.licences import commercial_use
from dh.registry import Registry


def metric_rows(registry: Registry) -> list[dict[str, Any]]:
    """Every metric, as ``dh metrics --json`` prints it: of low tiers first, then as declared."""
    rows = []
    for component in sorted(registry.metrics.values(), key=lambda component: component.spec.tier):
        spec, status = component.spec, component.status
        rows.append(
            {
                "name": spec.name,
                "title": spec.title or spec.name,
                "summary": spec.summary,
                "explanation": spec.explanation,
                "unit": spec.unit,
                "higher_is_better": spec.higher_is_better,
                "tier": spec.tier,
                "version": spec.version,
                "needs": list(spec.needs),
                "checkpoints": [checkpoint.name for checkpoint in spec.checkpoints],
                "plugin": component.plugin,
                "licence": spec.licence.name,
                "commercial": commercial_use(spec),
                "state": status.state.value,
                "detail": status.detail,
                "remedy": status.remedy,
            }
        )
    return rows
