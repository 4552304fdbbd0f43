"""What a person is known by: one picture, or a video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dh.errors import MediaError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dh.media.video import VideoReader

_DECODED_ANIMATIONS = ("GIF", "PNG")


@dataclass(frozen=True)
class Source:
    """A picture or video of a person, found to be readable.

    Args:
        path: the file.
        kind: "image" or "video", by what the file holds, whatever its name says.
        width: in pixels, after the rotation that the file asks for.
        height: likewise.
        fps: average frames per second; None for a picture.
        frame_count: number of frames; an estimate where a video does not tell; 1 for a picture.
        duration: seconds; None for a picture.
    """

    path: Path
    kind: Literal["image", "video"]
    width: int
    height: int
    fps: float | None
    frame_count: int
    duration: float | None

    @classmethod
    def open(cls, path: str | Path) -> Source:
        """Looks into a file.

        A picture is decoded as a whole, of a video the first frame.

        Raises:
            MediaError: neither a picture nor a video, without a picture, damaged or cut off, or of a size that
                cannot be used.
        """
        from dh.media.images import picture_kind, read_image
        from dh.media.inputs import check_file
        from dh.media.video import VideoReader

        path = Path(path)
        check_file(path)
        picture, moves = picture_kind(path)
        if moves and picture not in _DECODED_ANIMATIONS:
            raise MediaError(f"{path}: animated {picture} is not read; convert it to MP4")
        if picture is not None and not moves:
            height, width, _ = read_image(path).shape
            return cls(path, "image", width, height, None, 1, None)
        with VideoReader(path, str(path)) as reader:
            return cls(path, "video", reader.width, reader.height, reader.fps, reader.frame_count, reader.duration)

    def image(self) -> NDArray[np.uint8]:
        """The picture, or a video's first frame: uint8 RGB of shape (height, width, 3).

        Raises:
            MediaError: the file has changed and cannot be read any more.
        """
        from dh.media.images import read_image

        if self.kind == "image":
            return read_image(self.path)
        with self.reader() as reader:
            return next(reader.frames(reader.rate))

    def reader(self) -> VideoReader:
        """Reads the video.

        Raises:
            ValueError: the source is a picture.
            MediaError: the file has changed and cannot be read any more.
        """
        from dh.media.video import VideoReader

        if self.kind != "video":
            raise ValueError(f"{self.path} is a picture, not a video")
        return VideoReader(self.path, str(self.path))
