"""Networks as CUDA graphs: their hundreds of kernels are launched as one.

A graph is recorded for fixed shapes and fixed places in memory. Each call copies its inputs to those places, replays,
and copies the result out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

import dh

Function = Callable[..., Tensor]
"""Takes tensors on one device, gives one, and does nothing else that a replay would have to repeat on the host."""

_WARM_UP = 3
"""Calls before a recording, in which libraries choose their kernels and take their memory."""


@dataclass(frozen=True, eq=False)
class Recording:
    """A recorded call.

    Args:
        inputs: where it reads.
        output: where it writes.
        replay: queues the work on the current stream.
    """

    inputs: Sequence[Tensor]
    output: Tensor
    replay: Callable[[], Any]


class Record(Protocol):
    """Records a call of a function; ``inputs`` stay where they are."""

    def __call__(self, function: Function, inputs: Sequence[Tensor]) -> Recording: ...


class Graphed:
    """A function that is recorded at its first call with inputs of new shapes, and replayed from then on.

    For one thread at a time. Recordings are kept as long as the object, so the shapes have to be few.

    Args:
        function: of tensors; with the same numbers in the same shapes it must do the same.
        record: how; the default records CUDA graphs, which share their working memory.
    """

    def __init__(self, function: Function, record: Record | None = None) -> None:
        self._function = function
        self._record = CudaRecorder() if record is None else record
        self._recordings: dict[tuple[Any, ...], Recording] = {}

    @torch.inference_mode()
    def __call__(self, *inputs: Tensor) -> Tensor:
        """The function's result, in memory of its own.

        Raises:
            MethodError: the GPU or its libraries cannot record it.
        """
        key = tuple((tuple(value.shape), value.dtype) for value in inputs)
        recording = self._recordings.get(key)
        if recording is None:
            places = [torch.empty_like(value).copy_(value) for value in inputs]
            recording = self._recordings[key] = self._record(self._function, places)
        for place, value in zip(recording.inputs, inputs, strict=True):
            place.copy_(value)
        recording.replay()
        return recording.output.clone()


class CudaRecorder:
    """Records CUDA graphs. Those of one recorder share their memory: none of them may run beside another."""

    def __init__(self) -> None:
        self._pool: Any = None

    def __call__(self, function: Function, inputs: Sequence[Tensor]) -> Recording:
        """See ``Record``.

        Raises:
            MethodError: the GPU or its libraries cannot record it.
        """
        device = inputs[0].device
        with torch.cuda.device(device):
            self._pool = self._pool or torch.cuda.graph_pool_handle()
            beside = torch.cuda.Stream(device)
            beside.wait_stream(torch.cuda.current_stream(device))
            graph = torch.cuda.CUDAGraph()
            try:
                with _fastest_convolutions(), torch.cuda.stream(beside):
                    for _ in range(_WARM_UP):
                        function(*inputs)
                    # Other threads go on to use the GPU meanwhile.
                    with torch.cuda.graph(graph, self._pool, beside, capture_error_mode="thread_local"):
                        output = function(*inputs)
            except torch.cuda.OutOfMemoryError:
                raise
            except RuntimeError as error:
                raise dh.MethodError(
                    f"graphs: this GPU could not record a network ({dh.one_line(error, 120)}); use --set graphs=false"
                ) from error
            torch.cuda.current_stream(device).wait_stream(beside)
        return Recording(inputs, output, graph.replay)


@contextmanager
def _fastest_convolutions() -> Iterator[None]:
    """Lets cuDNN try all its ways to convolve. A recording keeps the choice, so it is made once for each shape."""
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before
