"""``dh prepare`` and ``dh train``: what reaches a plugin's tools, and how these go on, end and fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import dh
from command_line import complaint, said
from dh import training
from dh.cli.display import progress_figures

pytestmark = pytest.mark.usefixtures("profiled_method", "interruptible")

STEPS = 4
"""That the training of ``schooling`` takes."""

GOES_ON = "dh: interrupted; the same command goes on where it stopped\n"


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text("steps: 4\n", encoding="utf-8")
    return str(path)


def test_prepare_gives_the_tools_sources_configuration_and_values(
    tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    out, error = said(
        capsys, "prepare", "profiled", "one", "two", "-o", "data", "-c", "mine.yaml", "--set", "size=3", "--set", "a=b"
    )
    assert (out, error) == (f"{tmp_path / 'data'}\n", "")
    assert (tmp_path / "data" / "data.txt").read_text() == "['one', 'two'] mine.yaml {'size': 3, 'a': 'b'}"


def test_prepare_needs_neither_sources_nor_a_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "prepare", "only-data", "-o", str(tmp_path / "data"))
    assert (tmp_path / "data" / "data.txt").read_text() == "[] None {}"


def test_train_prints_the_folder_of_the_weights(
    tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "runs" / "first"
    out, error = said(capsys, "train", "profiled", "--config", config, "-o", str(target), "--set", "rate=1.0e-3")
    assert (out, error) == (f"{target / 'weights'}\n", "")
    assert (target / "weights" / "told.txt").read_text() == "mine.yaml {'rate': 0.001}"


@pytest.mark.parametrize("how", ["interrupt", "interrupt, cleaned up"])
def test_an_interrupted_training_says_that_it_goes_on_and_does(
    tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    arguments = ("train", "profiled", "-c", config, "-o", str(tmp_path / "run"), "--set", f"fail={how}")
    assert said(capsys, *arguments, status=130) == ("", GOES_ON)
    assert (tmp_path / "run" / "steps.txt").read_text() == "2"
    out, error = said(capsys, *arguments)
    assert (out, error) == (f"{tmp_path / 'run' / 'weights'}\n", "note: goes on at step 2\n")
    assert (tmp_path / "run" / "steps.txt").read_text() == str(STEPS)


def test_an_interrupted_process_ends_with_the_usual_status(tmp_path: Path, config: str) -> None:
    arguments = ["train", "profiled", "-c", config, "-o", str(tmp_path / "run"), "--set", "fail=interrupt"]
    done = subprocess.run([sys.executable, "-m", "dh", *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", GOES_ON)


@pytest.mark.parametrize(
    ("how", "status", "line"),
    [
        ("user", 2, "data.txt: holds no rows; prepare it again"),
        ("bug", 1, "profiled train: ValueError: two lines"),
        ("exit", 1, "profiled train: it ended the process with status 7"),
    ],
)
def test_what_the_tools_raise_is_one_line(
    tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str], how: str, status: int, line: str
) -> None:
    arguments = ("train", "profiled", "-c", config, "-o", str(tmp_path / "run"), "--set", f"fail={how}")
    assert complaint(capsys, *arguments, status=status) == line


def test_a_python_caller_gets_the_events_and_its_own_interrupt(tmp_path: Path, config: str) -> None:
    events: list[object] = []
    folder = training.train("profiled", config, tmp_path / "run", listener=events.append)
    assert folder == tmp_path / "run" / "weights"
    progress = [event for event in events if isinstance(event, dh.Progress)]
    assert [(event.phase, event.done, event.total) for event in progress] == [
        ("train", k, STEPS) for k in range(1, STEPS + 1)
    ]
    with pytest.raises(KeyboardInterrupt):
        training.train("profiled", config, tmp_path / "other", options={"fail": "interrupt, cleaned up"})


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("train", "toy", "-c", "mine", "-o", "run"), "method toy cannot be trained; methods with training: "),
        (("prepare", "toy", "-o", "data"), "method toy needs no data prepared; methods with training: "),
        (("train", "only-data", "-c", "mine", "-o", "run"), "method only-data cannot be trained; methods with "),
        (("train", "profild", "-c", "mine", "-o", "run"), "METHOD: there is no 'profild'; did you mean 'profiled'?"),
        (("train", "profiled", "-o", "run"), "--config is missing; for example: dh train profiled --config "),
        (("train", "profiled", "-c", "mine"), "--output is missing; for example: dh train profiled --config "),
        (("prepare", "profiled"), "--output is missing; for example: dh prepare profiled videos -o data"),
        (("train", "profiled", "-c", "no/such.yaml", "-o", "run"), "--config no/such.yaml: no such configuration"),
        (("train", "profiled", "-c", "mine.yaml", "-o", "mine.yaml"), "--output mine.yaml: is a file; name a folder"),
        (("prepare", "profiled", "nowhere", "-o", "data"), "SOURCES nowhere: no such file or folder"),
        (("prepare", "profiled", ".", "-o", "."), "--output .: is one of the sources; name another folder"),
        (("train", "profiled", "-c", "mine.yaml", "-o", "run", "--set", "x"), "--set x: write KEY=VALUE"),
    ],
)
def test_what_cannot_be_done_is_told_before_any_work(
    tmp_path: Path,
    config: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    line: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert complaint(capsys, *arguments).startswith(line)
    assert sorted(tmp_path.iterdir()) == before


def test_a_method_without_training_names_those_that_have_it(capsys: pytest.CaptureFixture[str]) -> None:
    line = complaint(capsys, "train", "toy", "-c", "mine", "-o", "run")
    assert {"only-data", "profiled"} <= set(line.partition("training: ")[2].split(", "))


def test_a_configuration_is_found_by_its_name_in_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    (home / "configs" / "training").mkdir(parents=True)
    (home / "configs" / "training" / "quick.yaml").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("DH_HOME", str(home))
    said(capsys, "train", "profiled", "-c", "quick", "-o", str(tmp_path / "run"))
    assert (tmp_path / "run" / "weights" / "told.txt").read_text() == "quick.yaml {}"
    arguments = ("train", "profiled", "-c", "quik", "-o", str(tmp_path / "run"))
    assert complaint(capsys, *arguments) == "--config quik: no such configuration; did you mean 'quick'?"


def test_the_progress_line_of_long_work_tells_speed_time_and_step() -> None:
    def words(**values: object) -> str:
        return ", ".join(progress_figures(dh.Progress(**values)))  # type: ignore[arg-type]

    assert words(phase="train", done=50, total=100, elapsed=25.0, detail="loss 0.1") == "2 steps/s, 25 s left, loss 0.1"
    assert words(phase="train", done=1, total=3601, elapsed=1.0) == "1 steps/s, 60 min left"
    assert words(phase="prepare", done=1, total=3, elapsed=5400.0, detail="a.mp4") == "3.0 h left, a.mp4"
    assert words(phase="render", done=50, total=100, elapsed=1.0, fps=25.0) == "50 frames/s, 2.0x real time, 1 s left"
    assert words(phase="prepare") == words(phase="register", done=1, total=2, elapsed=1.0) == ""
