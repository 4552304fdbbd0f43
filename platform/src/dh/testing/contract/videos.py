"""Short videos for the contract, made from the picture of a face and the voice."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dh.audio import SAMPLE_RATE
from dh.media.images import read_image
from dh.media.soundtrack import PushedSound
from dh.media.writer import VideoWriter
from dh.testing.contract.speech import speech

FACE = Path(__file__).parent / "media" / "face.jpg"
"""A picture of a face, 320 x 320, in the public domain."""

_LIPS, _CHIN, _LEFT, _RIGHT = 163, 215, 118, 198
"""Where the lips of ``FACE`` meet and the chin ends (rows), and the columns between which it moves."""
_WIDEST = 12
_INSIDE_OF_MOUTH = (60, 20, 20)

Image = NDArray[np.uint8]


def still_video(path: Path) -> None:
    """Six frames of the face at 25 frames per second: a source to register."""
    _write(path, 25, [read_image(FACE)] * 6, sound=True)


def speaking_video(path: Path) -> None:
    """The face opens its mouth as loud as the voice is: 25 frames at 10 frames per second, with the voice."""
    fps = 10
    loudness = [np.sqrt(np.mean(speech(SAMPLE_RATE // fps, n * SAMPLE_RATE // fps) ** 2)) for n in range(25)]
    openings = np.round(_WIDEST * np.array(loudness) / max(loudness)).astype(int)
    _write(path, fps, [_with_open_mouth(read_image(FACE), int(opening)) for opening in openings], sound=True)


def grey_video(path: Path) -> None:
    """Four grey frames, without sound."""
    _write(path, 25, [np.full((160, 160, 3), 128, np.uint8)] * 4, sound=False)


def _with_open_mouth(image: Image, opening: int) -> Image:
    """The face with its lower lip and chin moved down by some pixels."""
    moved = image.copy()
    moved[_LIPS + opening : _CHIN, _LEFT:_RIGHT] = image[_LIPS : _CHIN - opening, _LEFT:_RIGHT]
    moved[_LIPS : _LIPS + opening, _LEFT + 20 : _RIGHT - 20] = _INSIDE_OF_MOUTH
    return moved


def _write(path: Path, fps: int, images: Iterable[Image], *, sound: bool) -> None:
    frames = list(images)
    height, width, _ = frames[0].shape
    voice = PushedSound(SAMPLE_RATE) if sound else None
    with VideoWriter(str(path), width=width, height=height, fps=fps, audio=voice) as writer:
        for number, image in enumerate(frames):
            if voice is not None:
                voice.push(speech(SAMPLE_RATE // fps, number * SAMPLE_RATE // fps))
            writer.write(image)
