"""Data prepared and methods trained by a method's own plugin, see ``dh.TrainingTools``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from dh.errors import DHError, InputError, OptionError, StageError
from dh.files import reason
from dh.options import read_value
from dh.presets import config_file, config_names
from dh.progress import Listener, ignore
from dh.registry import import_dotted, installed
from dh.text import one_line

TRAINING_CONFIGS = "configs/training"
"""Folder of the checkout that holds the configurations of ``dh train`` and ``dh prepare``."""

Action = Literal["prepare", "train"]


def training_configs() -> list[str]:
    """Names of the training configurations in the checkout."""
    return config_names(TRAINING_CONFIGS)


def prepare(
    method: str,
    sources: Sequence[Path],
    output: Path,
    *,
    config: str | None = None,
    options: Mapping[str, Any] | None = None,
    listener: Listener = ignore,
) -> Path:
    """Makes training data; called again with the same arguments it goes on where it stopped.

    Args:
        method: whose data to make.
        sources: files and folders, such as videos; none where the method makes its data without any.
        output: folder for the data.
        config: training configuration, by name or path; None: the method's own defaults.
        options: values that win over the configuration's; strings are read as ``--set`` reads them.
        listener: called with ``Progress`` and ``Notice`` events.

    Returns:
        The folder of the data.

    Raises:
        DHError: see ``dh.errors``.
    """
    tool = training_tool(method, "prepare")
    paths = [_source(path, output) for path in sources]
    file = config_file(config, TRAINING_CONFIGS).absolute() if config else None
    return _call(tool, f"{method} prepare", paths, _folder(output), file, _read(options), listener)


def train(
    method: str,
    config: str,
    output: Path,
    *,
    options: Mapping[str, Any] | None = None,
    listener: Listener = ignore,
) -> Path:
    """Trains a method; called again with the same arguments it goes on where it stopped.

    Args are those of ``prepare``.

    Returns:
        The folder of the finished weights.

    Raises:
        DHError: see ``dh.errors``.
    """
    tool = training_tool(method, "train")
    file = config_file(config, TRAINING_CONFIGS).absolute()
    return _call(tool, f"{method} train", file, _folder(output), _read(options), listener)


def training_tool(method: str, action: Action) -> Callable[..., Path]:
    """The function of a method's plugin that does ``action``.

    Raises:
        OptionError: there is no such method, or it does not offer this; it names those that do.
        PluginError: the plugin's tools cannot be imported.
    """
    registry = installed()
    dotted = registry.method(method).training
    tools = import_dotted(dotted, f"method {method}") if dotted else None
    function: Callable[..., Path] | None = getattr(tools, action, None)
    if function is None:
        others = [name for name, spec in registry.methods.items() if spec.training and name != method]
        hint = f"; methods with training: {', '.join(others)}" if others else "; no installed method has training"
        what = "cannot be trained" if action == "train" else "needs no data prepared"
        raise OptionError(f"method {method} {what}{hint}")
    return function


def _call(tool: Callable[..., Path], stage: str, *arguments: Any) -> Path:
    """Calls plugin code: what it raises by mistake names it."""
    try:
        return tool(*arguments)
    except DHError:
        raise
    except SystemExit as error:
        if isinstance(error.__context__, KeyboardInterrupt):  # training libraries leave so once they have cleaned up
            raise KeyboardInterrupt from error
        raise StageError(stage, f"it ended the process with status {error.code}") from error
    except Exception as error:
        raise StageError(stage, f"{type(error).__name__}: {one_line(error)}") from error


def _source(path: Path, output: Path) -> Path:
    try:
        if not path.exists():
            raise InputError(f"SOURCES {path}: no such file or folder")
        if output.exists() and output.samefile(path):
            raise InputError(f"--output {output}: is one of the sources; name another folder")
    except OSError as error:
        raise InputError(f"SOURCES {path}: {reason(error)}") from error
    return path.absolute()


def _folder(output: Path) -> Path:
    """The folder to write, which may hold what an earlier call left."""
    try:
        if output.exists() and not output.is_dir():
            raise InputError(f"--output {output}: is a file; name a folder")
    except OSError as error:
        raise InputError(f"--output {output}: {reason(error)}") from error
    return output.absolute()


def _read(options: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: read_value(value) for key, value in (options or {}).items()}
