"""Short videos for the contract, made from the picture of a face and the voice."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dh.audio import SAMPLE_RATE
from dh.media.images import read_image
from dh.media.soundtrack import PushedSound
from dh.media.writer import VideoWriter
from dh.testing.contract.speech import Samples, speech

FACE = Path(__file__).parent / "media" / "face.jpg"
"""A picture of a face, 320 x 320, in the public domain."""

_LIPS, _CHIN, _LEFT, _RIGHT = 163, 215, 118, 198
"""Where the lips of ``FACE`` meet and the chin ends (rows), and the columns between which it moves."""
_WIDEST = 12
_INSIDE_OF_MOUTH = (60, 20, 20)

Image = NDArray[np.uint8]


def still_video(path: Path) -> None:
    """Six frames of the face at 25 frames per second: a source to register."""
    _write(path, 25, [read_image(FACE)] * 6, _voice(25, 6))


def speaking_video(path: Path) -> None:
    """The face opens its mouth as loud as the voice is, and then is silent: 25 frames at 10 frames per second."""
    fps = 10
    spoken = _voice(fps, 19)
    spoken += [np.zeros_like(spoken[0])] * 6
    loudness = np.array([np.sqrt(np.mean(sound**2)) for sound in spoken])
    openings = np.round(_WIDEST * loudness / loudness.max()).astype(int)
    _write(path, fps, [_with_open_mouth(read_image(FACE), int(opening)) for opening in openings], spoken)


def grey_video(path: Path) -> None:
    """Four grey frames, without sound."""
    _write(path, 25, [np.full((160, 160, 3), 128, np.uint8)] * 4)


def _with_open_mouth(image: Image, opening: int) -> Image:
    """The face with its lower lip and chin moved down by some pixels."""
    moved = image.copy()
    moved[_LIPS + opening : _CHIN, _LEFT:_RIGHT] = image[_LIPS : _CHIN - opening, _LEFT:_RIGHT]
    moved[_LIPS : _LIPS + opening, _LEFT + 20 : _RIGHT - 20] = _INSIDE_OF_MOUTH
    return moved


def _voice(fps: int, frames: int) -> list[Samples]:
    """What is said during each frame."""
    return [speech(SAMPLE_RATE // fps, number * SAMPLE_RATE // fps) for number in range(frames)]


def _write(path: Path, fps: int, frames: Sequence[Image], sounds: Sequence[Samples] = ()) -> None:
    height, width, _ = frames[0].shape
    voice = PushedSound(SAMPLE_RATE) if sounds else None
    with VideoWriter(str(path), width=width, height=height, fps=fps, audio=voice) as writer:
        for image, sound in zip_longest(frames, sounds):
            if voice is not None:
                voice.push(sound)
            writer.write(image)
