"""Starting is cheap, and the public surface is complete."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import dh

HEAVY = ("torch", "cv2", "mediapipe", "numpy", "pydantic", "av", "PIL", "huggingface_hub")


@pytest.mark.parametrize("arguments", [["--help"], ["methods"], ["methods", "--json"], ["plugins"]])
def test_start_up_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from dh.cli import run_command; "
        f"assert run_command({arguments!r}) == 0; "
        f"loaded = sorted(set({HEAVY!r}) & set(sys.modules)); print(loaded, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
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
    if callable(value):
        assert value.__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        _ = dh.runn
