"""What can be done with a method's weights beyond pulling them: convert, initialise, export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from dh.checkpoints.needs import find_weights, present
from dh.checkpoints.store import checkpoint_root
from dh.errors import CheckpointMissing, InputError, OptionError
from dh.files import reason
from dh.home import command
from dh.registry import import_dotted, installed


def weights_tool(method: str, action: Literal["convert", "initialise", "export"]) -> Callable[..., Path]:
    """The function of a method's plugin that does ``action``; see ``dh.WeightsTools``.

    Raises:
        OptionError: there is no such method, or it does not offer this.
        PluginError: the plugin's tools cannot be imported.
    """
    registry = installed()
    dotted = registry.method(method).weights
    tools = import_dotted(dotted, f"method {method}") if dotted else None
    function: Callable[..., Path] | None = getattr(tools, action, None)
    if function is None:
        others = [name for name, spec in registry.methods.items() if spec.weights and name != method]
        hint = f"; methods that bring tools for theirs: {', '.join(others)}" if others else ""
        raise OptionError(f"method {method} brings nothing to {action} weights with{hint}")
    return function


def pulled_folder(method: str, named: str | None, option: str) -> Path:
    """The folder of a method's weights: the one that was named, else the first of its checkpoints that was pulled.

    Raises:
        InputError: there is no folder of that name.
        CheckpointMissing: none was named, and none pulled.
    """
    if named:
        return find_weights(named, f"{option} {named}")
    chains = installed().chains(method)
    for spec in [component.spec for chain in chains for component in chain.components]:
        folders = present(spec)
        for checkpoint in spec.checkpoints:
            if checkpoint.name in folders and checkpoint.need != "optional":
                return folders[checkpoint.name]
    wanted = " ".join(dict.fromkeys(name for chain in chains for name in chain.absent()))
    pull = f"run: {command()} checkpoints pull {wanted}; or " if wanted else ""
    raise CheckpointMissing(
        f"method {method}: none of its weights are in {checkpoint_root()}; {pull}name a folder with {option}"
    )


def new_folder(target: Path) -> Path:
    """A folder to be made, once it is clear that nothing would be overwritten.

    Raises:
        InputError: there is something already, other than an empty folder.
    """
    try:
        taken = target.is_file() or (target.is_dir() and any(target.iterdir()))
    except OSError as error:
        raise InputError(f"--output {target}: {reason(error)}") from error
    if taken:
        raise InputError(f"--output {target}: is there already; remove it or name another folder")
    return target
