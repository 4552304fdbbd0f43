"""What ``dh bench ditto --tune`` chooses from, and what it comes to."""

from __future__ import annotations

from pathlib import Path

import pytest

from dh.bench import BenchRequest, tune
from dh.options import resolve_options
from dh.registry import installed
from dh.request import make_request
from dh.session import Session

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("profile", ["published", "starter"])
def test_every_candidate_is_of_options_that_there_are(profile: str) -> None:
    chain = installed().chain("ditto", profile=profile)
    plain, *others = chain.candidates
    assert others
    for candidate in (plain, *others):
        resolve_options(chain, {}, candidate, {})
    assert plain in ({"backend": "torch", "precision": "fp32"}, {"driver.backend": "onnx"})


def test_the_starters_backends_are_tuned_and_the_next_run_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    monkeypatch.setenv("DH_TUNED", str(tmp_path / "tuned.json"))
    figures = tune(BenchRequest("ditto", profile="starter", seconds=0.2, repeats=1))
    onnx, torch = figures["candidates"]
    assert onnx["reference"] and not torch["reference"]
    assert torch["psnr"] > 45
    assert sorted(row["result"] for row in (onnx, torch)) == ["chosen", "slower"]
    best = figures["tuned"]["options"]["driver.backend"]
    examples = {"source": ROOT / "examples" / "portrait.jpg", "audio": ROOT / "examples" / "speech.wav"}
    session = Session(make_request(method="ditto", profile="starter", **examples))
    assert session.tuned == {"driver": {"backend": best}}
    own = Session(make_request(method="ditto", profile="starter", options={"backend": "torch"}, **examples))
    assert own.tuned == {}
