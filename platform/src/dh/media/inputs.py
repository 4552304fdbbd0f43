"""Files that a user gives: what is refused before decoding, and how a container is opened and decoded."""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.container import InputContainer

from dh.errors import MediaError
from dh.files import reason

_DEMUXERS = (
    "aac", "ac3", "aiff", "amr", "apng", "asf", "au", "av1", "avi", "caf", "dv", "eac3", "flac", "flv", "gif", "h264",
    "hevc", "ivf", "m4v", "matroska", "mjpeg", "mov", "mp3", "mp4", "mpeg", "mpegts", "mpegvideo", "mxf", "nut", "obu",
    "ogg", "oma", "tta", "voc", "w64", "wav", "webm", "wsaud", "wv", "yuv4mpegpipe",
)  # fmt: skip
"""Formats that hold one file's sound or pictures. Playlists, devices and text art, which FFmpeg would also open,
are left out: they reach other files or the network, or turn any text into a picture."""

_STILL_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif")
"""Still pictures in an MP4 file, stored as tiles; FFmpeg would give the first tile as a video."""


def check_file(path: Path) -> None:
    """Refuses what is not a readable file with something in it.

    Raises:
        MediaError: missing, a folder, no regular file, empty, or not to be read by this user.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise MediaError(f"{path}: is a folder; name a file in it")
        if not stat.S_ISREG(status.st_mode):
            raise MediaError(f"{path}: is no regular file; save it to one first, since it is read more than once")
        if not status.st_size:
            raise MediaError(f"{path}: is empty; save or download it again")
        path.open("rb").close()
    except OSError as error:
        raise MediaError(f"{path}: {_why_unreadable(error)}") from error
    except ValueError:
        raise MediaError(f"{str(path)!r}: is no file name") from None


@contextmanager
def open_container(file: Path | BinaryIO, name: str) -> Iterator[InputContainer]:
    """Opens a media file for reading.

    Args:
        file: a path, or a seekable binary file, which is read from its beginning and left open.
        name: for messages.

    Raises:
        MediaError: it cannot be read, or is no media file.
    """
    if isinstance(file, Path):
        check_file(file)
        with file.open("rb") as head:
            _refuse_still(head.read(12), name)
        opened: Any = f"file:{file}"
    else:
        file.seek(0)
        opened = file
    options = {"format_whitelist": ",".join(_DEMUXERS), "protocol_whitelist": "file"}
    try:
        container = av.open(opened, "r", container_options=options, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise MediaError(
            f"{name}: is no picture, video or sound that can be read, or is damaged; "
            "export it again, for instance as PNG, MP4 or WAV"
        ) from error
    except OSError as error:
        raise MediaError(f"{name}: {_why_unreadable(error)}") from error
    with container:
        yield container


def decode(container: InputContainer, stream: Any, name: str) -> Iterator[Any]:
    """Decodes one stream in presentation order.

    Damaged packets are left out and a file that was cut off ends where it was cut, as in a player.

    Raises:
        MediaError: the disk or network drive that the file is on fails.
    """
    packets = container.demux(stream)
    try:
        for packet in packets:
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            yield from frames
    except av.error.InvalidDataError:
        return
    except (av.FFmpegError, OSError) as error:
        raise MediaError(f"{name}: reading stopped ({error.strerror}); copy the file to another disk") from error


def _refuse_still(head: bytes, name: str) -> None:
    if head[4:8] == b"ftyp" and head[8:12] in _STILL_BRANDS:
        raise MediaError(f"{name}: is a still picture in a format that is not read; save it as JPEG or PNG")


def _why_unreadable(error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "no such file; check the name"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "may not be read; change its permissions"
    return reason(error)
