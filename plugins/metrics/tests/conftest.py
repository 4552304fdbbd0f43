"""A face to move, videos made of pictures, and one that a method made."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import dh
from dh_face_mesh.landmarks import FaceLandmarker

EXAMPLES = Path(__file__).parents[3] / "examples"
SPEECH_SECONDS = 3.0

Image = NDArray[np.uint8]


@pytest.fixture(scope="session")
def rest() -> NDArray[np.float64]:
    """Landmarks (478, 3) of the example portrait."""
    from dh.media.images import read_image

    with FaceLandmarker() as landmarker:
        return landmarker.faces(read_image(EXAMPLES / "portrait.jpg"))[0]


@pytest.fixture(scope="session")
def write_video(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Encodes pictures as a silent video at 25 frames per second."""

    def write(pictures: Iterable[Image], name: str = "video.mp4") -> Path:
        shots = list(pictures)
        height, width = shots[0].shape[:2]
        path = tmp_path_factory.mktemp("videos") / name
        with dh.VideoWriter(str(path), width=width, height=height, fps=25.0, audio=None, codec="h264") as writer:
            for shot in shots:
                writer.write(shot)
        return path

    return write


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 3 s of the example speech."""
    path = tmp_path_factory.mktemp("speech") / "speech.wav"
    with wave.open(str(EXAMPLES / "speech.wav")) as whole, wave.open(str(path), "wb") as part:
        part.setparams(whole.getparams())
        part.writeframes(whole.readframes(int(SPEECH_SECONDS * whole.getframerate())))
    return path


@pytest.fixture(scope="session")
def speaking(tmp_path_factory: pytest.TempPathFactory, speech: Path) -> Path:
    """The example portrait speaking for 3 s, made by the method face-mesh."""
    path = tmp_path_factory.mktemp("speaking") / "speaking.mp4"
    dh.run("face-mesh", source=EXAMPLES / "portrait.jpg", audio=speech, output=path)
    return path
