"""Sentences of the project's own making, without end: small grammars with word lists, one for each language.

A grammar is a YAML file of rules: a rule's name and its alternatives. ``{rule}`` in an alternative stands for one of
that rule's; ``{number}`` for digits and ``{name}`` for a made-up name. ``sentence`` is where it begins, and ``join``
says how sentences follow each other.
"""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Mapping, Sequence
from importlib import resources
from types import MappingProxyType

import numpy as np
import yaml

_SLOT = re.compile(r"\{(\w+)\}")
_HELD_OUT_ONE_IN = 7
_HELD_OUT_LIST = 8
"""Every seventh alternative, by its checksum, is kept for validation in lists at least this long."""

_ONSETS = ("b", "p", "m", "f", "v", "w", "d", "t", "n", "l", "s", "sh", "k", "g", "r", "br", "pl", "st", "ch", "j")
_NUCLEI = ("a", "e", "i", "o", "u", "oo", "ee", "ai", "o", "a")
_TRIES = 200


@functools.cache
def grammar(language: str) -> Mapping[str, Sequence[str]]:
    """Rules of a language's grammar, by the first part of its tag: "pt" for "pt-br"."""
    file = resources.files("dh_ditto.synthesis") / "grammars" / f"{language.partition('-')[0]}.yaml"
    rules = yaml.safe_load(file.read_text(encoding="utf-8"))
    return MappingProxyType({name: tuple(map(str, alternatives)) for name, alternatives in rules.items()})


def languages() -> list[str]:
    """Languages that have a grammar."""
    folder = resources.files("dh_ditto.synthesis") / "grammars"
    return sorted(file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml"))


class Sentences:
    """Sentences of a language.

    Args:
        language: a tag of eSpeak NG whose first part has a grammar.
        held_out: whether they are for validation. Each of those holds a word or phrase that no other sentence has, so
            that the two sets never share a sentence.
    """

    def __init__(self, language: str, *, held_out: bool = False) -> None:
        self._rules = grammar(language)
        self._held_out = held_out

    def sentence(self, rng: np.random.Generator) -> str:
        """The next one, as chance has it."""
        for _ in range(_TRIES):
            text, novel = self._expand("sentence", rng)
            if novel or not self._held_out:
                return text[:1].upper() + text[1:]
        raise AssertionError("no sentence of this grammar holds a held-out word")

    def paragraph(self, rng: np.random.Generator, sentences: int) -> str:
        """Several sentences in a row."""
        (glue,) = self._rules["join"]
        return glue.join(self.sentence(rng) for _ in range(sentences))

    def _expand(self, rule: str, rng: np.random.Generator) -> tuple[str, bool]:
        """A text for a rule, and whether something in it is held out."""
        if rule == "number":
            return _number(rng), False
        if rule == "name":
            return _name(rng), False
        choices = self._rules[rule]
        chosen = choices[int(rng.integers(len(choices)))]
        novel = False
        if len(choices) >= _HELD_OUT_LIST:
            while is_held_out(chosen) and not self._held_out:
                chosen = choices[int(rng.integers(len(choices)))]
            novel = is_held_out(chosen)
        parts = _SLOT.split(chosen)
        for slot in range(1, len(parts), 2):
            parts[slot], inner = self._expand(parts[slot], rng)
            novel = novel or inner
        return "".join(parts), novel


def is_held_out(alternative: str) -> bool:
    """Whether an alternative of a long list is for validation only."""
    return zlib.crc32(alternative.encode()) % _HELD_OUT_ONE_IN == 0


def _number(rng: np.random.Generator) -> str:
    return str(int(rng.integers(0, 10 ** int(rng.integers(1, 5)))))


def _name(rng: np.random.Generator) -> str:
    syllables = [
        _ONSETS[int(rng.integers(len(_ONSETS)))] + _NUCLEI[int(rng.integers(len(_NUCLEI)))]
        for _ in range(int(rng.integers(2, 4)))
    ]
    return "".join(syllables).capitalize()
