"""Manifests: what is compared on what, as a YAML or CSV file."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dh.comparison.variant import Variant, parse_variant
from dh.errors import InputError, OptionError
from dh.mode import Mode
from dh.options import explain_validation
from dh.text import nearest, one_line


class ManifestVariant(BaseModel):
    """A variant as a mapping; its fields are those of ``Variant``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str
    profile: str | None = None
    driver: str | None = None
    renderer: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    label: str = ""


class ManifestPair(BaseModel):
    """A person and speech, and a ground-truth video where there is one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Path
    audio: Path
    reference: Path | None = None


class Manifest(BaseModel):
    """What a manifest may hold. Paths are relative to the manifest's folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str | None = Field(None, description="of the report")
    methods: list[str | ManifestVariant] = Field([], description="variants, as --methods writes them or as mappings")
    sources: list[Path] = Field([], description="pictures and videos, each joined with every audio")
    audios: list[Path] = Field([], description="speech, each joined with every source")
    pairs: list[ManifestPair] = Field([], description="single pairs of source, audio and perhaps reference")
    options: dict[str, Any] = Field({}, description="options of every variant's components, as --set gives them")
    mode: Mode | None = Field(None, description="offline or online")
    seed: int | None = Field(None, ge=0, lt=2**63, description="of every random choice")
    fps: float | None = Field(None, ge=1, le=120, description="frames per second")
    device: str | None = Field(None, description="auto, cpu, cuda, cuda:N or mps")
    metrics: list[str] | None = Field(None, description="names of the metrics to measure; [] for none")

    def variants(self) -> list[Variant]:
        """The variants, made.

        Raises:
            OptionError: one is not written as it must be.
        """
        return [
            parse_variant(method) if isinstance(method, str) else Variant(**method.model_dump())
            for method in self.methods
        ]

    def pairs_in_full(self) -> list[tuple[Path, Path, Path | None]]:
        """Source, audio and reference of every pair: the product of sources and audios, then the single ones."""
        product = [(source, audio, None) for source, audio in itertools.product(self.sources, self.audios)]
        return [*product, *((pair.source, pair.audio, pair.reference) for pair in self.pairs)]

    def settings(self) -> dict[str, Any]:
        """Fields of a request that the manifest sets."""
        chosen = {name: getattr(self, name) for name in ("title", "mode", "seed", "fps", "device")}
        metrics = None if self.metrics is None else tuple(self.metrics)
        return {name: value for name, value in {**chosen, "metrics": metrics}.items() if value is not None}


def read_manifest(path: Path) -> Manifest:
    """Reads a manifest: YAML, or CSV with the columns source, audio and perhaps reference, one pair a row.

    Raises:
        InputError: it cannot be read, or is neither.
        OptionError: an unknown key or column, or a value of the wrong kind.
    """
    reader = {".csv": _read_csv, ".yaml": _read_yaml, ".yml": _read_yaml}.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"--manifest {path}: end its name in .yaml or .csv")
    try:
        data = reader(path)
    except FileNotFoundError:
        raise InputError(f"--manifest {path}: no such file; check the name") from None
    except (OSError, UnicodeDecodeError, csv.Error, yaml.YAMLError) as error:
        raise InputError(f"--manifest {path}: not readable ({one_line(error)}); save it as UTF-8 text") from error
    for key in data:
        if key not in Manifest.model_fields:
            raise OptionError(f"--manifest {path}: unknown key {key!r}{nearest(str(key), Manifest.model_fields)}")
    try:
        manifest = Manifest(**data)
    except ValidationError as error:
        where, message = explain_validation(error)
        raise OptionError(f"--manifest {path}: {where}: {message}") from error
    if bool(manifest.sources) != bool(manifest.audios):
        there, other = ("sources", "audios") if manifest.sources else ("audios", "sources")
        raise OptionError(f"--manifest {path}: has {there} but no {other}; each source is joined with every audio")
    if not (manifest.sources or manifest.pairs):
        raise OptionError(f"--manifest {path}: names no inputs; add sources and audios, or pairs")
    folder = path.parent
    return manifest.model_copy(
        update={
            "sources": _below(folder, manifest.sources),
            "audios": _below(folder, manifest.audios),
            "pairs": [
                ManifestPair(
                    source=folder / pair.source,
                    audio=folder / pair.audio,
                    reference=None if pair.reference is None else folder / pair.reference,
                )
                for pair in manifest.pairs
            ],
        }
    )


def _below(folder: Path, paths: Sequence[Path]) -> list[Path]:
    return [folder / path for path in paths]


def _read_yaml(path: Path) -> dict[str, Any]:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise InputError(f"--manifest {path}: expected keys such as 'methods:', 'sources:' and 'audios:'")
    return data


def _read_csv(path: Path) -> dict[str, Any]:
    columns = ManifestPair.model_fields
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, skipinitialspace=True)
        for column in rows.fieldnames or ():
            if column not in columns:
                raise OptionError(f"--manifest {path}: unknown column {column!r}{nearest(column, columns)}")
        if not {"source", "audio"} <= set(rows.fieldnames or ()):
            raise OptionError(f"--manifest {path}: needs the columns source and audio in its first line")
        pairs = []
        for row in rows:
            values = {column: value for column, value in row.items() if value}
            if None in row or not {"source", "audio"} <= set(values):
                raise OptionError(
                    f"--manifest {path}: line {rows.line_num}: give a source and an audio, as the columns say"
                )
            pairs.append(values)
    return {"pairs": pairs}
