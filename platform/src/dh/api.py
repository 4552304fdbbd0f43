"""The Python interface: the same runs as the command line's."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dh.audio import AudioChunk
from dh.avatar import Avatar
from dh.errors import InputError, OptionError
from dh.files import check_writable
from dh.media.audio import read_speech
from dh.media.codecs import default_codec_for
from dh.media.writer import VideoWriter, check_target, is_stream
from dh.mode import Mode
from dh.motion import Motion
from dh.pipeline import StageStats
from dh.presets import read_preset
from dh.progress import Listener, Progress, ignore
from dh.record import make_record, read_record, record_path, replay, write_record
from dh.request import RunRequest, combine, make_request
from dh.session import SPEECH_CHUNK_SECONDS, FrameStream, Session

PathLike = str | os.PathLike[str]


def run(
    method: str | None = None,
    *,
    audio: PathLike | None = None,
    output: PathLike,
    source: PathLike | None = None,
    avatar: PathLike | None = None,
    config: str | None = None,
    from_record: PathLike | None = None,
    profile: str | None = None,
    driver: str | None = None,
    renderer: str | None = None,
    options: Mapping[str, Any] | None = None,
    mode: Mode | None = None,
    controls: PathLike | None = None,
    seed: int | None = None,
    fps: float | None = None,
    device: str | None = None,
    codec: str | None = None,
    crf: int | None = None,
    commercial_only: bool | None = None,
    on_event: Listener = ignore,
) -> dict[str, Any]:
    """Makes one video.

    Args:
        method: method to run; a preset or record may name it instead.
        audio: speech: an audio file, or a video with an audio track.
        output: file to write, "-" for standard output (fragmented MP4), or an rtmp, srt, udp or tcp URL.
        source: picture or video of the person.
        avatar: avatar file in place of a source.
        config: preset, by name or path.
        from_record: run record to repeat; other arguments change what they name.
        profile: one of the method's profiles; default "auto": the best one whose weights are here.
        driver: driver in place of the method's own.
        renderer: renderer in place of the method's own.
        options: component options by key, as ``--set`` takes them.
        mode: "offline", or "online": the driver hears no more of the speech that follows than it would live; default:
            what the driver's options say, "offline" for most.
        controls: keyframes of per-frame controls.
        seed: of every random choice; default 0.
        fps: frames per second; default: the motion space's, the source video's, or 25.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        codec: video codec; default: the container's, h264 for most.
        crf: quality of the codec, smaller is better; default: the codec's own.
        commercial_only: refuse what does not allow commercial use.
        on_event: called with ``Progress`` and ``Notice`` events.

    Returns:
        The run record. It lies beside a file output as ``OUTPUT.json``.

    Raises:
        DHError: see ``dh.errors``; no output is left then.
    """
    given = _given(locals(), drop=("output", "config", "from_record", "on_event"))
    if from_record is not None:
        path = Path(from_record)
        given = replay(read_record(path), path, given)
    values = combine(read_preset(config) if config else None, **given)
    codec, crf = values.pop("codec", None), values.pop("crf", None)
    request = make_request(**values)
    if request.audio is None:
        raise OptionError("--audio is missing; give a file with speech")
    target = os.fspath(output)
    _check_output(target, request)
    codec = codec or default_codec_for(target)
    check_target(target, codec, crf)
    # What a plugin prints must not get into a video on standard output.
    prints = contextlib.redirect_stdout(sys.stderr) if target == "-" else contextlib.nullcontext()
    with prints:
        clock = _Clock()
        on_event(Progress("prepare"))
        session = Session(request, listener=on_event)
        clock.lap("prepare")
        with session.frames() as frames:
            width, height = session.avatar.width, session.avatar.height
            writer = VideoWriter(
                target, width=width, height=height, fps=session.fps, audio=request.audio, codec=codec, crf=crf
            )
            with writer:
                encode = _encode(frames, writer, on_event, clock)
                on_event(Progress("finish"))
            clock.lap("render")
    described = {
        "path": target if is_stream(target) else str(Path(target).absolute()),
        "codec": codec,
        "crf": crf,
        "width": writer.width,
        "height": writer.height,
        "fps": session.fps,
        "frames": encode.items,
        "duration": encode.items / session.fps,
    }
    record = make_record(
        session, described, clock.seconds, [*frames.stats, encode], first_frame_seconds=clock.first_frame
    )
    if not is_stream(target):
        write_record(record, record_path(Path(target)))
    return record


def stream(
    method: str,
    *,
    audio: PathLike | Iterable[AudioChunk],
    source: PathLike | None = None,
    avatar: PathLike | None = None,
    config: str | None = None,
    profile: str | None = None,
    driver: str | None = None,
    renderer: str | None = None,
    options: Mapping[str, Any] | None = None,
    mode: Mode | None = None,
    controls: PathLike | None = None,
    seed: int | None = None,
    fps: float | None = None,
    device: str | None = None,
    commercial_only: bool | None = None,
    on_event: Listener = ignore,
) -> FrameStream:
    """Makes frames: an iterator of ``Frame``, each with its presentation time, to be closed or used with ``with``.

    ``audio`` is a file, or an iterable of ``AudioChunk`` that may be endless: frames come as audio arrives. Such a run
    is online where ``mode`` is None and the driver can. The other arguments are those of ``run``.
    """
    session, chunks = _open(_given(locals(), drop=("audio", "config", "on_event")), audio, config, on_event)
    return session.frames(chunks)


def drive(
    method: str,
    *,
    audio: PathLike | Iterable[AudioChunk],
    source: PathLike | None = None,
    avatar: PathLike | None = None,
    config: str | None = None,
    profile: str | None = None,
    driver: str | None = None,
    renderer: str | None = None,
    options: Mapping[str, Any] | None = None,
    mode: Mode | None = None,
    controls: PathLike | None = None,
    seed: int | None = None,
    fps: float | None = None,
    device: str | None = None,
    commercial_only: bool | None = None,
    on_event: Listener = ignore,
) -> Iterator[Motion]:
    """Makes motion without rendering it: what the method's driver, or another, makes of the speech.

    Yields exactly what a renderer would get: motion in the renderer's space, ceil(seconds of speech x fps) frames in
    all, in chunks of any size and in order, with ``controls`` attached and not applied. Work begins with the first
    chunk that is asked for; an iterator that is left early is to be closed.

    Args are those of ``stream``.

    Raises:
        DHError: see ``dh.errors``; what is wrong with the request at once, what the driver raises from the iterator.
    """
    session, chunks = _open(_given(locals(), drop=("audio", "config", "on_event")), audio, config, on_event)
    if chunks is None:
        assert session.request.audio is not None
        chunks = read_speech(session.request.audio, chunk_seconds=SPEECH_CHUNK_SECONDS)
    return session.motion(chunks)


def create_avatar(
    method: str,
    source: PathLike,
    *,
    profile: str | None = None,
    options: Mapping[str, Any] | None = None,
    fps: float | None = None,
    device: str | None = None,
    on_event: Listener = ignore,
) -> Avatar:
    """Registers a source with a method's avatar component; ``Avatar.save`` keeps it for later runs.

    Args are those of ``run``.
    """
    values = combine(None, method=method, source=source, profile=profile, options=options, fps=fps, device=device)
    return Session(make_request(**values), listener=on_event).avatar


def _open(
    given: dict[str, Any], audio: PathLike | Iterable[AudioChunk], config: str | None, on_event: Listener
) -> tuple[Session, Iterable[AudioChunk] | None]:
    """The session of a call that takes speech as a file or as chunks, and the chunks, None for a file."""
    chunks: Iterable[AudioChunk] | None = None
    if isinstance(audio, (str, os.PathLike)):
        given["audio"] = audio
    else:
        chunks = audio
    values = combine(read_preset(config) if config else None, **given)
    values.pop("codec", None)
    values.pop("crf", None)
    return Session(make_request(**values), listener=on_event, prefer_online=chunks is not None), chunks


def _encode(frames: FrameStream, writer: VideoWriter, on_event: Listener, clock: _Clock) -> StageStats:
    """Writes every frame; the caller's thread is the pipeline's last stage."""
    stats = StageStats("encode")
    begin = mark = time.perf_counter()
    for frame in frames:
        arrived = time.perf_counter()
        if not stats.items:
            clock.mark_first_frame()
        writer.write(frame.image)
        written = time.perf_counter()
        stats.waiting_in += arrived - mark
        stats.busy += written - arrived
        stats.count(written - arrived)
        on_event(Progress("render", stats.items, frames.limit, written - begin, frames.fps))
        mark = time.perf_counter()
    return stats


class _Clock:
    """Seconds of each phase, and from the start to the first frame."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.first_frame = 0.0
        self._start = self._begin = time.perf_counter()

    def mark_first_frame(self) -> None:
        self.first_frame = time.perf_counter() - self._start

    def lap(self, phase: str) -> None:
        now = time.perf_counter()
        self.seconds[phase] = now - self._begin
        self._begin = now


def _given(arguments: dict[str, Any], drop: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name not in drop and value is not None}


def _check_output(target: str, request: RunRequest) -> None:
    """Refuses an output that cannot be written, or that would overwrite an input."""
    if is_stream(target):
        return
    path = Path(target)
    check_writable(path, "--output")
    for name in ("source", "avatar", "audio", "controls"):
        given = getattr(request, name)
        if given is not None and given.exists() and path.exists() and given.samefile(path):
            raise InputError(f"--output {path}: is the --{name} file itself; choose another name")
