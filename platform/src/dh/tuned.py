"""Configurations that ``dh bench METHOD --tune`` found best on this machine, and what of them a run takes.

They lie in one JSON file of the user's. Each counts for the work and the machine that it was measured with; for any
other it is as if it were not there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from dh.errors import InputError
from dh.files import reason, whole_file
from dh.home import command
from dh.machine import gpus, processor, version_of
from dh.options import locate

if TYPE_CHECKING:
    from dh.registry import Chain

ENVIRONMENT = "DH_TUNED"
"""Variable that names the file in place of the user's own."""

_RUNTIMES = ("torch", "onnxruntime", "onnxruntime-gpu", "tensorrt")


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TunedWork(_Record):
    """What runs must have in common to take the same options.

    Args:
        method: that runs.
        profile: of it, None where it has none.
        components: names of avatar, driver, adapters and renderer.
        device: kind of the best device that one of them runs on.
        weights: folders that the user names, and names of the checkpoints that are there.
    """

    method: str
    profile: str | None
    components: tuple[str, ...]
    device: str
    weights: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        chain: Chain,
        devices: Mapping[str, str],
        weights: Mapping[str, Path],
        checkpoints: Mapping[str, Mapping[str, Path]],
    ) -> TunedWork:
        """The work of a chain with devices, named folders of weights and checkpoints by role."""
        kinds = (device.partition(":")[0] for device in devices.values())
        names = {name for role in checkpoints.values() for name in role}
        return cls(
            method=chain.method.name,
            profile=chain.profile,
            components=tuple(component.name for component in chain.components),
            device=next((kind for kind in kinds if kind not in ("", "cpu")), "cpu"),
            weights=tuple(sorted(names | {str(folder) for folder in weights.values()})),
        )


class Tuning(_Record):
    """What was found best for some work on some machine.

    Args:
        work: that was measured.
        machine: see ``fingerprint``.
        options: the best candidate, by option key.
        frames_per_second: its speed.
        reference: the candidate that it was compared with, itself perhaps.
        reference_frames_per_second: that one's speed.
        created: when, ISO 8601.
    """

    work: TunedWork
    machine: dict[str, Any]
    options: dict[str, Any]
    frames_per_second: float
    reference: dict[str, Any]
    reference_frames_per_second: float
    created: str

    def replacing_defaults(self, chain: Chain, options: Mapping[str, BaseModel]) -> dict[str, dict[str, Any]]:
        """These options by role, or none at all where one that the candidates set was given a value.

        They were measured together: half of them beside a value of the user's may be slow, or impossible.

        Args:
            chain: that runs.
            options: its components', by role, without these.
        """
        keys = {key: None for candidate in chain.candidates for key in candidate}
        for role, found in locate(chain, keys, "candidate ").items():
            if {path.partition(".")[0] for path in found} & options[role].model_fields_set:
                return {}
        return locate(chain, self.options, "tuned option ")

    def replaces(self, other: Tuning) -> bool:
        """Whether the other is of the same work on the same machine, with whatever packages."""
        return self.work == other.work and _hardware(self.machine) == _hardware(other.machine)


class Tunings(_Record):
    """All that is known, of every method."""

    version: Literal[1] = 1
    tunings: tuple[Tuning, ...] = ()

    def of(self, work: TunedWork, chain: Chain) -> Tuning | None:
        """What was tuned for a work on this machine as it is now; None where nothing was."""
        return next((found for found in self.here(chain) if found.work == work), None)

    def here(self, chain: Chain) -> list[Tuning]:
        """What was tuned on this machine as it is now for a chain's method and profile, with whatever weights."""
        same = [t for t in self.tunings if (t.work.method, t.work.profile) == (chain.method.name, chain.profile)]
        return [found for found in same if found.machine == fingerprint(chain, found.work.device)]

    def with_tuning(self, tuning: Tuning) -> Tunings:
        """These and another, which takes the place of what it replaces."""
        kept = [other for other in self.tunings if not tuning.replaces(other)]
        return self.model_copy(update={"tunings": (*kept, tuning)})

    def without(self, method: str, profile: str | None = None) -> Tunings:
        """These without a method's, or without those of one of its profiles."""
        kept = [t for t in self.tunings if t.work.method != method or profile not in (None, t.work.profile)]
        return self.model_copy(update={"tunings": tuple(kept)})


def tuned_file() -> Path:
    """Where tunings lie: ``DH_TUNED`` if set, else in the user's data directory. It need not exist yet."""
    chosen = os.environ.get(ENVIRONMENT)
    if chosen:
        return Path(chosen).expanduser().absolute()
    import platformdirs

    return platformdirs.user_data_path("dh", appauthor=False) / "tuned.json"


def read_tunings() -> Tunings:
    """What is in the file; nothing where there is none.

    Raises:
        InputError: it cannot be read, or holds something else.
    """
    path = tuned_file()
    try:
        return Tunings.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return Tunings()
    except OSError as error:
        raise InputError(f"{path}: {reason(error)}") from error
    except ValidationError as error:
        raise InputError(
            f"{path}: not a file of 'dh bench --tune' of this version; delete it and tune again with "
            f"'{command()} bench METHOD --tune'"
        ) from error


def write_tunings(tunings: Tunings) -> Path:
    """Writes the file, whole or not at all, and returns its path.

    Raises:
        InputError: it cannot be written.
    """
    path = tuned_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: {reason(error)}") from error
    with whole_file(path) as temporary:
        temporary.write_text(tunings.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return path


def fingerprint(chain: Chain, device: str) -> dict[str, Any]:
    """What speed depends on beside the work: processor, cores, GPUs where one is used, and versions of packages.

    Args:
        chain: whose plugins count.
        device: kind of device.
    """
    names = sorted({component.distribution for component in chain.components} | set(_RUNTIMES))
    packages = {name: version for name in names if (version := version_of(name))}
    hardware = {"processor": processor(), "cores": os.cpu_count()}
    return {**hardware, **({"gpus": gpus()} if device == "cuda" else {}), "packages": packages}


def _hardware(machine: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in machine.items() if key != "packages"}
