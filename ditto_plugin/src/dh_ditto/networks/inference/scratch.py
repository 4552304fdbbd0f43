"""Memory for intermediate results, used again by every call."""

from __future__ import annotations

import math
import threading

import torch
from torch import Tensor


class Scratch(threading.local):
    """Named buffers, which grow to the largest size asked for; every thread has its own.

    A large tensor that is made anew for every call costs more in page faults than in arithmetic. A buffer's content
    holds until the same name is asked for again.
    """

    def __init__(self) -> None:
        self._buffers: dict[str, Tensor] = {}

    def empty(self, name: str, *shape: int) -> Tensor:
        """A contiguous float32 tensor on the CPU, of undefined content."""
        size = math.prod(shape)
        buffer = self._buffers.get(name)
        if buffer is None or buffer.numel() < size:
            self._buffers.pop(name, None)
            buffer = self._buffers[name] = torch.empty(size)
        return buffer[:size].view(shape)
