"""Commands as a test gives them, and what they say."""

from __future__ import annotations

import pytest

from dh.cli import run_command


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> tuple[str, str]:
    """Standard output and standard error."""
    assert run_command(list(arguments)) == status
    return capsys.readouterr()


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 2) -> str:
    """The one line of an error."""
    out, error = said(capsys, *arguments, status=status)
    assert out == ""
    assert error.count("\n") == 1
    return error.removeprefix("dh: ").removesuffix("\n")
