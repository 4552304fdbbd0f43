"""The documentation is true: reference pages are what the code says, links lead somewhere, commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from dh.cli.app import build_app
from dh.cli.reference import command_reference, control_reference, method_reference
from dh.registry import installed
from samples import ROOT

PAGES = sorted(
    [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*.md")]
)


def test_the_command_reference_is_current() -> None:
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == command_reference(), "run script/docs"


def test_the_control_reference_is_current() -> None:
    assert (ROOT / "docs" / "controls.md").read_text(encoding="utf-8") == control_reference(), "run script/docs"


@pytest.mark.parametrize("method", installed().methods)
def test_the_method_reference_is_current(method: str) -> None:
    page = ROOT / "docs" / "methods" / f"{method}.md"
    assert page.read_text(encoding="utf-8") == method_reference(method), "run script/docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def known_options() -> dict[str, set[str]]:
    """Options by command path."""
    options: dict[str, set[str]] = {}

    def visit(path: str, command: object) -> None:
        options[path] = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}  # type: ignore[attr-defined]
        for name, child in getattr(command, "commands", {}).items():
            visit(f"{path} {name}".strip(), child)

    visit("", typer.main.get_command(build_app()))
    return options


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_the_docs_exist(page: Path) -> None:
    known = known_options()
    text = re.sub(r"\\\n\s*", " ", page.read_text(encoding="utf-8"))
    for line in re.findall(r"^\s*(?:\$ )?\.?/?dh ((?:[a-z-]+).*)$", text, re.MULTILINE):
        words = line.split(" #")[0].split()
        if words[0] == "setup":  # the launcher's own
            continue
        path = words[0] if " ".join(words[:2]) not in known else " ".join(words[:2])
        assert path in known, line
        for word in words:
            if re.match(r"--?[a-z]", word):
                assert word.split("=")[0] in known[path] | known[""] | {"--help"}, line
