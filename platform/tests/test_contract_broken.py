"""Every clause of the contract catches a plugin that breaks it, and says what is wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contract_breaker_drivers import RELEASE
from contract_breakers import BREAKERS, GOOD, TORCH_BREAKER, Breaker
from dh.testing.contract import Result, Settings, check_plugin, trials
from dh.testing.contract.clauses import CLAUSES


@pytest.fixture(scope="module", autouse=True)
def ended_threads() -> Iterator[None]:
    yield
    RELEASE.set()


def results(breaker: Breaker) -> list[Result]:
    """What its own clause says of a broken plugin, with the toy beside it."""
    settings = Settings(patience=0.5)
    return [t.result() for t in trials(breaker.entry_point, settings) if t.clause.name == breaker.clause]


@pytest.mark.parametrize("breaker", BREAKERS, ids=lambda breaker: f"{breaker.clause}: {breaker.words}")
def test_a_plugin_that_breaks_a_clause_is_caught_by_it(toy_method: str, breaker: Breaker) -> None:
    broken = [result for result in results(breaker) if result.outcome == "broken"]
    assert broken
    assert breaker.words in broken[0].reason
    assert "\n" not in broken[0].reason


def test_a_plugin_that_changes_torch_is_caught(toy_method: str) -> None:
    torch = pytest.importorskip("torch")
    (result,) = results(TORCH_BREAKER)
    assert TORCH_BREAKER.words in result.reason
    assert torch.get_default_dtype() is torch.float32


def test_a_plugin_that_keeps_every_clause_breaks_none(toy_method: str) -> None:
    found = list(check_plugin(GOOD))
    assert [result for result in found if result.outcome == "broken"] == []
    tried = {result.clause for result in found if result.outcome == "ok"}
    assert tried == {clause.name for clause in CLAUSES} - {"method", "avatar"}


def test_every_clause_has_a_plugin_that_breaks_it() -> None:
    assert {breaker.clause for breaker in BREAKERS} == {clause.name for clause in CLAUSES}
