"""A plugin whose method has two profiles, "full" with the weights of ``weighty_plugin`` and "small" without any, and
whose other method can be trained.
"""

from __future__ import annotations

from collections.abc import Iterable

import dh


@dh.hookimpl
def dh_methods() -> Iterable[dh.MethodSpec]:
    """With profiles, and with training."""
    yield dh.MethodSpec(
        name="profiled",
        summary="a box, better with weights",
        profiles=(
            dh.ProfileSpec(
                name="full", summary="a box that weights move", avatar="toy", driver="weighty", renderer="weighty"
            ),
            dh.ProfileSpec(
                name="small",
                summary="a box that loudness moves",
                avatar="toy",
                driver="toy",
                renderer="toy",
                options={"driver": {"gain": 2.0}},
            ),
        ),
        weights="weighty_components:TOOLS",
        training="schooling:TOOLS",
    )
    yield dh.MethodSpec(
        name="only-data", summary="", avatar="toy", driver="toy", renderer="toy", training="schooling:ONLY_PREPARE"
    )
