"""What is compared on what, checked as far as it can be without looking into a file or a plugin."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from dh.comparison.manifest import Manifest
from dh.comparison.variant import Variant, parse_variant
from dh.errors import OptionError
from dh.mode import Mode
from dh.session import stall_seconds

PathLike = str | os.PathLike[str]

Again = Literal["failed", "all"]
"""Which cells that an earlier call ended are tried again: those that are not done, or every one."""


@dataclass(frozen=True)
class InputPair:
    """What every variant is given: a person and speech; and what its video is measured against, where there is that."""

    source: Path
    audio: Path
    reference: Path | None = None


@dataclass(frozen=True)
class ComparisonRequest:
    """What to compare, on what, and how.

    Args:
        variants: to compare; at least one, with titles that differ.
        pairs: of source and audio, in order; at least one, each once.
        output: folder of the report.
        title: of the report.
        options: of every variant's components by key; a variant's own win.
        mode: "offline", "online", or None: what the driver's options say.
        seed: of every random choice.
        fps: frames per second; None: each method's own.
        device: to run on.
        commercial_only: refuse what does not allow commercial use.
        metrics: names of those to measure; None: every one that can run here, empty: none.
        jobs: processes at a time, as far as memory allows.
        memory_mib: that a cell's processes may take together; None: nearly all that the machine has left.
        timeout: seconds without progress after which a cell counts as hung; default: as any run's stages, 120.
        again: which cells are tried again.
    """

    variants: tuple[Variant, ...]
    pairs: tuple[InputPair, ...]
    output: Path
    title: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    mode: Mode | None = None
    seed: int = 0
    fps: float | None = None
    device: str = "auto"
    commercial_only: bool = False
    metrics: tuple[str, ...] | None = None
    jobs: int = 1
    memory_mib: float | None = None
    timeout: float = field(default_factory=stall_seconds)
    again: Again = "failed"

    def __post_init__(self) -> None:
        titles = [variant.title for variant in self.variants]
        twice = next((title for title in titles if titles.count(title) > 1), None)
        if not titles:
            raise OptionError("--methods is missing; 'dh methods' lists them")
        if twice is not None:
            raise OptionError(f"--methods: {twice} is named twice; leave one out, or give one a label in a manifest")
        if not self.pairs:
            raise OptionError("--source and --audio are missing; give a person and speech, or a --manifest of them")
        inputs = [(pair.source, pair.audio) for pair in self.pairs]
        doubled = next((pair for pair in inputs if inputs.count(pair) > 1), None)
        if doubled is not None:
            raise OptionError(f"{doubled[0]} and {doubled[1]} are paired twice; give one reference for them")
        if self.jobs < 1:
            raise OptionError(f"--jobs {self.jobs}: give 1 or more processes")
        if self.timeout <= 0:
            raise OptionError(f"--timeout {self.timeout:g}: give seconds above 0")
        if self.memory_mib is not None and self.memory_mib <= 0:
            raise OptionError(f"--memory {self.memory_mib / 1024:g}: give GiB above 0")
        if self.again not in ("failed", "all"):
            raise OptionError(f"--again {self.again}: give failed or all")


def request_from(
    variants: Sequence[str | Variant] | None,
    manifest: Manifest | None,
    *,
    output: PathLike,
    sources: Sequence[PathLike] | None = None,
    audios: Sequence[PathLike] | None = None,
    references: Sequence[PathLike | None] | None = None,
    **settings: Any,
) -> ComparisonRequest:
    """What the user asks for, by arguments or by a manifest; settings that are None are left to their defaults.

    Args:
        variants: as text or made; None: the manifest's.
        manifest: what else is compared on what.
        output: folder of the report.
        sources: pictures and videos; each is joined with every audio.
        audios: speech.
        references: ground-truth videos, None where there is none: one for each pair, the first source's first.
        settings: other fields of ``ComparisonRequest``.

    Raises:
        OptionError: something is missing, contradictory or out of range.
    """
    if manifest is not None and (sources or audios or references):
        raise OptionError("--manifest names the inputs; leave out --source, --audio and --reference")
    own = Manifest.model_validate({}) if manifest is None else manifest
    made = [parse_variant(variant) if isinstance(variant, str) else variant for variant in variants or own.variants()]
    pairs = own.pairs_in_full() if manifest is not None else _product(sources or (), audios or (), references or ())
    given = {name: value for name, value in settings.items() if value is not None}
    options = {**own.options, **given.pop("options", {})}
    merged = {**own.settings(), **given}
    unique = tuple(dict.fromkeys(InputPair(source, audio, reference) for source, audio, reference in pairs))
    return ComparisonRequest(tuple(made), unique, Path(output), options=options, **merged)


def _product(
    sources: Sequence[PathLike], audios: Sequence[PathLike], references: Sequence[PathLike | None]
) -> list[tuple[Path, Path, Path | None]]:
    for what, given in (("--source", sources), ("--audio", audios)):
        if not given:
            raise OptionError(f"{what} is missing; give one or more, or a --manifest of them")
    pairs = list(itertools.product(sources, audios))
    if references and len(references) != len(pairs):
        raise OptionError(
            f"--reference: {len(references)} for {len(pairs)} pairs of source and audio; give one for each pair, the "
            "first source's first, or a --manifest"
        )
    aligned = references or [None] * len(pairs)
    return [
        (Path(source), Path(audio), None if reference is None else Path(reference))
        for (source, audio), reference in zip(pairs, aligned, strict=True)
    ]
