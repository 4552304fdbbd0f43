"""What metrics look at: a video, with the reference, the sound and the run record that belong to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dh.errors import MediaError, NotMeasurable
from dh.media.audio import read_speech
from dh.media.images import picture_kind
from dh.media.inputs import check_file
from dh.media.video import VideoReader
from dh.timing import exact_rate

T = TypeVar("T")


class Material:
    """A video to be measured, and what belongs to it.

    Frames are decoded anew at each call, so memory does not grow with the video. What several metrics need is made once
    with ``shared``.

    Args:
        video: file.
        reference: ground-truth video of the same content.
        audio: speech, from the video's first frame on; None: the video's own track.
        record: of the run that made the video, as ``dh.run`` returns it.

    Attributes:
        video, reference, audio, record: as given.
        fps: average frames per second of the video.
        width, height: of its upright frames, in pixels.
        frame_count: of its frames; an estimate where the file does not tell.
        duration: of the video in seconds; an estimate where the file does not tell.

    Raises:
        MediaError: the video or the reference is no video, or not one frame of it can be decoded.
    """

    def __init__(
        self,
        video: Path,
        *,
        reference: Path | None = None,
        audio: Path | None = None,
        record: Mapping[str, Any] | None = None,
    ) -> None:
        self.video, self.reference, self.audio, self.record = video, reference, audio, record
        self._reader = _open(video)
        self._reference = _open(reference) if reference is not None else None
        self.width, self.height = self._reader.width, self._reader.height
        self.fps = float(exact_rate(self._reader.fps))
        self.frame_count = self._reader.frame_count
        self.duration = self._reader.duration
        self._made: dict[str, Any] = {}
        self._failed: dict[str, Exception] = {}

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """The video's frames at the constant rate ``fps``: uint8 RGB of shape (height, width, 3)."""
        return self._reader.frames(self.fps)

    def reference_frames(self) -> Iterator[NDArray[np.uint8]]:
        """The reference at the video's rate, so that frame n of both is shown at one time: uint8 RGB (h, w, 3).

        Raises:
            NotMeasurable: there is no reference.
        """
        return self._reference_reader.frames(self.fps)

    @property
    def reference_size(self) -> tuple[int, int]:
        """Width and height of the reference's frames in pixels.

        Raises:
            NotMeasurable: there is no reference.
        """
        return self._reference_reader.width, self._reference_reader.height

    @property
    def _reference_reader(self) -> VideoReader:
        if self._reference is None:
            raise NotMeasurable("there is no reference; give the ground-truth video with --reference")
        return self._reference

    @property
    def samples(self) -> NDArray[np.float32]:
        """All the sound, 16 kHz mono float32 of shape (n,); sample 0 belongs to the first frame's beginning.

        Raises:
            NotMeasurable: there is none.
        """
        return self.shared("dh.samples", Material._read_samples)

    def _read_samples(self) -> NDArray[np.float32]:
        source = self.audio if self.audio is not None else self.video
        try:
            return np.concatenate([chunk.samples for chunk in read_speech(source)])
        except MediaError as error:
            remedy = "" if self.audio is not None else "; give the speech with --audio"
            raise NotMeasurable(f"{error}{remedy}") from error

    @cached_property
    def has_sound(self) -> bool:
        """Whether there is sound: a file of speech, or a track in the video that can be decoded."""
        if self.audio is not None:
            return True
        try:
            return next(read_speech(self.video), None) is not None
        except MediaError:
            return False

    def shared(self, key: str, make: Callable[[Material], T]) -> T:
        """What ``make`` gives for this material, made once and then kept; so is an error that it raises.

        Args:
            key: unique among all plugins: begin it with the package's name.
            make: called with the material.
        """
        if key in self._failed:
            raise self._failed[key]
        if key not in self._made:
            try:
                self._made[key] = make(self)
            except Exception as error:
                self._failed[key] = error
                raise
        made: T = self._made[key]
        return made


def _open(path: Path) -> VideoReader:
    check_file(path)
    picture, moves = picture_kind(path)
    if picture is not None and not moves:
        raise MediaError(f"{path}: is a picture; give a video")
    return VideoReader(path, str(path))
