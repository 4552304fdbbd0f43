"""Offline or online: which of the two a run is, and what that sets in its driver's options.

Online, a frame depends on no speech later than the driver's look-ahead after it, so frames come while audio arrives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from dh.errors import OptionError
from dh.options import resolve_options

if TYPE_CHECKING:
    from pydantic import BaseModel

    from dh.declarations import DriverSpec
    from dh.registry import Chain
    from dh.request import RunRequest

Mode = Literal["offline", "online"]


def options_and_mode(
    chain: Chain,
    request: RunRequest,
    *,
    prefer_online: bool = False,
    tuned: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[dict[str, BaseModel], Mode]:
    """The options of every component of a run by role, and its mode.

    A driver that has an option for the mode has it set; a user who sets that option asks for the mode by it.

    Args:
        chain: the run's components.
        request: the run.
        prefer_online: where the request leaves the mode open, take online if the driver can.
        tuned: options by role that were found best on this machine.

    Raises:
        OptionError: as ``resolve_options``; a driver that cannot run online; ``--mode`` and the driver's own option
            contradict each other.
    """

    def resolve(sets: Mapping[str, Any]) -> dict[str, BaseModel]:
        return resolve_options(chain, request.preset, sets, profiles=request.preset_profiles, tuned=tuned)

    spec = chain.driver.spec
    options = resolve(request.options)
    mode = _mode_of(spec, options["driver"], request.mode, prefer_online)
    option = spec.online_option
    if option is not None and getattr(options["driver"], option) is not (mode == "online"):
        options = resolve({**request.options, f"driver.{option}": mode == "online"})
    return options, mode


def _mode_of(spec: DriverSpec, options: BaseModel, asked: Mode | None, prefer_online: bool) -> Mode:
    option = spec.online_option
    able = option is not None or spec.look_ahead is not None
    if option is not None and option in options.model_fields_set:
        stated: Mode = "online" if getattr(options, option) else "offline"
        if asked not in (None, stated):
            value = str(stated == "online").lower()
            raise OptionError(f"--mode {asked}: driver {spec.name} was given {option}={value}; leave one of them out")
        return stated
    if asked == "online" and not able:
        raise OptionError(f"--mode online: driver {spec.name} needs the whole speech; choose another with --driver")
    return asked or ("online" if prefer_online and able else "offline")
