"""Weights converted, initialised and exported by a method's plugin, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

import dh
from command_line import complaint, said
from dh.states import extra_missing
from dh.testing import write_distribution
from weighty_components import write_weights
from weighty_plugin import FILE

pytestmark = pytest.mark.usefixtures("weighty_method")


def opening(folder: Path) -> str:
    return (folder / FILE).read_text(encoding="utf-8")


def test_convert_takes_a_named_folder_and_prints_the_new_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_weights(tmp_path / "published", "0.25")
    target = tmp_path / "new" / "mine"
    arguments = ("checkpoints", "convert", "weighty", "--from", str(tmp_path / "published"), "-o", str(target))
    assert said(capsys, *arguments) == (f"{target}\n", "converting published\n")
    assert opening(target) == "0.25"


def test_without_a_named_folder_the_pulled_weights_are_taken(
    checkpoint_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_weights(checkpoint_root / "weighty-extra", "0.1")
    write_weights(checkpoint_root / "weighty-free", "0.5")
    out, _ = said(capsys, "checkpoints", "convert", "weighty")
    assert out == f"{checkpoint_root / 'weighty-free' / 'converted'}\n"
    out, _ = said(capsys, "export", "weighty", "--format", "trt", "--precision", "fp16")
    assert out == f"{checkpoint_root / 'weighty-free' / 'trt-fp16'}\n"
    out, _ = said(capsys, "export", "weighty")
    assert out == f"{checkpoint_root / 'weighty-free' / 'onnx-fp32'}\n"


def test_a_relative_folder_reaches_the_tools_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_weights(tmp_path / "mine", "0.5")
    assert said(capsys, "export", "weighty", "--weights", "mine")[0] == f"{tmp_path / 'mine' / 'onnx-fp32'}\n"


def test_init_writes_a_folder_that_runs_find_by_its_name(
    checkpoint_root: Path, capsys: pytest.CaptureFixture[str], picture: Path, speech: Path, tmp_path: Path
) -> None:
    out, error = said(capsys, "checkpoints", "init", "weighty", "--seed", "30")
    assert (out, error) == (f"{checkpoint_root / 'weighty-untrained'}\n", "untrained\n")
    assert opening(checkpoint_root / "weighty-untrained") == "0.3"
    options = {"weights": "weighty-untrained"}
    record = dh.run("weighty", source=picture, audio=speech, output=tmp_path / "out.mp4", options=options)
    assert record["components"]["driver"]["weights"] == str(checkpoint_root / "weighty-untrained")


@pytest.mark.parametrize("action", [("checkpoints", "convert"), ("checkpoints", "init"), ("export",)])
@pytest.mark.parametrize("taken", ["folder", "file"])
def test_nothing_is_overwritten(
    checkpoint_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], action: tuple[str, ...], taken: str
) -> None:
    write_weights(checkpoint_root / "weighty-free", "0.5")
    precious = write_weights(tmp_path / "folder", "0.7")
    (tmp_path / "file").write_text("precious", encoding="utf-8")
    target = tmp_path / taken
    assert complaint(capsys, *action, "weighty", "-o", str(target)) == (
        f"--output {target}: is there already; remove it or name another folder"
    )
    assert opening(precious) == "0.7"
    assert (tmp_path / "file").read_text(encoding="utf-8") == "precious"


def test_init_does_not_overwrite_the_folder_it_would_choose(
    checkpoint_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, "checkpoints", "init", "weighty", "--seed", "1")
    assert "weighty-untrained: is there already" in complaint(capsys, "checkpoints", "init", "weighty", "--seed", "2")
    assert opening(checkpoint_root / "weighty-untrained") == "0.01"


def test_without_weights_the_error_names_what_to_pull_and_the_option(
    checkpoint_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_weights(checkpoint_root / "weighty-extra", "0.5")
    assert complaint(capsys, "checkpoints", "convert", "weighty", status=3) == (
        f"method weighty: none of its weights are in {checkpoint_root}; run: dh checkpoints pull weighty-research; "
        "or name a folder with --from"
    )
    assert complaint(capsys, "export", "weighty", status=3).endswith("or name a folder with --weights")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("checkpoints", "convert", "wighty"), "METHOD: there is no 'wighty'; did you mean 'weighty'?"),
        (("export", "weighty", "--weights", "nowhere"), "--weights nowhere: no such folder"),
        (("checkpoints", "convert", "weighty", "--from", "nowhere"), "--from nowhere: no such folder"),
        (("checkpoints", "init", "weighty-published"), "method weighty-published brings nothing to initialise weights"),
        (("export", "toy"), "method toy brings nothing to export weights with; methods that bring tools for theirs: "),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert complaint(capsys, *arguments).startswith(words)


def test_a_method_is_not_named_as_one_that_can_do_what_it_cannot(capsys: pytest.CaptureFixture[str]) -> None:
    line = complaint(capsys, "export", "weighty-published")
    assert "weighty-published" not in line.partition("theirs: ")[2].split(", ")
    assert "weighty" in line.partition("theirs: ")[2].split(", ")


def test_tools_that_cannot_be_imported_name_the_method(capsys: pytest.CaptureFixture[str], site: Path) -> None:
    source = """
import dh

@dh.hookimpl
def dh_methods():
    yield dh.MethodSpec(
        name="lost", summary="", avatar="toy", driver="toy", renderer="toy", weights="nowhere:TOOLS", bench="nowhere:f"
    )
"""
    write_distribution(site, "lost", "lost_plugin", source=source)
    for arguments in (("export", "lost"), ("bench", "lost")):
        assert complaint(capsys, *arguments, status=1).startswith("method lost: nowhere:")


@pytest.mark.parametrize(
    ("launcher", "extra", "remedy"),
    [
        ("", "trt", "pip install 'dh-weighty[trt]'"),
        ("", None, "pip install --upgrade 'dh-weighty'"),
        ("./dh", "trt", "./dh setup all"),
    ],
)
def test_an_extra_found_missing_in_a_run_has_its_remedy(
    monkeypatch: pytest.MonkeyPatch, launcher: str, extra: str | None, remedy: str
) -> None:
    monkeypatch.setenv("DH_LAUNCHER", launcher)
    error = extra_missing("weighty", "tensorrt", "dh-weighty", extra)
    assert isinstance(error, dh.ExtraMissing)
    assert str(error) == f"weighty: missing extra: needs tensorrt; run: {remedy}"
