"""The source frame by frame: picture, landmarks and where the crop lies on it."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

import dh
from dh_face_mesh.crop import Head, apply, head_of
from dh_face_mesh.eyes import EyePatch
from dh_face_mesh.fields import GRID, Spline, grid_points, invert
from dh_face_mesh.lips import is_open, own_gap
from dh_face_mesh.picture import fit
from dh_face_mesh.placement import Placement
from dh_face_mesh.texture import Texture
from dh_face_mesh.topology import FACE_OVAL

Array = NDArray[np.float64]
Field = NDArray[np.float32]
Image = NDArray[np.uint8]

_COARSE = 32
"""Points along each side of the grid that a frame's shape is carried on."""

_FREE, _LEAST_ROOM = 0.3, 0.2
"""Distance between face and border, in face heights, from which on the head moves freely; and what is always left."""


@dataclass(frozen=True, eq=False)
class Shot:
    """One frame of the source.

    Args:
        image: (height, width, 3), not to be changed.
        texture: the image's pixels, to be taken from any position.
        landmarks: (478, 3) in crop pixels.
        placement: of the crop.
        eyes: by side; a side is missing where the eye lies outside the picture.
        gap_share: how much of the closing shape brings this frame's lips together.
        carrier: (GRID, GRID, 2), grid position on the mean face for each one on this frame's; None: the same.
    """

    image: Image
    texture: Texture
    landmarks: Array
    placement: Placement
    eyes: Mapping[str, EyePatch]
    gap_share: float
    carrier: Field | None


class ShotList:
    """The shots of an avatar, in the order in which a speech of any length shows them.

    Args:
        avatar: of kind "face-mesh".

    A video is played forwards and backwards by turns, so that it never jumps.
    """

    def __init__(self, avatar: dh.Avatar) -> None:
        self._avatar = avatar
        self.size = int(avatar.meta["crop_size"])
        self._matrices = np.asarray(avatar.arrays["matrices"], np.float64)
        frames = np.asarray(avatar.arrays["landmarks"], np.float64)
        self._frames = frames
        self._crops = np.stack([apply(matrix, points) for matrix, points in zip(self._matrices, frames, strict=True)])
        self.landmarks: Array = self._crops.mean(0)
        self.head: Head = head_of(self.landmarks)
        self.is_video = avatar.fps is not None
        self.gap = self._typical_gap()
        if self.is_video:
            points = grid_points(self.size, _COARSE)
            edge = np.concatenate([points[0], points[-1], points[1:-1, 0], points[1:-1, -1]])
            self._chosen = list(range(0, 468, 4))
            centres = np.concatenate([self.landmarks[self._chosen, :2], edge])
            self._spread = Spline(centres, points, self.size).spread(np.eye(len(centres)))[..., : len(self._chosen)]

    def _typical_gap(self) -> Array:
        """The lip gap that the closing shape is made for: a picture's own; for a video, of a moderate opening."""
        gap = own_gap(self.landmarks, self.head)
        if self.is_video:
            position = np.linspace(-1, 1, len(gap))
            return np.asarray(0.05 * self.head.height * np.sqrt(1 - position**2))
        return gap if is_open(gap, self.head) else np.zeros_like(gap)

    @cached_property
    def room(self) -> float:
        """How freely the head can move, 0 to 1: less where the frame's border is close to the face in some frame."""
        oval = self._frames[:, FACE_OVAL, :2]
        free = np.minimum(oval.min(1), [self._avatar.width - 1, self._avatar.height - 1] - oval.max(1)).min()
        height = np.mean([head_of(points).height for points in self._frames])
        return float(np.clip(free / (_FREE * height), _LEAST_ROOM, 1))

    @cached_property
    def first(self) -> Shot:
        """The first frame."""
        shots = iter(self)
        shot = next(shots)
        shots.close()
        return shot

    def __iter__(self) -> Generator[Shot, None, None]:
        if self._avatar.fps is None:
            yield from itertools.repeat(self._shot(0, np.asarray(self._avatar.arrays["frame"])))
        else:
            yield from self._video(self._avatar.fps)

    def _video(self, fps: float) -> Iterator[Shot]:
        with self._avatar.open("source") as file, dh.VideoReader(file, "source") as reader:
            for index, image in reader.bounce(fps):
                yield self._shot(min(index, len(self._frames) - 1), fit(image, self._avatar.width, self._avatar.height))

    def _shot(self, index: int, image: Image) -> Shot:
        width, height = self._avatar.width, self._avatar.height
        placement = Placement.of(self._matrices[index], self.size, width, height)
        found = {side: EyePatch.of(image, self._frames[index], side) for side in ("Left", "Right")}
        eyes = {side: patch for side, patch in found.items() if patch is not None}
        widest = self.gap.max()
        share = 0.0 if not widest else 1.0
        if self.is_video:
            gap = own_gap(self._crops[index], self.head)
            share = float(gap.max() / widest) if is_open(gap, self.head) else 0.0
        texture = Texture(image) if self.is_video else Texture.doubled(image, placement.box)
        carrier = self._carrier(index) if self.is_video else None
        return Shot(image, texture, self._crops[index], placement, eyes, share, carrier)

    def _carrier(self, index: int) -> Field:
        moved = (self._crops[index] - self.landmarks)[self._chosen, :2]
        forward = (self._spread @ moved).astype(np.float32)
        backward = cv2.resize(invert(forward, self.size / _COARSE), (GRID, GRID), interpolation=cv2.INTER_LINEAR)
        identity = np.stack(np.meshgrid(np.arange(GRID), np.arange(GRID)), axis=-1).astype(np.float32)
        return np.asarray(identity + backward * np.float32(GRID / self.size))
