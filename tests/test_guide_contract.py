"""What the plugin guide says of the contract is true, and its twenty-line driver keeps it."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dh.testing import FakeEntryPoint
from dh.testing.contract import check_plugin
from dh.testing.contract.clauses import CLAUSES
from samples import ROOT

GUIDE = ROOT / "docs" / "plugins.md"


@pytest.fixture
def loudness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEntryPoint]:
    """The driver that the guide shows, importable for this test."""
    code = re.search(r"`dh_loudness.py`:\n\n```python\n(.*?)^```$", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert code is not None
    (tmp_path / "dh_loudness.py").write_text(code[1], encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield FakeEntryPoint("loudness", importlib.import_module("dh_loudness"), "dh_loudness")
    del sys.modules["dh_loudness"]


def test_the_driver_of_the_guide_keeps_the_contract(loudness: FakeEntryPoint) -> None:
    results = list(check_plugin(loudness))
    assert [result for result in results if result.outcome == "broken"] == []
    assert sum(result.outcome == "ok" for result in results) >= 15


def test_the_guide_lists_every_clause_with_its_promise() -> None:
    listed = re.findall(r"^\| `([a-z-]+)` \| ([a-z, ]+) \| (.*) \|$", GUIDE.read_text("utf-8"), re.MULTILINE)
    assert listed == [(clause.name, ", ".join(clause.kinds), clause.promise) for clause in CLAUSES]
