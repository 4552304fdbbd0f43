"""Every number that the published training and preparation give for deterministic inputs, from this project's code."""

from __future__ import annotations

import pytest

import ditto_preparation_runners
import ditto_training_goldens as goldens
import ditto_training_runners

RUNNERS: dict[str, goldens.Runner] = {**ditto_training_runners.RUNNERS, **ditto_preparation_runners.RUNNERS}


@pytest.mark.parametrize("name", goldens.names())
def test_published_numbers(name: str) -> None:
    assert name in RUNNERS, f"golden {name} has no runner: it would go unchecked"
    assert goldens.check(name, RUNNERS[name](goldens.case(name))) > 0


def test_no_golden_goes_uncounted() -> None:
    """Every npz file of the folder is a case, and every array of it is described."""
    assert {path.stem for path in goldens.FOLDER.glob("*.npz")} == set(goldens.names())
    for name in goldens.names():
        entry = goldens.case(name)
        stored = {key.removesuffix("@samples").removesuffix("@stats") for key in entry["values"]}
        assert stored == set(entry["arrays"])
