"""Settings of long work: a YAML file of options, with values by key on top, as one pydantic model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

import dh

Model = TypeVar("Model", bound=BaseModel)


def read_settings(model: type[Model], config: Path | None, sets: Mapping[str, Any]) -> Model:
    """The options of a YAML file, if there is one, under those given by key.

    Args:
        model: of the options.
        config: the file.
        sets: values by key, as ``--set`` gives them; a string is read as YAML.

    Raises:
        InputError: the file cannot be read, or is no mapping.
        OptionError: an unknown key, naming the nearest, or a value that does not fit.
    """
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    places = [] if config is None else [(f"--config {config}: ", _read(config))]
    for origin, values in (*places, ("--set ", {key: _parsed(value) for key, value in sets.items()})):
        for key, value in values.items():
            if key not in model.model_fields:
                hint = dh.nearest(str(key), model.model_fields)
                raise dh.OptionError(f"{origin}{key}: there is no such option{hint}")
            merged[key], origins[key] = value, origin
    try:
        return model(**merged)
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        if not first["loc"]:
            raise dh.OptionError(f"{config or '--set'}: {message}") from error
        key = str(first["loc"][0])
        text = model.model_fields[key].description
        raise dh.OptionError(
            f"{origins[key]}{key}={merged[key]!r}: {message[0].lower()}{message[1:]} ({text})"
        ) from error


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        return value


def _read(config: Path) -> Mapping[str, Any]:
    try:
        values = yaml.safe_load(config.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise dh.InputError(f"--config {config}: not readable as YAML: {dh.one_line(error, 160)}") from error
    if not isinstance(values, dict):
        raise dh.InputError(f"--config {config}: give options, one 'key: value' a line")
    return values
