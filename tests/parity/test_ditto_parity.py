"""Every number that the published Ditto code gives for deterministic weights and inputs, from this project's code."""

from __future__ import annotations

import pytest

import ditto_condition_runners
import ditto_goldens as goldens
import ditto_network_runners
import ditto_source_runners
import ditto_stitch_runners

RUNNERS: dict[str, goldens.Runner] = {
    **ditto_network_runners.RUNNERS,
    **ditto_condition_runners.RUNNERS,
    **ditto_source_runners.RUNNERS,
    **ditto_stitch_runners.RUNNERS,
}


@pytest.mark.parametrize(("golden", "case"), goldens.names())
def test_published_numbers(golden: str, case: str) -> None:
    assert golden in RUNNERS, f"golden {golden} has no runner: it would go unchecked"
    assert goldens.check(golden, case, RUNNERS[golden](goldens.build(golden, case))) > 0


def test_no_golden_goes_uncounted() -> None:
    """Every array in the folder's npz files belongs to an output that a case compares."""
    assert set(RUNNERS) >= {golden for golden, _ in goldens.names()}
    assert goldens.unused_arrays() == []
