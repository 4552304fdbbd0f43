"""Which codec goes into which container, and how each is set up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import av

from dh.errors import OptionError
from dh.text import nearest

STANDARD_OUTPUT = "-"


@dataclass(frozen=True)
class VideoCodec:
    """One way to encode pictures.

    Args:
        encoder: FFmpeg's name.
        pixel_format: that is encoded. Formats with halved chroma need an even width and height.
        options: of the encoder; chosen for speed on two cores.
        crf: default quality, None where the codec takes none.
        max_crf: largest and worst quality value.
        sound: audio codec that belongs to it, in place of the container's.
    """

    encoder: str
    pixel_format: str
    options: Mapping[str, str] = field(default_factory=dict)
    crf: int | None = None
    max_crf: int = 0
    sound: str | None = None


@dataclass(frozen=True)
class Container:
    """One way to put streams together.

    Args:
        muxer: FFmpeg's name.
        codecs: that it takes, the default first.
        sound: its audio codec.
        options: of the muxer.
    """

    muxer: str
    codecs: tuple[str, ...]
    sound: str = "aac"
    options: Mapping[str, str] = field(default_factory=dict)


VIDEO_CODECS: Mapping[str, VideoCodec] = {
    "h264": VideoCodec("libx264", "yuv420p", {"preset": "veryfast"}, 18, 51),
    "hevc": VideoCodec("libx265", "yuv420p", {"preset": "superfast", "x265-params": "log-level=none"}, 20, 51),
    "vp9": VideoCodec(
        "libvpx-vp9", "yuv420p", {"deadline": "realtime", "cpu-used": "6", "row-mt": "1", "b": "0"}, 24, 63
    ),
    "av1": VideoCodec("libsvtav1", "yuv420p", {"preset": "9"}, 26, 63),
    "ffv1": VideoCodec("ffv1", "bgr0", {"level": "3"}, sound="pcm_s16le"),
    "prores": VideoCodec("prores_ks", "yuv422p10le", {"profile": "hq"}, sound="pcm_s16le"),
}

FILE_CONTAINERS: Mapping[str, Container] = {
    ".mp4": Container("mp4", ("h264", "hevc", "vp9", "av1"), options={"movflags": "faststart"}),
    ".mov": Container("mov", ("h264", "hevc", "prores"), options={"movflags": "faststart"}),
    # Opus: not every version of FFmpeg notes in Matroska how much of AAC's first block is padding.
    ".mkv": Container("matroska", ("h264", "hevc", "vp9", "av1", "ffv1", "prores"), "libopus"),
    ".webm": Container("webm", ("vp9", "av1"), "libopus"),
}

_FRAGMENTED_MP4 = Container(
    "mp4",
    ("h264", "hevc"),
    options={"movflags": "frag_keyframe+delay_moov+default_base_moof", "flush_packets": "1"},
)
_FLV = Container("flv", ("h264",), options={"flvflags": "no_duration_filesize"})
_MPEGTS = Container("mpegts", ("h264", "hevc"))

STREAM_CONTAINERS: Mapping[str, Container] = {
    STANDARD_OUTPUT: _FRAGMENTED_MP4,
    "rtmp": _FLV,
    "srt": _MPEGTS,
    "tcp": _MPEGTS,
    "udp": _MPEGTS,
}
"""By what ``target_kind`` gives for a target that is no file."""

_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


def target_kind(target: str) -> str | None:
    """What a target streams through: "-" for standard output, a URL's scheme, None for a file."""
    if target == STANDARD_OUTPUT:
        return STANDARD_OUTPUT
    scheme, separator, _ = target.partition("://")
    return scheme.lower() if separator else None


def container_for(target: str) -> Container:
    """The container that a target's suffix or scheme asks for.

    Raises:
        OptionError: there is none.
    """
    kind = target_kind(target)
    if kind is not None:
        if kind not in STREAM_CONTAINERS:
            known = ", ".join(f"{name}://" for name in STREAM_CONTAINERS if name != STANDARD_OUTPUT)
            raise OptionError(f"--output {target}: {kind}:// cannot be written; give {known}, '-' or a file name")
        return STREAM_CONTAINERS[kind]
    suffix = Path(target).suffix.lower()
    if suffix not in FILE_CONTAINERS:
        known = ", ".join(FILE_CONTAINERS)
        what = f"{suffix} files cannot be written" if suffix else "the name has no ending"
        raise OptionError(f"--output {target}: {what}; end it in {known}")
    return FILE_CONTAINERS[suffix]


def default_codec_for(target: str) -> str:
    """The codec that is used where none is asked for: h264, and vp9 in .webm.

    Raises:
        OptionError: the target cannot be written.
    """
    return container_for(target).codecs[0]


def check_codec(target: str, codec: str | None, crf: int | None) -> tuple[Container, VideoCodec]:
    """The container and codec for a target.

    Raises:
        OptionError: names ``--output``, ``--codec`` or ``--crf``, and what would work.
    """
    container = container_for(target)
    name = codec or container.codecs[0]
    if name not in VIDEO_CODECS:
        raise OptionError(f"--codec {name}: there is no such codec{nearest(name, VIDEO_CODECS)}")
    if name not in container.codecs:
        suffixes = [suffix for suffix, other in FILE_CONTAINERS.items() if name in other.codecs]
        raise OptionError(
            f"--codec {name}: does not go into --output {target}; give --codec {' or '.join(container.codecs)}, "
            f"or an output that ends in {' or '.join(suffixes)}"
        )
    chosen = VIDEO_CODECS[name]
    if crf is not None and chosen.crf is None:
        raise OptionError(f"--crf {crf}: {name} has no such setting; leave --crf out")
    if crf is not None and not 0 <= crf <= chosen.max_crf:
        raise OptionError(f"--crf {crf}: {name} takes 0 (best) to {chosen.max_crf}, usually {chosen.crf}")
    if chosen.encoder not in av.codecs_available:
        raise OptionError(
            f"--codec {name}: this installation of PyAV has no {chosen.encoder}; reinstall av from a wheel"
        )
    return container, chosen


def sound_rate(encoder: str, rate: int) -> int:
    """The sample rate to encode at: the sound's own where the encoder takes it, else 48000."""
    if encoder == "aac" and rate not in _AAC_RATES:
        return 48_000
    return 48_000 if encoder == "libopus" else rate
