"""Starting is cheap, and the public surface is complete."""

from __future__ import annotations

import ast
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import dh
from dh.testing import write_distribution

LIGHT = """
import dh

FILE = dh.CheckpointFile(path="a", licence=dh.Licence(name="MIT"))
WEIGHTS = dh.CheckpointSpec(name="light", repository="owner/light", revision="v1", files=(FILE,), need="alternative")
COMMON = dict(name="light", summary="", implementation="nowhere:X", checkpoints=(WEIGHTS,))

@dh.hookimpl
def dh_avatars():
    yield dh.AvatarSpec(kind="light", **COMMON)

@dh.hookimpl
def dh_drivers():
    yield dh.DriverSpec(motion_space="arkit", look_ahead=None, **COMMON)

@dh.hookimpl
def dh_renderers():
    yield dh.RendererSpec(motion_space="arkit", avatar_kinds=("light",), **COMMON)

@dh.hookimpl
def dh_metrics():
    yield dh.MetricSpec(unit="", higher_is_better=None, **COMMON)

@dh.hookimpl
def dh_methods():
    yield dh.MethodSpec(
        name="light", summary="", avatar="light", driver="light", renderer="light", weights="nowhere:TOOLS"
    )
    profile = dh.ProfileSpec(name="bright", summary="", avatar="light", driver="light", renderer="light")
    yield dh.MethodSpec(name="lamp", summary="", profiles=(profile,), training="nowhere:TOOLS")
"""

HEAVY = ("torch", "cv2", "mediapipe", "numpy", "pydantic", "av", "PIL", "huggingface_hub")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["methods"],
        ["methods", "--json"],
        ["plugins"],
        ["checkpoints", "list"],
        ["checkpoints", "convert", "--help"],
        ["export", "--help"],
        ["metrics"],
        ["evaluate", "--help"],
        ["bench", "--help"],
        ["compare", "--help"],
        ["new", "--help"],
        ["plugins", "check", "--help"],
        ["prepare", "--help"],
        ["train", "--help"],
    ],
)
def test_start_up_imports_nothing_heavy(site: Path, checkpoint_root: Path, arguments: list[str]) -> None:
    write_distribution(site, "light", "light_plugin", source=LIGHT)
    code = (
        "import sys; from dh.cli import run_command; "
        f"assert run_command({arguments!r}) == 0; "
        f"loaded = sorted(set({HEAVY!r}) & set(sys.modules)); print(loaded, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "light" in done.stdout or "--help" in arguments
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_every_public_name_is_imported_for_type_checkers() -> None:
    tree = ast.parse(Path(dh.__file__).read_text(encoding="utf-8"))
    typed = {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.If)
        for statement in node.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
        if alias.asname
    }
    assert typed == set(dh.__all__)


@pytest.mark.parametrize("name", dh.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(dh, name)
    if callable(value) and typing.get_origin(value) is None:  # an alias of a type has no room for words
        assert value.__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        _ = dh.runn
