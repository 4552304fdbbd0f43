"""Numbers that a user gives as an option: inline, or as a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

import dh
from dh_ditto.motion import Array


def read_numbers(given: Path | Sequence[Any], option: str, shape: tuple[int | None, ...]) -> Array:
    """float32 numbers of a shape.

    Args:
        given: numbers in nested lists, or a .npy, .json or .yaml file with them.
        option: for messages.
        shape: expected; None stands for any length above 0.

    Raises:
        InputError: the file is not there or not readable.
        OptionError: another shape, or values that are not finite numbers.
    """
    origin = f"--set {option}={given}" if isinstance(given, Path) else f"--set {option}"
    values = _read(given, origin) if isinstance(given, Path) else given
    try:
        array = np.asarray(values, np.float32)
    except (TypeError, ValueError):
        raise dh.OptionError(f"{origin}: rows differ in length or hold something other than numbers") from None
    fits = array.ndim == len(shape) and all(
        have == want or (want is None and have > 0) for have, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("n" if size is None else str(size) for size in shape)
        raise dh.OptionError(f"{origin}: shape {list(array.shape)}; give [{wanted}]")
    if not np.isfinite(array).all():
        raise dh.OptionError(f"{origin}: holds values that are not finite; give finite numbers")
    return array


def read_emotion(given: object) -> object:
    """An emotion option as ``condition.emotion_rows`` takes it: rows of 8 weights, inline or from a file, or labels.

    Raises:
        InputError, OptionError: as ``read_numbers``.
    """
    if isinstance(given, str) and Path(given).suffix in (".npy", ".yaml", ".yml", ".json"):
        return read_numbers(Path(given), "emotion", (None, 8))
    if isinstance(given, list) and given and all(isinstance(row, list) and len(row) == 8 for row in given):
        return read_numbers(given, "emotion", (None, 8))
    return given


def read_frame_table(given: Path, option: str) -> dict[int, Any]:
    """Values by frame number from a .json or .yaml file.

    Raises:
        InputError: the file is not there, not readable or holds something else.
    """
    origin = f"--set {option}={given}"
    values = _read(given, origin)
    if not isinstance(values, dict):
        raise dh.InputError(f"{origin}: expected frame numbers with values, found {type(values).__name__}")
    try:
        return {int(frame): value for frame, value in values.items()}  # JSON has texts alone for keys
    except (TypeError, ValueError):
        raise dh.InputError(f"{origin}: keys must be frame numbers, such as 0 and 25") from None


def _read(path: Path, origin: str) -> Any:
    try:
        if path.suffix == ".npy":
            return np.load(path, allow_pickle=False)
        text = path.read_text(encoding="utf-8")
        return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except FileNotFoundError:
        raise dh.InputError(f"{origin}: no such file") from None
    except (OSError, UnicodeDecodeError, ValueError, yaml.YAMLError, EOFError) as error:
        reason = " ".join(str(error).split())
        raise dh.InputError(f"{origin}: not readable: {reason}; give a .npy, .json or .yaml file") from error
