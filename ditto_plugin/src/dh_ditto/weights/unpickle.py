"""Reads a pickle of plain data without running anything that it names.

A pickle is a program: it may import and call whatever it likes. Here nothing is ever imported. The few NumPy names that
an array needs are bound to readers of this module, every other name refuses the file.
"""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dh

_LARGEST = 64 * 1024 * 1024  # bytes; the published configurations have a few thousand
_MOST_VALUES = 100_000
_DEEPEST = 32
_NUMBER_TYPES = {"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"}


def read_pickle(path: Path) -> Any:
    """Dicts, lists, tuples, strings, numbers, None and NumPy arrays of numbers.

    Raises:
        CheckpointMissing: the file is not there or is cut short.
        InputError: it is no pickle, or holds anything else; nothing of it was executed.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise dh.CheckpointMissing(f"{path}: no such file; pull the checkpoint again") from None
    except OSError as error:
        raise dh.InputError(f"{path}: {error.strerror}; check the file and its permissions") from error
    if len(data) > _LARGEST:
        raise dh.InputError(f"{path}: larger than {_LARGEST} bytes, so no configuration; give the published one")
    try:
        return _Plain().checked(_Unpickler(io.BytesIO(data)).load())
    except EOFError as error:
        raise dh.CheckpointMissing(f"{path}: the file is cut short; pull the checkpoint again") from error
    except _Refused as error:
        raise dh.InputError(
            f"{path}: {error}; refused, nothing of it was run; give the published configuration"
        ) from error
    except Exception as error:  # a damaged pickle ends in almost any exception
        raise dh.InputError(f"{path}: not a readable pickle; give the published configuration") from error


class _Refused(Exception):
    """What the pickle holds beyond plain data."""


class _DType:
    """Stands for ``numpy.dtype`` of numbers; ``__setstate__`` receives the byte order."""

    __slots__ = ("value",)

    def __init__(self, code: Any, *_: Any) -> None:
        if code not in _NUMBER_TYPES:
            raise _Refused(f"holds an array of {code!r}, not of numbers")
        self.value = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        order = state[1]
        if order not in ("<", ">", "|", "="):
            raise _Refused(f"holds an array of byte order {order!r}")
        self.value = self.value.newbyteorder(order)


class _Array:
    """Stands for ``numpy.ndarray``; ``__setstate__`` receives shape, type and bytes."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: NDArray[Any] | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, is_fortran, data = state
        self.value = _numbers(data, dtype, shape, "F" if is_fortran else "C")


def _numbers(data: Any, dtype: Any, shape: Any, order: str) -> NDArray[Any]:
    if not isinstance(dtype, _DType) or not isinstance(data, (bytes, bytearray)):
        raise _Refused("holds an array of objects, not of numbers")
    if not isinstance(shape, tuple) or not all(type(size) is int and size >= 0 for size in shape):
        raise _Refused(f"holds an array of shape {shape!r}")
    if math.prod(shape) * dtype.value.itemsize != len(data):
        raise _Refused(f"holds an array of shape {shape} with {len(data)} bytes")
    array = np.frombuffer(data, dtype.value).reshape(shape, order="F" if order == "F" else "C")
    return array.astype(dtype.value.newbyteorder("="))


def _reconstruct(*_: Any) -> _Array:
    return _Array()


def _from_buffer(data: Any, dtype: Any, shape: Any, order: Any) -> _Array:
    array = _Array()
    array.value = _numbers(data, dtype, shape, order)
    return array


def _scalar(dtype: Any, data: Any) -> int | float | bool:
    value: int | float | bool = _numbers(data, dtype, (), "C").item()
    return value


def _encode(text: Any, encoding: Any) -> bytes:
    """Protocols 0 to 2 write bytes as text in Latin-1."""
    if not isinstance(text, str) or encoding != "latin1":
        raise _Refused("holds bytes in an unknown encoding")
    return text.encode("latin-1")


_READERS: dict[tuple[str, str], Callable[..., Any]] = {("_codecs", "encode"): _encode}
for _core in ("numpy.core", "numpy._core"):
    _READERS[f"{_core}.multiarray", "_reconstruct"] = _reconstruct
    _READERS[f"{_core}.multiarray", "scalar"] = _scalar
    _READERS[f"{_core}.numeric", "_frombuffer"] = _from_buffer
_READERS["numpy", "dtype"] = _DType
_READERS["numpy", "ndarray"] = _reconstruct  # appears as an argument only


class _Name:
    """A reader as the pickle sees it: it can be called, and neither entered nor altered."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[..., Any]) -> None:
        self._read = read

    def __call__(self, *arguments: Any) -> Any:
        return self._read(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise _Refused("alters the reader of arrays")


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        read = _READERS.get((module, name))
        if read is None:
            raise _Refused(f"names {module}.{name}, which is not plain data")
        return _Name(read)

    def persistent_load(self, pid: Any) -> Any:
        raise _Refused("refers to objects outside of it")


class _Plain:
    """Replaces the stand-ins by what they stand for, and refuses all that is not plain, however it came about."""

    def __init__(self) -> None:
        self._count = 0

    def checked(self, value: Any, depth: int = 0) -> Any:
        # Counted without regard to sharing: a small pickle can name one list a billion times, or inside itself.
        self._count += 1
        if self._count > _MOST_VALUES or depth > _DEEPEST:
            raise _Refused("holds more, or more deeply nested, values than any configuration")
        if value is None or type(value) in (bool, int, float, str, bytes):
            return value
        if type(value) is dict:
            return {self._key(key): self.checked(item, depth + 1) for key, item in value.items()}
        if type(value) in (list, tuple):
            return type(value)(self.checked(item, depth + 1) for item in value)
        if isinstance(value, _Array) and value.value is not None:
            return value.value
        raise _Refused("holds something that is neither text, number, list, dict nor array")

    @staticmethod
    def _key(key: Any) -> str | int:
        if isinstance(key, (str, int)):
            return key
        raise _Refused("holds a dict whose keys are neither text nor integers")
