"""The starter as it ships: it needs no download and no torch, and speaks better than rules do."""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import dh
from dh_ditto.starter import layout
from dh_ditto.starter.denoiser import GRAPH_NAME
from dh_ditto.starter.driver import SHIPPED, StarterDriver
from dh_ditto.starter.options import StarterOptions
from dh_ditto.starter.release import CARD_NAME, starter_rows
from dh_ditto.synthesis.dataset import make_dataset
from dh_ditto.synthesis.evaluate import Measures, evaluate, viseme_rows
from dh_ditto.synthesis.recipe import Recipe
from dh_ditto.training.result import MODEL_NAME, WEIGHTS_NAME, TrainedModel

ROOT = Path(__file__).resolve().parents[2]
PORTRAIT = ROOT / "examples" / "portrait.jpg"
SPEECH = ROOT / "examples" / "speech.wav"


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's first second."""
    path = tmp_path_factory.mktemp("speech") / "second.wav"
    with wave.open(str(SPEECH)) as source, wave.open(str(path), "wb") as target:
        target.setparams(source.getparams())
        target.writeframes(source.readframes(source.getframerate()))
    return path


def rows(seed: int = 0, **options: object) -> np.ndarray:
    context = dh.Context(fps=25.0, seed=seed, device="cpu")
    driver = StarterDriver(StarterOptions.model_validate(options), context)
    return np.concatenate(list(driver.rows(dh.read_speech(SPEECH, chunk_seconds=1))))


def test_the_shipped_folder_is_whole_and_small() -> None:
    model = TrainedModel.read(SHIPPED)
    assert {path.name for path in SHIPPED.iterdir()} == {WEIGHTS_NAME, MODEL_NAME, GRAPH_NAME, CARD_NAME}
    assert (SHIPPED / WEIGHTS_NAME).stat().st_size <= 20e6
    assert (model.motion_space, model.features, model.fps) == ("arkit", "mel", 25)
    card = (SHIPPED / CARD_NAME).read_text(encoding="utf-8")
    for promised in ("Data", "Training", "seed", "commit", "Measured", "Limits", "Licence", str(model.training.steps)):
        assert promised in card


def test_onnx_runtime_gives_what_pytorch_gives() -> None:
    pytest.importorskip("torch")
    assert np.abs(rows(backend="onnx", steps=4) - rows(backend="torch", steps=4)).max() < 1e-4


def test_without_pulled_weights_the_starter_speaks_and_says_so(
    second: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DH_CHECKPOINTS", str(tmp_path / "none"))
    notices: list[str] = []
    target = tmp_path / "out.mp4"
    dh.run(
        "ditto",
        source=PORTRAIT,
        audio=second,
        output=target,
        on_event=lambda event: notices.append(event.text) if isinstance(event, dh.Notice) else None,
    )
    told = [text for text in notices if "starter" in text]
    assert len(told) == 1 and "checkpoints pull ditto" in told[0] and "\n" not in told[0]
    record = json.loads((tmp_path / "out.mp4.json").read_text(encoding="utf-8"))
    assert record["request"]["profile"] == "starter"
    assert (record["components"]["driver"]["options"]["backend"], record["components"]["driver"]["tuned"]) == (
        "onnx",
        {},
    )
    again = tmp_path / "again.mp4"
    dh.run(from_record=tmp_path / "out.mp4.json", output=again)
    assert again.read_bytes() == target.read_bytes()


def test_the_starter_needs_no_torch(second: Path, tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "for name in ('torch', 'pytorch_lightning', 'espeakng_loader', 'onnx'): sys.modules[name] = None\n"
        "import dh\n"
        f"dh.run('ditto', profile='starter', source={str(PORTRAIT)!r}, audio={str(second)!r}, output='out.mp4')\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, timeout=300)
    with dh.VideoReader(tmp_path / "out.mp4", "out") as reader:
        assert len(list(reader.frames(25))) == 25


def test_seeds_differ_and_repeat() -> None:
    first, same, other = (rows(seed, steps=4)[:, layout.SLICES["rotation"]] for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert np.abs(first - other).max() > 1, "degrees"


@pytest.fixture(scope="module")
def measures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Measures, Measures]]:
    """The starter and the rules on voices and sentences that no training used."""
    pytest.importorskip("espeakng_loader")
    folder = tmp_path_factory.mktemp("held-out") / "data"
    make_dataset(Recipe(seed=77, hours=0.001, validation_minutes=2, clean_share=1, idle_share=0), folder)
    yield evaluate(lambda clip, seed: starter_rows(SHIPPED, clip, seed), folder), evaluate(viseme_rows, folder)


def test_lips_follow_the_phonemes_better_than_rules(measures: tuple[Measures, Measures]) -> None:
    starter, rules = measures
    assert starter.correlation >= 0.8
    assert starter.correlation > rules.correlation


def test_closures_are_reached_on_time(measures: tuple[Measures, Measures]) -> None:
    starter, rules = measures
    assert starter.closures >= 0.9
    assert starter.shut > rules.shut


def test_the_mouth_is_closed_in_pauses(measures: tuple[Measures, Measures]) -> None:
    starter, _ = measures
    assert starter.pauses < 0.05


def test_seeds_bring_the_variety_that_rules_lack(measures: tuple[Measures, Measures]) -> None:
    starter, rules = measures
    assert starter.mouth_variety > 0.01 > rules.mouth_variety
    assert starter.head_variety > 0.5


def test_an_idle_face_does_not_jitter(measures: tuple[Measures, Measures]) -> None:
    starter, _ = measures
    assert starter.mouth_jitter < 0.003
    assert starter.head_jitter < 0.02, "degrees a frame squared"
