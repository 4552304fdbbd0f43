"""Writes the reference pages of the docs from the commands and options themselves, so that they cannot differ."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import Enum
from typing import Any


def command_reference() -> str:
    """``docs/cli.md``: every command with its arguments and options, as Markdown."""
    import typer.main

    from dh.cli.app import build_app

    lines = [
        "# The `dh` command",
        "",
        "Written by `script/docs` from the command itself; a test keeps it so. In a checkout the command is `./dh`.",
        "",
        "| exit status | means |",
        "|---|---|",
        "| 0 | done |",
        "| 1 | a method failed, or `dh doctor` found something broken |",
        "| 2 | an option or input file cannot be used; the message names it and the remedy |",
        "| 3 | this machine lacks packages, weights or a device; the message names the command that adds them |",
        "| 130 | interrupted |",
        "",
        "`--debug` before or after any command shows the traceback of an error.",
    ]
    for name, command in _commands("dh", typer.main.get_command(build_app())):
        lines += ["", f"## `{name}`", "", *_describe(command)]
    return "\n".join(lines) + "\n"


def control_reference() -> str:
    """``docs/controls.md``: every per-frame control, as Markdown."""
    from dh.controls import CONTROL_FIELDS

    lines = [
        "# Controls",
        "",
        "Written by `script/docs` from the controls themselves; a test keeps it so.",
        "",
        "`dh run --controls FILE` changes any method's motion frame by frame, whichever driver made it. The file holds",
        "keyframes: CSV with a header row, or a list of mappings in JSON or YAML. `time` is in seconds; each control",
        "is interpolated linearly between the keyframes that name it and held before the first and after the last.",
        "",
        "| control | neutral | range | unit | meaning |",
        "|---|---|---|---|---|",
    ]
    for name, control in CONTROL_FIELDS.items():
        span = f"{control.low:g} to {control.high:g}"
        lines.append(f"| `{name}` | {control.neutral:g} | {span} | {control.unit} | {control.doc} |")
    return "\n".join([*lines, *_control_pictures()]) + "\n"


def _control_pictures() -> list[str]:
    """The rows of pictures that a checkout's ``docs/make_pictures.py`` has made, with its captions."""
    from dh.home import checkout

    root = checkout()
    if root is None:
        return []
    folder = "images/controls"
    captions = json.loads((root / "docs" / folder / "captions.json").read_text(encoding="utf-8"))
    lines = ["", "## What they look like", "", "Frames made from the example portrait by `docs/make_pictures.py`."]
    for file, caption in captions.items():
        lines += ["", caption, "", f"![{caption.replace('`', '')}]({folder}/{file})"]
    return lines


def method_reference(name: str) -> str:
    """``docs/methods/NAME.md``: a method's profiles, components, licences and options, as Markdown."""
    from dh.describe import describe_method
    from dh.registry import installed

    spec = installed().method(name)
    lines = [
        f"# `{name}`: {spec.summary}",
        "",
        f"Written by `script/docs` from what `dh methods show {name}` shows; a test keeps it so.",
    ]
    if spec.training is not None:
        lines += ["", f"Training: `dh prepare {name}` makes data, `dh train {name}` weights from them."]
    if not spec.profiles:
        return "\n".join([*lines, *_component_lines(describe_method(name)["components"], "##")]) + "\n"
    lines += ["", "Without `--profile` a run takes the first of these whose weights are here, and else the last.", ""]
    lines += ["| `--profile` | is |", "|---|---|"]
    lines += [f"| `{profile.name}` | {profile.summary} |" for profile in spec.profiles]
    for profile in spec.profiles:
        lines += ["", f"## profile `{profile.name}`"]
        lines += _component_lines(describe_method(name, profile=profile.name)["components"], "###")
    return "\n".join(lines) + "\n"


def _component_lines(components: list[dict[str, Any]], heading: str) -> list[str]:
    lines: list[str] = []
    for component in components:
        lines += [
            "",
            f"{heading} {component['role']}: `{component['name']}`",
            "",
            f"{component['summary'][0].upper()}{component['summary'][1:]}.",
            f"{component['meets'][0].upper()}{component['meets'][1:]}.",
            f"Licence: {component['licence']}; commercial use {component['commercial']}.",
            f"Devices: {', '.join(component['devices'])}.",
        ]
        if component["checkpoints"]:
            names = (f"`{checkpoint['name']}` ({checkpoint['need']})" for checkpoint in component["checkpoints"])
            lines += [f"Weights: {', '.join(names)}."]
        if component["options"]:
            lines += ["", "| `--set` | type | default | range | meaning |", "|---|---|---|---|---|"]
            lines += [
                f"| {_option_names(row)} | {_cell(row['type'])} | {row['default']} | {row['range']} | {row['help']} |"
                for row in component["options"]
            ]
    return lines


def _option_names(row: dict[str, Any]) -> str:
    """An option's key and the further names that it has."""
    return ", ".join(f"`{name}`" for name in (row["key"], *row["aliases"]))


def _commands(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from _commands(f"{path} {name}", child)


def _describe(command: Any) -> list[str]:
    lines = [" ".join((command.help or "").split())]
    rows = [
        f"| {_names(parameter)} | {_cell(' '.join((getattr(parameter, 'help', None) or '').split()))} |"
        for parameter in command.params
        if parameter.name not in ("install_completion", "show_completion", "help")
    ]
    if rows:
        lines += ["", "| option | meaning |", "|---|---|", *rows]
    return lines


def _names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.name.upper()}`"
    names = ", ".join(f"`{name}`" for name in parameter.opts)
    default = parameter.default.value if isinstance(parameter.default, Enum) else parameter.default
    shown = "" if default in (None, False, [], ()) or callable(default) else f" (default {default})"
    return f"{names}{shown}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
