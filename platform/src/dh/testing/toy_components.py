"""The toy method's components."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

import dh


class ToyDriverOptions(BaseModel):
    """Options of the toy driver."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gain: float = Field(4.0, ge=0.0, le=100.0, description="mouth opening per unit of loudness")
    jitter: float = Field(0.0, ge=0.0, le=1.0, description="random opening added to every frame")


class ToyRendererOptions(BaseModel):
    """Options of the toy renderer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    colour: int = Field(0, ge=0, le=255, description="grey level of the mouth")


class ToyAvatarBuilder:
    """Keeps the picture."""

    def __init__(self, options: BaseModel, context: dh.Context) -> None:
        self._notice = context.notice

    def register(self, source: dh.Source) -> dh.Avatar:
        """Returns an avatar of kind "toy" with the array "picture", uint8 (height, width, 3)."""
        image = source.image()
        image = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
        self._notice("the toy avatar sees a face everywhere")
        return dh.Avatar("toy", image.shape[1], image.shape[0], {"picture": image})


class ToyDriver:
    """Opens the jaw by the loudness of each frame."""

    def __init__(self, options: ToyDriverOptions, context: dh.Context) -> None:
        self._options = options
        self._fps = context.fps
        self._seed = context.seed

    def drive(self, avatar: dh.Avatar, speech: Iterator[dh.AudioChunk]) -> Iterator[dh.Motion]:
        """Yields a frame as soon as its last sample is there."""
        for frame, samples in enumerate(dh.split_frames(speech, self._fps)):
            random = np.random.default_rng((self._seed, frame)).random() * self._options.jitter
            loudness = float(np.sqrt(np.mean(samples**2)))
            yield dh.arkit_motion(frame, self._fps, jawOpen=self._options.gain * loudness + random)


class ToyRenderer:
    """Draws the mouth."""

    def __init__(self, options: ToyRendererOptions, context: dh.Context) -> None:
        self._options = options

    def stages(self, avatar: dh.Avatar) -> Sequence[dh.Stage]:
        """One stage: motion to frames."""
        picture = avatar.arrays["picture"]

        def draw(motion: Iterator[dh.Motion]) -> Iterator[dh.Frame]:
            for chunk in motion:
                fade = chunk.controls.fade if chunk.controls is not None else np.ones(len(chunk), np.float32)
                jaw = chunk["blendshapes"][:, dh.ARKIT_BLENDSHAPES.index("jawOpen")] * fade
                for offset, opening in enumerate(jaw):
                    index = chunk.start + offset
                    yield dh.Frame(self._draw(picture, float(opening)), index, index / chunk.fps)

        return [dh.Stage("draw", draw)]

    def _draw(self, picture: NDArray[np.uint8], opening: float) -> NDArray[np.uint8]:
        image = picture.copy()
        height, width = image.shape[:2]
        half = round(opening * height / 4)
        image[height // 2 - half : height // 2 + half, width // 4 : width - width // 4] = self._options.colour
        return image
