"""The paste-back on the device that rendered, so that only the finished uint8 frame comes to the host.

``paste`` is the specification: no value differs by more than one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from dh_ditto.backends.handover import Handover, SideStream
from dh_ditto.motion import Array
from dh_ditto.paste import ROUNDING, blend_mask, coordinate, covered

Image = NDArray[np.uint8]


class DevicePasteBack:
    """Pastes renders of one size into frames: mask * render + (1 - mask) * frame, truncated. For one thread at a time.

    Args:
        device: of the renders, in PyTorch's words.
        mask: share of the render, [h,w]; by default that of a render of 512 x 512.
    """

    def __init__(self, device: torch.device | str, mask: Array | None = None) -> None:
        self._side = SideStream(device)
        with self._side.work():
            given = blend_mask(512, 512) if mask is None else mask
            self._mask = torch.from_numpy(given).to(self._side.device)[None, None]

    def paste(self, frame: Image, render: Handover, matrix: NDArray[Any]) -> Image:
        """A new frame with the render in it.

        Args:
            frame: [H,W,3], is not changed.
            render: [3,h,w], 0 to 1.
            matrix: [3,3] or [2,3], crop to frame.
        """
        with self._side.work():
            return self._side.fetch(self._blend(frame, matrix).drawn(self._side.take(render)))

    def background(self, frame: Image, matrix: NDArray[Any]) -> DeviceBackground:
        """A still frame to paste many renders into."""
        with self._side.work():
            return DeviceBackground(self._side, self._blend(frame, matrix))

    def _blend(self, frame: Image, matrix: NDArray[Any]) -> _Blend:
        device, size = self._side.device, self._mask.shape[-2:]
        rows, columns, back = covered(frame.shape, size, matrix)
        there = torch.tensor(frame, device=device)
        if not len(rows) or not len(columns):
            return _Blend(there, None)
        area = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
        grid = torch.empty(1, len(rows), len(columns), 2, device=device)
        for axis, length in enumerate(reversed(size)):
            across, down = (torch.from_numpy(part).to(device) for part in coordinate(back[axis], rows, columns))
            grid[0, ..., axis] = (across + down[:, None]) * (2 / (length - 1)) - 1
        share = _sampled(self._mask, grid).clamp_(0, 1)
        rest = (1 - share) * there[area].permute(2, 0, 1) + ROUNDING
        return _Blend(there, _Drawn(area, grid, share * 255, rest))


@dataclass(frozen=True, eq=False)
class DeviceBackground:
    """A still frame, ready for renders; made by ``DevicePasteBack.background``."""

    side: SideStream
    blend: _Blend

    def paste(self, render: Handover) -> Image:
        """A new frame with the render, [3,h,w] in 0 to 1, in it."""
        with self.side.work():
            return self.side.fetch(self.blend.drawn(self.side.take(render)))


@dataclass(frozen=True, eq=False)
class _Drawn:
    """The rectangle that the crop covers on a frame.

    Args:
        area: rows and columns of the frame.
        grid: [1,h,w,2], where its pixels lie on the crop; -1 and 1 are the centres of the outermost pixels.
        weight: [1,h,w], the share of the render, in grey levels.
        rest: [3,h,w], what the frame itself adds.
    """

    area: tuple[slice, slice]
    grid: Tensor
    weight: Tensor
    rest: Tensor


@dataclass(frozen=True, eq=False)
class _Blend:
    """A frame [H,W,3] on the device and what is drawn there, None where the crop lies beside it."""

    frame: Tensor
    place: _Drawn | None

    def drawn(self, render: Tensor) -> Tensor:
        result = self.frame.clone()
        if self.place is not None:
            sampled = _sampled(render[None].float(), self.place.grid)
            blend = torch.addcmul(self.place.rest, sampled, self.place.weight).clamp_(0, 255)
            result[self.place.area] = blend.permute(1, 2, 0).to(torch.uint8)
        return result


def _sampled(picture: Tensor, grid: Tensor) -> Tensor:
    """Bilinear samples [c,h,w] of a picture [1,c,...], 0 beyond it."""
    return functional.grid_sample(picture, grid, align_corners=True)[0]
