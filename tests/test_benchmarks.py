"""The benchmark scripts run, and measure what they say."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import dh
from samples import ROOT


@pytest.fixture(autouse=True)
def _scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the scripts importable by their names."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def test_a_long_stream_has_as_many_frames_as_its_speech_fills(capsys: pytest.CaptureFixture[str]) -> None:
    import_module("live_stream").main(["face-mesh", "--minutes", "0.02"])
    figures = json.loads(capsys.readouterr().out)
    assert (figures["frames"], figures["expected_frames"], figures["drift_seconds"]) == (30, 30, 0)
    assert figures["memory_mib"]["early"] > 10
    assert 0 < figures["ahead_seconds"]["first_tenth"] <= 1.2


def test_a_live_session_counts_every_frame_of_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    import_module("live_session").main(["face-mesh", "--seconds", "2"])
    figures = json.loads(capsys.readouterr().out)
    assert figures["frames"] + figures["dropped"] >= 50
    assert abs(figures["sound_drift_ms"]) < 0.1
    assert 0 < figures["late_ms"]["p50"] <= figures["late_ms"]["p95"] <= figures["late_ms"]["most"]


def test_pieces_of_a_microphone_join_to_the_speech() -> None:
    samples = np.arange(7000, dtype=np.float32)
    microphone = import_module("live_stream").Microphone(samples, 20_000)
    pieces = list(microphone)
    assert [piece.start for piece in pieces] == np.cumsum([0, *(len(piece) for piece in pieces)])[:-1].tolist()
    assert np.array_equal(np.concatenate([piece.samples for piece in pieces]), np.resize(samples, 20_000))


def test_the_synthetic_avatar_is_one_that_ditto_reads(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from dh_ditto.avatar import source_motion
    from dh_ditto.keypoints import to_degrees

    import_module("published_size").synthetic_avatar("any").save(tmp_path / "synthetic.dhavatar")
    avatar = dh.Avatar.load(tmp_path / "synthetic.dhavatar")
    source = source_motion(avatar)
    assert source.still
    assert avatar.arrays["frame"].shape == (avatar.height, avatar.width, 3) == (720, 1280, 3)
    sizes = {"scale": 1, "pitch": 66, "yaw": 66, "roll": 66, "t": 3, "exp": 63, "kp": 63}
    assert {name: value.shape for name, value in source.infos[0].items()} == {n: (1, s) for n, s in sizes.items()}
    for turn in ("pitch", "yaw", "roll"):
        assert abs(float(np.squeeze(to_degrees(source.infos[0][turn])))) < 45
