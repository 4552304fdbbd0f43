"""Puts a comparison's results, the style and the script into one HTML file."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import shlex
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from dh.files import whole_file

PAGE = "index.html"

_SCRIPTS = ("dom", "numbers", "follower", "player", "videos", "table", "copying", "panel", "plots", "stages", "page")
"""In this order they are one script."""

_USE_TEXT = {"allowed": "commercial use allowed", "refused": "no commercial use"}


def write_page(results: Mapping[str, Any], folder: Path) -> Path:
    """Writes ``index.html``, whole or not at all.

    The page holds all that it shows but videos, sound and pictures, which it finds by their paths relative to the
    folder. It asks nothing of any other place: its content security policy allows the scripts and styles in it by their
    hashes, and media beside it. Whatever the results say is shown as text.

    Args:
        results: as ``results.json`` holds them; "command", where it is given, is shown as what makes them again.
        folder: of the report.

    Returns:
        The page's path.

    Raises:
        InputError: it cannot be written.
    """
    style = _read("style.css")
    script = "(() => {\n'use strict';\n" + "\n".join(_read(f"js/{name}.js") for name in _SCRIPTS) + "})();\n"
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(
        plain=_plain, use_text=lambda use: _USE_TEXT.get(use, "commercial use unknown"), use_class=_use_class
    )
    page = environment.from_string(_read("template.html")).render(
        results=results,
        failed=[cell for cell in results["cells"] if cell["state"] != "done"],
        labels={variant["id"]: variant["label"] for variant in results["variants"]},
        paths={item["id"]: Path(item["path"]).name for item in (*results["sources"], *results["audios"])},
        created=_date(results.get("created") or ""),
        command=results.get("command") or _command(results),
        data=_data(results),
        style=Markup(style),
        script=Markup(script),
        policy=_policy(script, style),
    )
    target = folder / PAGE
    with whole_file(target) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")
    return target


def _read(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _data(results: Mapping[str, Any]) -> Markup:
    """JSON that no HTML parser takes for markup, with null for what is no finite number."""
    text = json.dumps(_finite(results), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _policy(script: str, style: str) -> str:
    """Nothing but what is in the page and beside it; "file:" is what 'self' does not cover without a server."""
    beside = "'self' file: data:"
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        f"img-src {beside}; media-src {beside}; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _command(results: Mapping[str, Any]) -> str:
    """The call of ``dh compare`` with the same variants and inputs."""
    words = ["dh", "compare", "--methods", ",".join(variant["label"] for variant in results["variants"])]
    for name, kind in (("--source", "sources"), ("--audio", "audios")):
        for item in results[kind]:
            words += [name, str(item["path"])]
    return f"{shlex.join(words)} -o report/"


def _date(text: str) -> str:
    try:
        return datetime.fromisoformat(text).strftime("%d %B %Y, %H:%M %Z").strip()
    except ValueError:
        return text


def _plain(value: Any) -> str:
    """A value of JSON as a reader expects it."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_plain, value))
    if value is None:
        return "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _use_class(use: str) -> str:
    return {"allowed": "good", "refused": "bad"}.get(use, "unsure")
