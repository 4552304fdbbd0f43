"""What is declared of the learned metrics, and what a user sees who has no weights."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import dh
from dh_metrics.declared_learned import TIER1, TIER2
from learned_samples import noise_frames


def test_each_tier_holds_the_metrics_that_papers_report() -> None:
    assert [spec.name for spec in TIER1] == ["csim", "lpips", "fid", "fvd"]
    assert [spec.name for spec in TIER2] == ["sync-c", "sync-d", "e-fid", "arcface-csim"]
    assert {spec.tier for spec in TIER1} == {1}
    assert {spec.tier for spec in TIER2} == {2}


@pytest.mark.parametrize("spec", [*TIER1, *TIER2], ids=lambda spec: spec.name)
def test_a_metric_explains_itself_and_names_one_file_of_weights(spec: dh.MetricSpec) -> None:
    assert 2 <= spec.explanation.count(". ") + 1 <= 5
    assert [len(checkpoint.files) for checkpoint in spec.checkpoints] == [1]
    assert spec.weights_option == "weights"
    assert spec.extra == "learned"


def test_tier_1_lists_no_weights_that_refuse_commercial_use() -> None:
    uses = [file.licence.commercial for spec in TIER1 for checkpoint in spec.checkpoints for file in checkpoint.files]
    assert "refused" not in uses


def test_tier_2_lists_no_weights_that_clearly_allow_it() -> None:
    uses = [file.licence.commercial for spec in TIER2 for checkpoint in spec.checkpoints for file in checkpoint.files]
    assert "allowed" not in uses


def test_declaring_imports_no_network_library() -> None:
    program = (
        "import sys, dh_metrics.plugin as p; list(p.dh_metrics()); "
        "print([m for m in ('torch', 'torchmetrics', 'onnxruntime', 'numpy', 'pydantic') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.fixture
def video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DH_CHECKPOINTS", str(tmp_path / "none"))
    path = tmp_path / "video.mp4"
    with dh.VideoWriter(str(path), width=64, height=48, fps=25.0, audio=None, codec="h264") as writer:
        for frame in noise_frames(5):
            writer.write(frame)
    return path


def test_without_weights_an_evaluation_says_which_command_brings_them(video: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("torchmetrics")
    found = dh.evaluate(video, reference=video, metrics=["lpips", "fid", "fvd", "e-fid"])
    for row in found["metrics"]:
        assert row["value"] is None
        assert "checkpoints pull metrics-" in row["why"]


def test_without_weights_no_learned_metric_runs_unasked(video: Path) -> None:
    found = dh.evaluate(video, reference=video, tiers=[1, 2])
    assert all(row["value"] is None for row in found["metrics"] if row["tier"] > 0)
