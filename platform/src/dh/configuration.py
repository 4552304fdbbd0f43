"""What a chain's components are to run with on this machine, decided before any of them is built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from dh.avatar import Avatar
from dh.checkpoints.needs import present, weights_folders
from dh.licences import require_commercial
from dh.mode import Mode, options_and_mode
from dh.options import names_weights
from dh.profiles import Demands
from dh.registry import Chain
from dh.request import RunRequest
from dh.states import choose_device
from dh.tuned import TunedWork, read_tunings


@dataclass(frozen=True)
class Configuration:
    """The components' options, weights and devices.

    Args:
        options: by role.
        mode: "offline" or "online".
        weights: folders that options name in place of checkpoints, by role.
        checkpoints: folders of the checkpoints that each role uses, by the checkpoint's name.
        devices: by role.
        tuned: which of the options were found best on this machine by ``dh bench METHOD --tune``, by role.
        work: what runs have in common that take the same tuned options.
    """

    options: dict[str, BaseModel]
    mode: Mode
    weights: dict[str, Path]
    checkpoints: dict[str, dict[str, Path]]
    devices: dict[str, str]
    tuned: dict[str, dict[str, Any]]
    work: TunedWork


def demands_of(request: RunRequest, saved: Avatar | None = None) -> Demands:
    """What a request asks of a profile that it leaves to the host.

    Args:
        request: the run.
        saved: the avatar that it reads, None where it registers a source.
    """
    return Demands(
        avatar_kind=saved.kind if saved is not None else None,
        names_weights=lambda chain: names_weights(
            chain, request.preset, request.options, profiles=request.preset_profiles
        ),
        commercial_only=request.commercial_only,
    )


def configure(request: RunRequest, chain: Chain, *, prefer_online: bool = False) -> Configuration:
    """Decides for a request that ``chain`` was chosen for.

    Args:
        request: what to run.
        chain: its components.
        prefer_online: where the request leaves the mode open, run online if the driver can.

    Raises:
        OptionError: options or the mode do not fit.
        DHError: something is missing here, or does not allow commercial use where that is asked for.
    """
    roles = chain.roles
    chain.require(with_weights=roles)  # whether weights are needed is told by the options
    options, mode = options_and_mode(chain, request, prefer_online=prefer_online)
    weights = weights_folders(chain, options)
    if request.commercial_only:
        require_commercial(chain, weights)
    chain.require(with_weights=weights, commercial_only=request.commercial_only)
    checkpoints = {
        role: present(component.spec, commercial_only=request.commercial_only, weights=weights.get(role))
        for role, component in roles.items()
    }
    chosen = choose_device(request.device, [component.spec for component in roles.values()])
    devices = dict(zip(roles, chosen, strict=True))
    work = TunedWork.of(chain, devices, weights, checkpoints)
    tuned = _tuned(work, chain, options)
    if tuned:
        options, mode = options_and_mode(chain, request, prefer_online=prefer_online, tuned=tuned)
    return Configuration(options, mode, weights, checkpoints, devices, tuned, work)


def _tuned(work: TunedWork, chain: Chain, options: dict[str, BaseModel]) -> dict[str, dict[str, Any]]:
    """What was tuned for such work, if the user has said nothing of it."""
    if not chain.candidates:
        return {}
    tuning = read_tunings().of(work, chain)
    return {} if tuning is None else tuning.replacing_defaults(chain, options)
