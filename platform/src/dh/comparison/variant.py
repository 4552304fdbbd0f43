"""One of the things that are compared: a method, perhaps with another profile, driver, renderer or options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dh.errors import OptionError

_TEXT = re.compile(
    r"(?P<method>[\w.-]+)(?:@(?P<profile>[\w.-]+))?(?:\+(?P<driver>[\w.-]+))?(?:/(?P<renderer>[\w.-]+))?"
    r"(?::(?P<options>.*))?\Z",
    re.DOTALL,
)
_SETTING = re.compile(r"\s*[\w.-]+\s*=")
_OPEN, _CLOSE, _QUOTES = "[{(", "]})", "\"'"

WRITING = "METHOD[@PROFILE][+DRIVER][/RENDERER][:KEY=VALUE,...], for example ditto:emotion=happy"


@dataclass(frozen=True)
class Variant:
    """A method as it is compared.

    Args:
        method: to run.
        profile: of the method; None: the best whose weights are here.
        driver: in place of the method's own.
        renderer: in place of the method's own.
        options: of its components by key, as ``--set`` takes them.
        label: how people see it; empty: as it would be written on the command line.
    """

    method: str
    profile: str | None = None
    driver: str | None = None
    renderer: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""

    def __str__(self) -> str:
        """As it is written on the command line."""
        profile = f"@{self.profile}" if self.profile else ""
        driver = f"+{self.driver}" if self.driver else ""
        renderer = f"/{self.renderer}" if self.renderer else ""
        options = ",".join(f"{key}={value}" for key, value in self.options.items())
        return f"{self.method}{profile}{driver}{renderer}{f':{options}' if options else ''}"

    @property
    def title(self) -> str:
        """The label, or the variant as it is written."""
        return self.label or str(self)


def parse_variant(text: str) -> Variant:
    """A variant as the command line writes it: ``ditto@starter+viseme/face-mesh:emotion=happy,gain=2``.

    Raises:
        OptionError: it is not written so.
    """
    match = _TEXT.match(text.strip())
    if match is None:
        raise OptionError(f"--methods {text}: write {WRITING}")
    options = {}
    for setting in _split(match["options"] or ""):
        key, sign, value = setting.partition("=")
        if not sign or not key.strip():
            raise OptionError(f"--methods {text}: option {setting!r} has no value; write {WRITING}")
        options[key.strip()] = value.strip()
    return Variant(match["method"], match["profile"], match["driver"], match["renderer"], options)


def split_variants(text: str) -> list[str]:
    """Cuts ``ditto:steps=10,emotion=happy,face-mesh`` into variants: ``KEY=VALUE`` goes on with the one before."""
    found: list[str] = []
    for part in _split(text):
        if found and _SETTING.match(part):
            found[-1] += f",{part}"
        else:
            found.append(part)
    return found


def _split(text: str) -> Iterator[str]:
    """Parts between commas that stand in no brackets and no quotes; empty ones are left out."""
    depth, quote, part = 0, "", ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in _QUOTES:
            quote = character
        elif character in _OPEN:
            depth += 1
        elif character in _CLOSE:
            depth -= 1
        elif character == "," and depth <= 0:
            if part.strip():
                yield part.strip()
            part = ""
            continue
        part += character
    if part.strip():
        yield part.strip()
