"""Tensors that go from the thread that made them to another; on a GPU, from one stream to another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Handover:
    """A tensor on its way. On a GPU its values may be still to come.

    Args:
        tensor: on any device.
        ready: the event after which its values are there; None: they are.
    """

    tensor: Tensor
    ready: Any = None

    @classmethod
    def of(cls, tensor: Tensor) -> Handover:
        """A tensor that the current stream computes."""
        if not tensor.is_cuda:
            return cls(tensor)
        ready = torch.cuda.Event()
        ready.record(torch.cuda.current_stream(tensor.device))
        return cls(tensor, ready)

    def split(self) -> list[Handover]:
        """One for each row of the tensor."""
        return [Handover(part, self.ready) for part in self.tensor]

    def wait(self) -> None:
        """Returns when the values are there."""
        if self.ready is not None:
            self.ready.synchronize()


class SideStream:
    """Work beside the networks' own stream: it waits for what it takes up, and they wait for nothing of it.

    On other devices than GPUs it is the ordinary order of calls. For one thread at a time.

    Args:
        device: where the work is done.
    """

    def __init__(self, device: torch.device | str) -> None:
        self.device = torch.device(device)
        self._stream = torch.cuda.Stream(self.device) if self.device.type == "cuda" else None
        self._pinned: Tensor | None = None

    @contextmanager
    def work(self) -> Iterator[None]:
        """PyTorch's calls inside belong to this stream."""
        on_stream: AbstractContextManager[Any] = nullcontext()
        if self._stream is not None:
            on_stream = torch.cuda.stream(self._stream)
        with torch.inference_mode(), on_stream:
            yield

    def take(self, given: Handover) -> Tensor:
        """A tensor of another stream, for calls inside ``work``."""
        if self._stream is not None and given.ready is not None:
            self._stream.wait_event(given.ready)
            given.tensor.record_stream(self._stream)
        return given.tensor

    def fetch(self, values: Tensor) -> NDArray[np.uint8]:
        """A uint8 tensor of this stream, on the host; through page-locked memory, which the GPU writes by itself."""
        if self._stream is None:
            return values.cpu().numpy()
        if self._pinned is None or self._pinned.shape != values.shape:
            self._pinned = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
        self._pinned.copy_(values, non_blocking=True)
        self._stream.synchronize()
        return self._pinned.numpy().copy()
