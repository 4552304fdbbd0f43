"""Finds the files of a folder of weights: the published repository or a part of it, or this project's own layout."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import dh
from dh_ditto.weights.configuration import (
    CONFIG_NAME,
    Configuration,
    WeightsFile,
    read_published,
    read_weights_file,
    select,
)

Format = Literal["safetensors", "pytorch", "onnx", "tensorrt", "task"]
Backend = Literal["torch", "onnx", "tensorrt"]

NETWORKS = ("appearance_extractor", "motion_extractor", "stitch_network", "warp_network", "decoder", "lmdm")
"""The networks of Ditto itself."""

AUXILIARY = (
    "hubert",
    "wavlm",
    "insightface_det",
    "landmark106",
    "landmark203",
    "blaze_face",
    "face_mesh",
    "face_landmarker",
)
"""Third parties' networks that come along: speech features, face detection and landmarks."""

READS: Mapping[Backend, tuple[Format, ...]] = {
    "torch": ("safetensors", "pytorch"),
    "onnx": ("onnx",),
    "tensorrt": ("tensorrt", "onnx"),
}
"""Formats that a backend takes, best first."""

REMEDY = "pull the published weights, or make untrained ones with 'dh checkpoints init'"

_STEMS = {"lmdm": "lmdm_v0.4_hubert"}
_SUFFIXES: Mapping[Format, tuple[str, ...]] = {
    "safetensors": (".safetensors",),
    "pytorch": (".pth",),
    "onnx": (".onnx",),
    "tensorrt": ("_fp16.engine", "_fp32.engine"),
}
_FURTHER_NAMES: Mapping[str, tuple[tuple[Format, str], ...]] = {
    # The plain file of the warp network needs a plug-in of TensorRT's; this one does not.
    "warp_network": (("onnx", "warp_network_ori.onnx"),),
    "hubert": (("onnx", "hubert_streaming_fix_kv.onnx"),),
    "insightface_det": (("onnx", "det_10g.onnx"),),
    "landmark106": (("onnx", "2d106det.onnx"),),
    "face_landmarker": (("task", "face_landmarker.task"),),
}
_PARTS = ("ditto_pytorch", "models", "aux_models", "ditto_onnx", "ditto_trt*")
_SAMPLES, _SAMPLE_SIZE = 16, 1 << 16
"""Pieces that identify a file, and their bytes: from its header to the checksums at the end of a zip archive."""


@dataclass(frozen=True)
class Weights:
    """What a folder of weights holds.

    Args:
        folder: as the user gave it.
        files: of each network that is there, by format.
        about: what the folder says of itself; of a published one, its configurations.
    """

    folder: Path
    files: Mapping[str, Mapping[Format, Path]]
    about: WeightsFile = field(default_factory=WeightsFile)

    @property
    def format(self) -> Format:
        """The best format that all of Ditto's networks are there in, else the best that any of them is in."""
        formats: tuple[Format, ...] = ("safetensors", "pytorch", "onnx", "tensorrt")
        counts = {form: sum(form in self.files.get(name, {}) for name in NETWORKS) for form in formats}
        return max(formats, key=lambda form: counts[form])

    @property
    def untrained(self) -> int | None:
        """Seed of weights that were never trained; None for real ones."""
        return self.about.untrained

    @property
    def backends(self) -> tuple[Backend, ...]:
        """Backends that find all of Ditto's networks here."""
        return tuple(backend for backend in READS if not self.missing(backend))

    def missing(self, backend: Backend) -> tuple[str, ...]:
        """Ditto's networks that a backend does not find here."""
        return tuple(name for name in NETWORKS if not set(READS[backend]) & set(self.files.get(name, {})))

    def configuration(self, online: bool = False) -> Configuration:
        """The published configuration for streaming or for whole clips."""
        return select(self.about.configurations, online)

    def path(self, network: str, *formats: Format) -> Path:
        """The file of a network, in the first of ``formats`` (none: any) that it is there in.

        Raises:
            CheckpointMissing: it is not there, empty or not the file itself but a pointer to it.
        """
        found = self.files.get(network, {})
        path = next((found[form] for form in formats or tuple(found) if form in found), None)
        if path is None:
            names = " or ".join(name for form, name in _names(network) if not formats or form in formats)
            raise dh.CheckpointMissing(f"{self.folder}: no {names}, which holds the network {network!r}; {REMEDY}")
        _check_present(path)
        return path

    def has(self, network: str, *formats: Format) -> bool:
        """Whether a network is there in one of the formats, or in any if none is given."""
        found = self.files.get(network, {})
        return any(form in found for form in formats) if formats else bool(found)

    @functools.cached_property
    def identity(self) -> str:
        """16 hexadecimal digits that tell these weights from others: names and fingerprints of all files."""
        digest = hashlib.sha256()
        for network, forms in sorted(self.files.items()):
            for form, path in sorted(forms.items()):
                digest.update(f"{network} {form} {path.name} {fingerprint(path)}\n".encode())
        return digest.hexdigest()[:16]


def find(folder: str | Path) -> Weights:
    """Looks through a folder of weights; reads names, and of its own the small configuration files.

    Args:
        folder: the published repository as it is pulled; its ``ditto_pytorch``, ``ditto_onnx`` or ``ditto_trt_*``, or
            ``models`` within; or a folder that ``convert``, ``initialise`` or ``export`` made.

    Raises:
        CheckpointMissing: there is no such folder, or no weights in it.
        InputError: it is a file, or its configuration is unusable.
    """
    folder = Path(folder)
    if folder.is_file():
        raise dh.InputError(f"weights {folder}: is a file; give the folder that holds all networks")
    if not folder.is_dir():
        raise dh.CheckpointMissing(f"weights {folder}: no such folder; {REMEDY}")
    if (folder / CONFIG_NAME).is_file():
        about, places = read_weights_file(folder), [folder]
    else:
        about, places = WeightsFile(configurations=_published_configurations(folder)), list(_published_places(folder))
    files = {network: forms for network in (*NETWORKS, *AUXILIARY) if (forms := _find_network(network, places))}
    if not any(network in files for network in NETWORKS):
        raise dh.CheckpointMissing(f"weights {folder}: holds none of Ditto's networks; {REMEDY}{_strangers(folder)}")
    return Weights(folder, files, about)


def fingerprint(path: Path) -> str:
    """16 hexadecimal digits that tell a file of weights from others: its size, and pieces from its start to its end."""
    size = path.stat().st_size
    digest = hashlib.sha256(f"{size}\n".encode())
    with path.open("rb") as file:
        for i in range(_SAMPLES):
            file.seek(max(size - _SAMPLE_SIZE, 0) * i // (_SAMPLES - 1))
            digest.update(file.read(_SAMPLE_SIZE))
    return digest.hexdigest()[:16]


def file_name(network: str, form: Format) -> str:
    """The first of the names that a network's file may have."""
    return next(name for candidate, name in _names(network, further_first=False) if candidate == form)


def _names(network: str, further_first: bool = True) -> list[tuple[Format, str]]:
    stem = _STEMS.get(network, network)
    names = [(form, stem + suffix) for form, suffixes in _SUFFIXES.items() for suffix in suffixes]
    further = list(_FURTHER_NAMES.get(network, ()))
    return [*further, *names] if further_first else [*names, *further]


def _find_network(network: str, places: list[Path]) -> dict[Format, Path]:
    found: dict[Format, Path] = {}
    for place in places:
        for form, name in _names(network):
            if form not in found and (place / name).is_file():
                found[form] = place / name
    return found


def _published_places(folder: Path) -> Iterator[Path]:
    yield folder
    for part in _PARTS:
        for path in sorted(folder.glob(part)):
            yield path
            yield from (path / below for below in ("models", "aux_models"))
    if folder.name == "models":
        yield folder.parent / "aux_models"


def _published_configurations(folder: Path) -> dict[str, Configuration]:
    """Those of ``ditto_cfg`` in the repository that the folder is, or is a part of."""
    inside = any(folder.match(part) for part in _PARTS)
    for above in (folder, *(list(folder.absolute().parents)[:2] if inside else [])):
        paths = sorted((above / "ditto_cfg").glob("*.pkl"))
        if paths:
            return {path.stem: read_published(path) for path in paths}
    return {}


def _check_present(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        raise dh.InputError(f"{path}: {(error.strerror or str(error)).lower()}; check its permissions") from error
    if not start:
        raise dh.CheckpointMissing(f"{path}: the file is empty; pull the checkpoint again")
    if start.startswith(b"version https://git-lfs"):
        raise dh.CheckpointMissing(f"{path}: a Git LFS pointer, not the weights; run 'git lfs pull' in its repository")


def _strangers(folder: Path) -> str:
    """Files that look like weights under names that are not known, to help whoever renamed one."""
    suffixes = {".pth", ".pt", ".safetensors", ".onnx", ".engine"}
    names = sorted(path.name for path in folder.iterdir() if path.suffix in suffixes)[:3]
    expected = file_name(NETWORKS[0], "pytorch")
    return f" (unknown: {', '.join(names)}; names are like {expected})" if names else ""
