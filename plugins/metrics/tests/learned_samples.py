"""Videos in memory and untrained weights of the published shapes, for tests of the learned metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dh

Image = NDArray[np.uint8]


class HeldMaterial(dh.Material):
    """Stands for ``dh.Material`` with frames and sound that are held in memory."""

    def __init__(
        self,
        frames: list[Image],
        *,
        reference: list[Image] | None = None,
        samples: NDArray[np.float32] | None = None,
        fps: float = 25.0,
        record: Mapping[str, Any] | None = None,
    ) -> None:
        self.held, self.held_reference, self.held_samples = frames, reference, samples
        self.fps, self.frame_count, self.record = fps, len(frames), record
        self.height, self.width = frames[0].shape[:2]
        self.video, self.audio = Path("video.mp4"), None
        self.reference = Path("reference.mp4") if reference is not None else None
        self._made: dict[str, Any] = {}

    def frames(self) -> Iterator[Image]:
        return iter(self.held)

    def reference_frames(self) -> Iterator[Image]:
        if self.held_reference is None:
            raise dh.NotMeasurable("there is no reference")
        return iter(self.held_reference)

    @property
    def reference_size(self) -> tuple[int, int]:
        height, width = next(self.reference_frames()).shape[:2]
        return width, height

    @property
    def samples(self) -> NDArray[np.float32]:
        if self.held_samples is None:
            raise dh.NotMeasurable("there is no sound")
        return self.held_samples

    def shared(self, key: str, make: Callable[[Any], Any]) -> Any:
        if key not in self._made:
            self._made[key] = make(self)
        return self._made[key]


def noise_frames(count: int, *, seed: int = 0, height: int = 48, width: int = 64) -> list[Image]:
    """Frames of noise, all different."""
    random = np.random.default_rng(seed)
    return [random.integers(0, 256, (height, width, 3), np.uint8) for _ in range(count)]


def untrained(network: Any, *, seed: int = 0) -> dict[str, Any]:
    """A state dict of a network's keys and shapes with values that keep its activations in range."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    shapes = network.state_dict()
    state = {}
    for key, value in shapes.items():
        owner, _, kind = key.rpartition(".")
        normalises = f"{owner}.running_var" in shapes
        if normalises:
            state[key] = torch.ones_like(value) if kind in {"weight", "running_var"} else torch.zeros_like(value)
        elif value.dim() > 1:
            state[key] = torch.randn(value.shape, generator=generator) * (2 / value[0].numel()) ** 0.5
        else:
            state[key] = torch.zeros_like(value)
    return state


def read(metric: dh.Metric, material: dh.Material) -> float:
    """The metric's value, which is there."""
    value = metric.measure(material).value
    assert value is not None
    return value


def context_with(folder: Path) -> dh.Context:
    """A metric's context where the user named a folder of weights."""
    return dh.Context(weights=folder)
