"""A training lowers its loss, writes what it promises, and a killed one ends as if it had not been killed."""

from __future__ import annotations

import csv
import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dh
from ditto_training_data import MOTION, SOUND, STYLE, options, write_data

torch = pytest.importorskip("torch")
pytest.importorskip("pytorch_lightning")
pytest.importorskip("matplotlib")

from safetensors.numpy import load_file  # noqa: E402

from dh.options import option_rows  # noqa: E402
from dh_ditto.networks.denoiser import MotionDecoder  # noqa: E402
from dh_ditto.training import runner  # noqa: E402
from dh_ditto.training.checkpoint import load_start, save_checkpoint  # noqa: E402
from dh_ditto.training.data_module import WindowStream  # noqa: E402
from dh_ditto.training.dataset import open_dataset  # noqa: E402
from dh_ditto.training.draws import step_seed  # noqa: E402
from dh_ditto.training.loss_options import build_loss  # noqa: E402
from dh_ditto.training.module import MotionTraining, build_network  # noqa: E402
from dh_ditto.training.noise import draw_times  # noqa: E402
from dh_ditto.training.options import TrainingOptions  # noqa: E402
from dh_ditto.training.result import TrainedModel  # noqa: E402
from dh_ditto.training.start import align_attention  # noqa: E402
from dh_ditto.training.tools import TOOLS  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "configs" / "training"


def silent(_: Any) -> None:
    pass


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("training") / "data")


@pytest.fixture(scope="module")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of the training of ``options``, never interrupted."""
    output = tmp_path_factory.mktemp("training") / "whole"
    assert runner.train(None, output, options(data), silent) == output / "weights"
    return output


def rows(output: Path) -> list[dict[str, str]]:
    with (output / "metrics.csv").open(encoding="utf-8", newline="") as file:
        return [{**row, "seconds": ""} for row in csv.DictReader(file)]


def test_a_training_writes_what_it_promises(finished: Path) -> None:
    names = {path.name for path in finished.iterdir()}
    assert names == {"opt.yaml", "loss.log", "metrics.csv", "plots", "ckpts", "state.pt", "weights"}
    assert {path.name for path in (finished / "plots").iterdir()} == {"losses.png", "sample.png"}
    lines = (finished / "loss.log").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2 and lines[0].startswith("Epoch: 1, Global_Steps: 5, | face_A: ")
    assert {row["split"] for row in rows(finished)} == {"train", "validation"}
    model = TrainedModel.read(finished / "weights")
    assert [(group.name, group.size) for group in model.condition] == [("aud", SOUND), ("style", STYLE)]
    assert model.columns("style") == slice(SOUND, SOUND + STYLE)
    assert (model.training.steps, model.training.averaged, model.training.clips) == (12, True, 3)
    network = MotionDecoder(**model.network.model_dump())
    weights = load_file(finished / "weights" / "motion_decoder.safetensors")
    network.load_state_dict({key: torch.from_numpy(value) for key, value in weights.items()})
    motion = np.random.default_rng(0).standard_normal((4, MOTION)).astype(np.float32)
    np.testing.assert_allclose(model.motion(model.normalised(motion)), motion, rtol=1e-5, atol=1e-6)


def test_a_tiny_training_lowers_its_loss(data: Path, tmp_path: Path) -> None:
    sets = options(data, steps=80, lr=5e-3, optimizer="adamw", log_steps=10, dropout=0, validation_list_json=None)
    runner.train(None, tmp_path / "out", sets, silent)
    totals = [float(row["total_loss"]) for row in rows(tmp_path / "out") if row["split"] == "train"]
    assert totals[-1] < 0.6 * totals[0]


KILLED = """
import json, os, signal, sys
from pathlib import Path

import dh
from dh_ditto.training import journal, runner

save = journal.save_state

def save_until_step_7(output, state):
    if state["step"] <= 7:
        save(output, state)

def kill_at_step_11(event):
    if isinstance(event, dh.Progress) and event.phase == "train" and event.done == 11:
        os.kill(os.getpid(), signal.SIGKILL)

journal.save_state = save_until_step_7
runner.train(None, Path(sys.argv[1]), json.loads(sys.argv[2]), kill_at_step_11)
"""


def test_killed_and_resumed_equals_uninterrupted(data: Path, finished: Path, tmp_path: Path) -> None:
    """Killed in the third epoch, after the second's log and checkpoint, with a state from the middle of the second."""
    import json

    output = tmp_path / "cut"
    command = [sys.executable, "-c", KILLED, str(output), json.dumps(options(data, state_minutes=0))]
    killed = subprocess.run(command, check=False, capture_output=True, text=True, env=_one_thread())
    assert killed.returncode == -9, killed.stderr
    assert torch.load(output / "state.pt", weights_only=True)["step"] == 7
    assert not (output / "weights").exists()

    told: list[Any] = []
    torch.rand(7)  # what happened to the process's generator before must not matter
    runner.train(None, output, options(data), told.append)
    assert dh.Notice("going on at step 7 of 12") in told
    whole, resumed = (load_file(folder / "weights" / "motion_decoder.safetensors") for folder in (finished, output))
    assert all(np.array_equal(whole[key], resumed[key]) for key in whole)
    states = [torch.load(folder / "state.pt", weights_only=True) for folder in (finished, output)]
    for part in ("network", "averaged"):
        assert all(torch.equal(states[0][part][key], states[1][part][key]) for key in states[0][part])
    for one, other in zip(*(state["optimizer"]["state"].values() for state in states), strict=True):
        assert all(torch.equal(torch.as_tensor(one[key]), torch.as_tensor(other[key])) for key in one)
    assert (output / "loss.log").read_text() == (finished / "loss.log").read_text()
    assert rows(output) == rows(finished)


def _one_thread() -> dict[str, str]:
    import os

    return {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}


def test_a_finished_training_returns_at_once_and_goes_on_when_made_longer(data: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    short = options(data, steps=2, validation_list_json=None)
    runner.train(None, output, short, silent)
    told: list[Any] = []
    runner.train(None, output, short, told.append)
    assert not [event for event in told if isinstance(event, dh.Progress) and event.phase == "train"]
    runner.train(None, output, {**short, "steps": 4}, silent)
    assert TrainedModel.read(output / "weights").training.steps == 4
    with pytest.raises(dh.InputError, match=r"was trained with lr=0\.003, not 0\.1"):
        runner.train(None, output, {**short, "lr": 0.1}, silent)


def test_a_time_limit_ends_a_training_with_weights(data: Path, tmp_path: Path) -> None:
    sets = options(data, steps=500, max_minutes=1e-6, validation_list_json=None)
    runner.train(None, tmp_path / "out", sets, silent)
    assert TrainedModel.read(tmp_path / "out" / "weights").training.steps == 1


def test_interrupting_passes_as_a_keyboard_interrupt(data: Path, tmp_path: Path) -> None:
    import signal

    def stop(event: Any) -> None:
        if isinstance(event, dh.Progress) and event.phase == "train":
            raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        runner.train(None, tmp_path / "out", options(data), stop)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_folder_of_something_else_is_left_alone(data: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(dh.InputError, match="holds something that is no training"):
        runner.train(None, tmp_path, options(data), silent)


def test_several_processes_average_their_gradients(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One step of two processes is a step along the mean of the gradients that each has alone."""
    import json

    sets = options(
        data, steps=1, batch_size=10, optimizer="adamw", dropout=0, ema_decay=None, validation_list_json=None,
        accelerator="cpu", devices=2, strategy="ddp",
    )  # fmt: skip
    config = tmp_path / "both.yaml"
    config.write_text(json.dumps(sets), encoding="utf-8")  # JSON is YAML too
    command = [sys.executable, "-m", "dh", "train", "ditto", "--config", str(config), "-o", str(tmp_path / "out")]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env={**_one_thread(), "OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(tmp_path / "out" / "weights")], "the second process says nothing"
    assert "GLOBAL_RANK" not in done.stderr
    trained = load_file(tmp_path / "out" / "weights" / "motion_decoder.safetensors")

    chosen = TrainingOptions(**sets).located()
    assert chosen.data_list_json is not None
    dataset, _ = open_dataset(chosen.data_list_json, chosen)
    module = MotionTraining(chosen, build_network(chosen), build_loss(chosen), 1)
    optimizer = module.configure_optimizers()
    for rank in range(2):
        monkeypatch.setattr(MotionTraining, "global_rank", rank)
        batch = next(iter(WindowStream(dataset, 10, 0, 0, 1, rank, 2)))
        (module.training_step(batch, 0) / 2).backward()
    optimizer.step()
    for key, value in module.network.state_dict().items():
        np.testing.assert_allclose(trained[key], value.numpy(), rtol=1e-4, atol=1e-6, err_msg=key)


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_are_the_same_from_any_step_on(data: Path, workers: int) -> None:
    chosen = TrainingOptions(**options(data, use_last_frame=False)).located()
    assert chosen.data_list_json is not None
    dataset, _ = open_dataset(chosen.data_list_json, chosen)
    loader = torch.utils.data.DataLoader(WindowStream(dataset, 30, 0, 7, 12), batch_size=None, num_workers=workers)
    whole = itertools.islice(WindowStream(dataset, 30, 0, 0, 12), 7, None)
    for one, other in zip(loader, whole, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_the_learning_rate_rises_then_falls(data: Path) -> None:
    chosen = TrainingOptions(**options(data, lr=1.0, lr_schedule="cosine", warmup_steps=4))
    module = MotionTraining(chosen, build_network(chosen), build_loss(chosen), 104)
    rates = [module.learning_rate(step) for step in range(105)]
    assert rates[:4] == [0.25, 0.5, 0.75, 1.0] and rates[4] == 1.0
    assert all(later <= earlier for earlier, later in itertools.pairwise(rates[4:]))
    assert rates[104] == pytest.approx(0.01)


def test_checkpoints_have_the_published_layout_and_rule(tmp_path: Path) -> None:
    network = build_network(
        TrainingOptions(motion_feat_dim=3, audio_feat_dim=4, seq_frames=5, latent_dim=8, num_heads=2)
    )
    for epoch in range(1, 13):
        save_checkpoint(tmp_path, epoch, network, keep_every=3)
    kept = {int(path.stem.removeprefix("train_")) for path in (tmp_path / "ckpts").iterdir()}
    assert kept == {3, 6, 8, 9, 10, 11, 12}
    state = torch.load(tmp_path / "ckpts" / "train_12.pt", weights_only=True)
    assert list(state) == ["model_state_dict"]
    other = build_network(
        TrainingOptions(motion_feat_dim=3, audio_feat_dim=4, seq_frames=5, latent_dim=8, num_heads=2, seed=1)
    )
    load_start(tmp_path / "ckpts" / "train_12.pt", other)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), other.parameters(), strict=True))
    larger = build_network(
        TrainingOptions(motion_feat_dim=4, audio_feat_dim=4, seq_frames=5, latent_dim=8, num_heads=2)
    )
    with pytest.raises(dh.InputError, match="correct the network's size"):
        load_start(tmp_path / "ckpts" / "train_12.pt", larger)


def test_a_checkpoint_that_is_a_program_is_refused(tmp_path: Path) -> None:
    import pickle

    class Program:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "ran",)

    path = tmp_path / "train_1.pt"
    path.write_bytes(pickle.dumps({"model_state_dict": Program()}, protocol=2))
    with pytest.raises(dh.InputError, match="nothing of it was run"):
        load_start(path, build_network(TrainingOptions(latent_dim=8, num_heads=2)))
    assert not (tmp_path / "ran").exists()


def test_a_loss_that_leaves_the_numbers_ends_the_training(data: Path, tmp_path: Path) -> None:
    with pytest.raises(dh.MethodError, match="no longer finite at step 3"):
        runner.train(None, tmp_path / "out", options(data, lr=1e30, optimizer="adamw"), silent)


def test_the_published_configuration_makes_one_step(tmp_path: Path) -> None:
    data = write_data(tmp_path / "data", clips=2, frames=85, mtn=328, aud=1024, emo=8, eye_open=2, eye_ball=6)
    (data / "mean_var.npy").unlink()
    weights = TOOLS.train(
        CONFIGS / "ditto.yaml",
        tmp_path / "out",
        {"data": data, "batch_size": 2, "steps": 1, "accelerator": "cpu", "validation_list_json": ""},
        silent,
    )
    model = TrainedModel.read(weights)
    assert (model.network.audio_feat_dim, model.network.latent_dim, model.training.steps) == (1103, 512, 1)
    assert (
        sum(
            value.size for key, value in load_file(weights / "motion_decoder.safetensors").items() if "freqs" not in key
        )
        == 47_788_297
    )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_a_gpu_trains(data: Path, tmp_path: Path, precision: str) -> None:
    sets = options(
        data, steps=80, lr=5e-3, optimizer="adamw", log_steps=10, dropout=0, accelerator="cuda", precision=precision
    )
    runner.train(None, tmp_path / "out", sets, silent)
    totals = [float(row["total_loss"]) for row in rows(tmp_path / "out") if row["split"] == "train"]
    assert totals[-1] < 0.6 * totals[0]


def test_seeds_of_steps_differ() -> None:
    assert len({step_seed(seed, step, rank) for seed in range(3) for step in range(50) for rank in range(2)}) == 300


def test_the_page_lists_every_option() -> None:
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    for row in option_rows(TrainingOptions):
        kind = row.type.replace("|", "\\|")
        assert f"| `{row.key}` | {kind} | {row.default} | {row.range} | {row.help} |\n" in page


def test_an_aligned_start_looks_at_the_same_frame() -> None:
    torch.manual_seed(0)
    network = MotionDecoder(8, 8, 40, 64, 64, 1, 2, 0.0)
    looked: list[Any] = []

    def watch(module: Any, inputs: tuple[Any, ...], _: Any) -> None:
        query, key, _ = inputs
        weights, width = module.in_proj_weight.chunk(3), query.shape[-1] // module.heads
        q, k = (module.split(tokens @ weight.T) for tokens, weight in zip((query, key), weights, strict=False))
        looked.append((q @ k.transpose(-1, -2) / width**0.5).softmax(-1)[:, 0])

    network.seqTransDecoder.stack[0].multihead_attn.register_forward_hook(watch)
    arguments = torch.randn(4, 40, 8), torch.randn(4, 8), torch.randn(4, 40, 8), torch.full((4,), 999)
    network(*arguments)
    align_attention(network)
    network(*arguments)
    frames = torch.arange(40)
    near = (frames[:, None] - frames).abs() <= 3
    before, after = ((attention[..., :40] * near).sum(-1).mean() for attention in looked)
    assert before < 0.3
    assert after > 0.7


def test_noisy_times_can_be_drawn_more_often() -> None:
    torch.manual_seed(0)
    uniform, noisy = draw_times(20000), draw_times(20000, density=1.0)
    assert int(noisy.min()) >= 0 and int(noisy.max()) <= 999
    assert abs(float(uniform.float().mean()) - 499.5) < 10
    assert abs(float(noisy.float().mean()) - 666) < 10, "the mean of a density that grows with the time"


def test_foreign_frames_are_told_to_their_share_of_windows(data: Path, tmp_path: Path) -> None:
    frames = torch.arange(4000.0)[:, None].expand(-1, 3)
    for share in (0.0, 0.25):
        chosen = TrainingOptions(**options(data, foreign_frame=share))
        module = MotionTraining(chosen, MotionDecoder(8, 8, 40, 64, 64, 1, 2, 0.0), build_loss(chosen), 1)
        torch.manual_seed(0)
        told = module._told(frames)
        foreign = (told != frames).any(1)
        assert abs(float(foreign.float().mean()) - share) < 0.02
        assert torch.equal(told[foreign], frames.roll(1, 0)[foreign])
