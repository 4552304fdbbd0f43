"""Which of a component's checkpoints a run uses, and which ones it lacks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dh.checkpoints.store import checkpoint_root, folder, state
from dh.declarations import CheckpointSpec, ComponentSpec
from dh.errors import InputError, PluginError
from dh.files import reason
from dh.licences import weights_use
from dh.states import importable
from dh.text import one_line

if TYPE_CHECKING:
    from pydantic import BaseModel

    from dh.registry import Chain, Component


def absent(spec: ComponentSpec, *, commercial_only: bool = False) -> list[str]:
    """Names of the checkpoints to pull before the component can run: of alternatives the first, if none is there.

    Args:
        spec: the component.
        commercial_only: take only alternatives that clearly allow commercial use; there must be one of them.
    """
    names = [c.name for c in spec.checkpoints if c.need == "required" and not state(c).present]
    alternatives = [c for c in spec.checkpoints if c.need == "alternative" and _may_use(c, commercial_only)]
    if alternatives and not any(state(c).present for c in alternatives):
        names.append(alternatives[0].name)
    return names


def present(spec: ComponentSpec, *, commercial_only: bool = False, weights: Path | None = None) -> dict[str, Path]:
    """Folders of the component's checkpoints that are there and that a run uses, by name.

    Args:
        spec: the component.
        commercial_only: leave out those that are not required and do not clearly allow commercial use.
        weights: folder in place of all that are not optional, which are left out then.
    """
    return {
        c.name: folder(c)
        for c in spec.checkpoints
        if _may_use(c, commercial_only) and (weights is None or c.need == "optional") and state(c).present
    }


def without_modules(spec: ComponentSpec, *, commercial_only: bool = False) -> CheckpointSpec | None:
    """A checkpoint that is there and cannot be used for want of modules, if the component cannot run without it.

    Args:
        spec: the component; what it needs is there.
        commercial_only: as ``absent``.
    """
    there = [c for c in spec.checkpoints if _may_use(c, commercial_only) and c.need != "optional" and state(c).present]
    useless = [c for c in there if not all(importable(module) for module in c.requires)]
    spare = any(c.need == "alternative" and c not in useless for c in there)
    return next((c for c in useless if c.need == "required" or not spare), None)


def weights_folders(chain: Chain, options: Mapping[str, BaseModel]) -> dict[str, Path]:
    """Folders that components' options name in place of their checkpoints, by role.

    A folder is given by its path, or by its name below the folder of all checkpoints.

    Raises:
        InputError: there is no such folder.
        PluginError: a component declares an option for it that it does not have.
    """
    named = {role: named_weights(component, options[role]) for role, component in chain.roles.items()}
    return {role: folder for role, folder in named.items() if folder is not None}


def named_weights(component: Component[Any], options: BaseModel) -> Path | None:
    """The folder that one component's options name in place of its checkpoints; None where they name none.

    Raises are those of ``weights_folders``.
    """
    option = component.spec.weights_option
    if option is None:
        return None
    if option not in type(options).model_fields:
        raise PluginError(f"{component.plugin} plugin: {component.name} has no option {option!r} for its weights")
    named = getattr(options, option)
    return find_weights(str(named), f"--set {option}={named}") if named else None


def find_weights(named: str, origin: str) -> Path:
    """The folder of weights that a user named, by path or by name below the folder of all checkpoints.

    Raises:
        InputError: there is no such folder; it begins with ``origin``.
    """
    try:
        for path in (Path(named).expanduser(), checkpoint_root() / named):
            if path.is_dir():
                return path.absolute()
    except OSError as error:
        raise InputError(f"{origin}: {reason(error)}") from error
    except RuntimeError as error:  # ~ of a user who is not there
        raise InputError(f"{origin}: {one_line(error)}; give the whole path") from error
    raise InputError(f"{origin}: no such folder, neither here nor in {checkpoint_root()}; give a folder with weights")


def _may_use(checkpoint: CheckpointSpec, commercial_only: bool) -> bool:
    return not commercial_only or checkpoint.need == "required" or weights_use(checkpoint) == "allowed"
