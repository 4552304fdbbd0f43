"""The networks that find faces, as plain functions from one picture to their outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dh

Array = NDArray[np.float32]
Session = Callable[[Array], Sequence[Array]]
"""Takes a network's only input and gives all its outputs, in the file's order."""


class OnnxSession:
    """A ``Session`` of an ONNX file, loaded at its first call.

    Args:
        path: the file.
        providers: ONNX Runtime's execution providers, the preferred one first.

    Raises:
        InputError: at the first call, where the file is missing, damaged or not a network of one input.
    """

    def __init__(self, path: str | Path, providers: Sequence[str] = ("CPUExecutionProvider",)) -> None:
        self._path, self._providers = Path(path), list(providers)
        self._session: Any = None

    def __call__(self, image: Array) -> Sequence[Array]:
        if self._session is None:
            self._session = self._load()
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise dh.InputError(f"{self._path}: a network of {len(inputs)} inputs, not the expected one; give another")
        try:
            return list(self._session.run(None, {inputs[0].name: image}))
        except Exception as error:
            shape = "x".join(map(str, image.shape))
            raise dh.InputError(f"{self._path}: does not take a picture of {shape}; give the published file") from error

    def _load(self) -> Any:
        if not self._path.is_file():
            raise dh.InputError(f"{self._path}: no such file; give the folder that holds it")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # its warnings speak of the file's age, which nobody here can change
        try:
            return onnxruntime.InferenceSession(str(self._path), options, providers=self._providers)
        except Exception as error:  # the runtime's errors have no base of their own
            reason = str(error).splitlines()[0]
            raise dh.InputError(f"{self._path}: not a network that can be read ({reason}); get it again") from error


def of_size(outputs: Sequence[Array], size: int, network: str) -> Array:
    """The output that has ``size`` values, flattened: files of one network differ in how many others they give.

    Raises:
        InputError: none has.
    """
    for output in outputs:
        if np.size(output) == size:
            return np.asarray(output, np.float32).reshape(-1)
    shapes = ", ".join(str(tuple(np.shape(output))) for output in outputs)
    raise dh.InputError(f"{network}: no output of {size} values among {shapes}; give the published file")
