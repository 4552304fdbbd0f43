"""Identifiers made of whatever names the user's methods and files have."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence

LONGEST = 40
"""Characters of an identifier's readable part."""

_OTHERS = re.compile(r"[^a-z0-9_]+")
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
"""Names that Windows keeps for devices, whatever their ending."""


def identifiers(names: Sequence[str]) -> list[str]:
    """One identifier for each name: a-z, 0-9, "_" and single "-" inside, never empty, all different.

    It is safe as a file name on every system, and holds no "--", so identifiers can be joined with that. A name keeps
    its identifier when others are added after it.
    """
    taken = set(_RESERVED)
    chosen = []
    for name in names:
        readable = _OTHERS.sub("-", unicodedata.normalize("NFKD", name).lower())[:LONGEST].strip("-")
        identifier, attempt = readable, 0
        while not identifier or identifier in taken:
            digest = hashlib.sha256(f"{attempt} {name}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
            identifier, attempt = f"{readable}-{digest}".strip("-"), attempt + 1
        taken.add(identifier)
        chosen.append(identifier)
    return chosen
