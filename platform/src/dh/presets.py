"""Preset files: a method with the options of one use, as YAML in ``configs/`` or anywhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dh.errors import InputError, OptionError
from dh.home import checkout
from dh.options import explain_validation
from dh.text import nearest, one_line


class Preset(BaseModel):
    """What a preset file may hold; everything is optional, and only what differs from the defaults belongs in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str | None = Field(None, description="method to run")
    profile: str | None = Field(None, description="profile of the method to run")
    driver: str | None = Field(None, description="driver in place of the method's own")
    renderer: str | None = Field(None, description="renderer in place of the method's own")
    options: dict[str, dict[str, Any]] = Field({}, description="options by role: avatar, driver, renderer")
    profiles: dict[str, dict[str, dict[str, Any]]] = Field(
        {}, description="options by profile, then by role: used, over the others, where that profile runs"
    )
    run: dict[str, Any] = Field({}, description="options of 'dh run': mode, fps, seed, device, codec, crf")


CONFIGS = "configs"
"""Folder of the checkout that holds the presets."""

RUN_KEYS = ("mode", "fps", "seed", "device", "codec", "crf")
"""Keys of a preset's ``run`` section."""


def preset_names() -> list[str]:
    """Names of the presets in the checkout's ``configs/``."""
    return config_names(CONFIGS)


def config_names(folder: str) -> list[str]:
    """Names of the YAML files in a folder of the checkout."""
    root = checkout()
    return sorted(path.stem for path in (root / folder).glob("*.yaml")) if root else []


def config_file(name: str, folder: str) -> Path:
    """A YAML file by path, or by name from a folder of the checkout.

    Raises:
        InputError: there is no such file.
    """
    path = Path(name)
    root = checkout()
    if not path.is_file() and root is not None and "/" not in name:
        path = root / folder / f"{name.removesuffix('.yaml')}.yaml"
    if not path.is_file():
        hint = nearest(name, config_names(folder)) or "; give the path of a YAML file"
        raise InputError(f"--config {name}: no such {'preset' if folder == CONFIGS else 'configuration'}{hint}")
    return path


def read_preset(name: str) -> Preset:
    """Reads a preset by path, or by name from the checkout's ``configs/``.

    Raises:
        InputError: there is no such file, or it is not YAML.
        OptionError: an unknown key or a wrong type.
    """
    path = config_file(name, CONFIGS)
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"--config {path}: not readable as YAML: {one_line(error)}") from error
    if not isinstance(data, dict):
        raise InputError(f"--config {path}: expected keys such as 'method:' and 'options:'")
    for key in data:
        if key not in Preset.model_fields:
            raise OptionError(f"--config {path}: unknown key {key!r}{nearest(str(key), Preset.model_fields)}")
    try:
        preset = Preset(**data)
    except ValidationError as error:
        where, message = explain_validation(error)
        raise OptionError(f"--config {path}: {where}: {message}") from error
    for key in preset.run:
        if key not in RUN_KEYS:
            raise OptionError(f"--config {path}: unknown key 'run.{key}'{nearest(key, RUN_KEYS)}")
    return preset
