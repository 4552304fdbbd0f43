"""The page on metrics is what the declarations say, and its example measures."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

import dh
from dh.cli.metric_reference import metric_reference
from dh.evaluation.material import Material
from dh.registry import installed
from samples import ROOT

PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")


def test_the_page_is_current() -> None:
    assert metric_reference() == PAGE, "run script/docs"


@pytest.mark.parametrize("spec", [c.spec for c in installed().metrics.values()], ids=lambda spec: spec.name)
def test_every_metric_is_explained_in_a_few_sentences(spec: dh.MetricSpec) -> None:
    assert f"\n### {spec.title}\n" in PAGE
    assert spec.summary
    assert 2 <= len(re.findall(r"[.)] |\.$", spec.explanation)) <= 8, spec.explanation
    assert spec.licence.commercial != "unknown"


def test_every_link_to_a_metric_leads_to_its_heading() -> None:
    anchors = {re.sub(r"[^\w-]", "", title.lower().replace(" ", "-")) for title in re.findall(r"### (.+)", PAGE)}
    links = re.findall(r"\]\(#([^)]+)\)", PAGE)
    assert len(links) == len(installed().metrics)
    assert set(links) == anchors


def test_the_example_measures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dh_brightness.py").write_text(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0])
    monkeypatch.syspath_prepend(str(tmp_path))
    import dh_brightness  # type: ignore[import-not-found]

    video = tmp_path / "grey.mp4"
    with dh.VideoWriter(str(video), width=64, height=48, fps=25.0, audio=None, codec="h264") as writer:
        for _ in range(5):
            writer.write(np.full((48, 64, 3), 120, np.uint8))
    (spec,) = dh_brightness.dh_metrics()
    found = dh_brightness.Brightness(None, dh.Context()).measure(Material(video))
    assert spec.name == "brightness"
    assert (found.value, found.count) == (pytest.approx(120, abs=2), 5)
    sys.modules.pop("dh_brightness")
