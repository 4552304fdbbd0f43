"""Writing video files: every frame, exact alignment with the sound, whole files or none."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from dh.errors import InputError, MediaError, OptionError
from dh.media import writer as writer_module
from dh.media.audio import probe_audio, read_sound, read_speech
from dh.media.video import VideoReader
from dh.media.writer import VideoWriter, check_target, default_codec_for, is_stream

NTSC = Fraction(30000, 1001)


def write(
    path: Path, images: Any, audio: Path | None = None, fps: float | Fraction = 25, **options: Any
) -> VideoWriter:
    images = iter(images)
    first = next(images)
    height, width, _ = first.shape
    with VideoWriter(str(path), width=width, height=height, fps=fps, audio=audio, **options) as writer:
        writer.write(first)
        for image in images:
            writer.write(image)
    return writer


def streams(path: Path) -> dict[str, Any]:
    """Stream types with codec names, in order."""
    with av.open(str(path)) as container:
        return {stream.type: stream.codec_context.codec.canonical_name for stream in container.streams}


def decoded(path: Path, kind: str) -> list[Any]:
    with av.open(str(path)) as container:
        return list(container.decode(**{kind: 0}))


@pytest.mark.parametrize(
    ("name", "codec", "expected"),
    [
        ("x.mp4", None, {"video": "h264", "audio": "aac"}),
        ("x.mov", None, {"video": "h264", "audio": "aac"}),
        ("x.mkv", None, {"video": "h264", "audio": "opus"}),
        ("x.webm", None, {"video": "vp9", "audio": "opus"}),
        ("x.webm", "av1", {"video": "av1", "audio": "opus"}),
        ("x.mp4", "hevc", {"video": "hevc", "audio": "aac"}),
        ("x.mp4", "vp9", {"video": "vp9", "audio": "aac"}),
        ("x.mp4", "av1", {"video": "av1", "audio": "aac"}),
        ("x.mkv", "av1", {"video": "av1", "audio": "opus"}),
        ("x.mkv", "ffv1", {"video": "ffv1", "audio": "pcm_s16le"}),
        ("x.mov", "prores", {"video": "prores", "audio": "pcm_s16le"}),
    ],
)
def test_containers_and_codecs_hold_every_frame_and_the_whole_sound(
    media: Any, name: str, codec: str | None, expected: dict[str, str]
) -> None:
    audio = media.sound("speech.wav", media.tone(1.97, 48000, 2), 48000)
    path = media.folder / name
    write(path, (media.numbered(i) for i in range(50)), audio, codec=codec)
    assert streams(path) == expected
    with VideoReader(path, name) as video:
        assert [media.number_of(image) for image in video.frames(25)] == list(range(50))
    info = probe_audio(path)
    assert (info.duration, info.sample_rate, info.channels) == (1.97, 48000, 2)
    first = [decoded(path, kind)[0] for kind in ("video", "audio")]
    assert [float(frame.pts * frame.time_base) for frame in first] == [0.0, 0.0]


@pytest.mark.parametrize("fps", [25, 29.97])
@pytest.mark.parametrize("name", ["x.mp4", "x.mkv"])
def test_sound_and_pictures_neither_drift_nor_shift_in_90_seconds(media: Any, name: str, fps: Any) -> None:
    rate = NTSC if fps == 29.97 else Fraction(fps)
    seconds = Fraction(90)
    events = [Fraction(1), Fraction(30), Fraction(60), Fraction(89)]
    sound = np.zeros((90 * 44100, 1), np.float32)
    for time in events:
        sound[int(time * 44100) : int(time * 44100) + 441] = 0.9
    audio = media.sound("clicks.wav", sound, 44100)
    flashes = {-(-time * rate // 1) for time in events}  # the first frame at or after each click
    dark, bright = np.zeros((48, 64, 3), np.uint8), np.full((48, 64, 3), 255, np.uint8)
    count = -(-seconds * rate // 1)
    path = media.folder / name
    write(path, (bright if i in flashes else dark for i in range(count)), audio, fps=fps)

    frames = decoded(path, "video")
    assert len(frames) == count
    seen = [frame.pts * frame.time_base for frame in frames if frame.to_ndarray()[10, 10] > 128]
    samples = np.concatenate([block.samples[0] for block in read_sound(path)])
    loud = np.flatnonzero(np.abs(samples) > 0.4) / probe_audio(path).sample_rate
    heard = [loud[0], *loud[1:][np.diff(loud) > 1]]
    assert len(heard) == len(seen) == len(events)
    for flash, click, time in zip(seen, heard, events, strict=True):
        assert click == pytest.approx(float(time), abs=0.001)
        assert 0 <= flash - time <= 1 / rate + Fraction(1, 1000)


@pytest.mark.parametrize("fps", [25, 29.97, 24])
@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_durations_of_sound_and_pictures_are_exact_in_mp4(media: Any, fps: float, rate: int) -> None:
    count = round(1.2345 * rate)
    audio = media.sound("x.wav", media.tone(1.2345, rate), rate)
    exact = NTSC if fps == 29.97 else Fraction(fps)
    frames = -(-count * exact // rate)
    path = media.folder / "x.mp4"
    write(path, (media.numbered(i) for i in range(frames)), audio, fps=fps)
    with av.open(str(path)) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert sound.duration == count
        assert sound.time_base == Fraction(1, rate)
        assert video.time_base is not None
        assert video.duration is not None
        assert video.duration * video.time_base == frames / exact
        assert (video.average_rate, video.start_time, sound.start_time) == (exact, 0, 0)


@pytest.mark.parametrize(
    ("rate", "channels", "name", "expected"),
    [
        (44100, 2, "x.mp4", (44100, 2)),
        (8000, 1, "x.mp4", (8000, 1)),
        (16000, 1, "x.mp4", (16000, 1)),
        (96000, 2, "x.mp4", (48000, 2)),
        (37800, 1, "x.mp4", (48000, 1)),
        (44100, 1, "x.webm", (48000, 1)),
        (48000, 8, "x.mp4", (48000, 1)),
    ],
)
def test_sound_keeps_its_rate_and_channels_where_the_codec_can(
    media: Any, rate: int, channels: int, name: str, expected: tuple[int, int]
) -> None:
    audio = media.raw_wav("x.wav", (media.tone(0.5, rate, channels) * 32767).astype(np.int16), rate)
    path = media.folder / name
    write(path, (media.numbered(i) for i in range(13)), audio)
    info = probe_audio(path)
    assert (info.sample_rate, info.channels) == expected
    assert info.duration == pytest.approx(0.5, abs=1e-4)
    heard = np.concatenate([chunk.samples for chunk in read_speech(path)])
    assert np.abs(heard[1000:-1000] - media.tone(0.5, 16000)[1000:-1000, 0]).max() < 0.06


def test_sound_longer_or_shorter_than_the_pictures_stays_whole(media: Any) -> None:
    audio = media.sound("x.wav", media.tone(2.0, 44100), 44100)
    for frames in (5, 100):
        write(media.folder / "x.mp4", (media.numbered(i) for i in range(frames)), audio)
        assert len(decoded(media.folder / "x.mp4", "video")) == frames
        assert probe_audio(media.folder / "x.mp4").duration == 2.0


def test_video_without_sound_is_silent(media: Any) -> None:
    path = media.folder / "x.mp4"
    write(path, (media.numbered(i) for i in range(10)))
    assert streams(path) == {"video": "h264"}


def test_ffv1_is_lossless_at_any_size(media: Any) -> None:
    noise = [np.random.default_rng(i).integers(0, 256, (47, 63, 3), dtype=np.uint8) for i in range(4)]
    path = media.folder / "x.mkv"
    written = write(path, noise, codec="ffv1")
    assert (written.width, written.height, written.frames) == (63, 47, 4)
    with VideoReader(path, "x") as video:
        assert all(np.array_equal(a, b) for a, b in zip(video.frames(25), noise, strict=True))


def test_odd_sizes_lose_their_last_row_and_column(media: Any) -> None:
    path = media.folder / "x.mp4"
    written = write(path, [np.full((97, 161, 3), 128, np.uint8)] * 3)
    with VideoReader(path, "x") as video:
        assert (video.width, video.height) == (written.width, written.height) == (160, 96)


@pytest.mark.parametrize("colour", [(230, 30, 40), (20, 200, 60), (30, 40, 220), (0, 0, 0), (255, 255, 255)])
def test_colours_are_tagged_bt709_and_come_back(media: Any, colour: tuple[int, ...]) -> None:
    path = media.folder / "x.mp4"
    write(path, [np.full((96, 160, 3), colour, np.uint8)] * 3)
    with av.open(str(path)) as container:
        tags = container.streams.video[0].codec_context
        assert (tags.colorspace, tags.color_primaries, tags.color_trc, tags.color_range) == (1, 1, 1, 1)
        assert tags.pix_fmt == "yuv420p"
    with VideoReader(path, "x") as video:
        assert np.abs(next(video.frames(25))[50, 50].astype(int) - colour).max() <= 3


def test_mp4_begins_with_its_index(media: Any) -> None:
    path = media.folder / "x.mp4"
    write(path, (media.numbered(i) for i in range(10)))
    data = path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_smaller_crf_is_better(media: Any) -> None:
    noise = [np.random.default_rng(i).integers(0, 256, (96, 160, 3), dtype=np.uint8) for i in range(5)]
    sizes = []
    for crf in (10, None, 40):
        write(media.folder / "x.mp4", noise, crf=crf)
        sizes.append((media.folder / "x.mp4").stat().st_size)
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3


def test_file_appears_when_it_is_whole_and_replaces_the_old_one(media: Any) -> None:
    path = media.folder / "x.mp4"
    path.write_bytes(b"old")
    with VideoWriter(str(path), width=160, height=96, fps=25, audio=None) as writer:
        for i in range(60):
            writer.write(media.numbered(i))
        assert path.read_bytes() == b"old"
    assert len(decoded(path, "video")) == 60
    assert media.names() == ["x.mp4"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_aborted_writing_leaves_nothing(media: Any, failure: type[BaseException]) -> None:
    with (
        pytest.raises(failure),
        VideoWriter(str(media.folder / "x.mp4"), width=160, height=96, fps=25, audio=None) as writer,
    ):
        writer.write(media.numbered(0))
        raise failure
    assert media.names() == []


def test_leftovers_of_killed_runs_are_removed(media: Any) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    leftover = media.folder / f".x.mp4.{int(ended.stdout)}.part"
    leftover.touch()
    write(media.folder / "x.mp4", [media.numbered(0)])
    assert media.names() == ["x.mp4"]


@pytest.mark.parametrize("frames", [1, 200], ids=["at-close", "while-writing"])
def test_full_disk_is_reported_and_leaves_nothing(media: Any, monkeypatch: pytest.MonkeyPatch, frames: int) -> None:
    full = media.folder / "full"
    full.symlink_to("/dev/full")
    monkeypatch.setattr(writer_module, "temporary_for", lambda target: full)
    noise = [np.random.default_rng(i).integers(0, 256, (96, 160, 3), dtype=np.uint8) for i in range(frames)]
    with pytest.raises(MediaError, match=r"--output .*x\.mp4: no space left on the disk"):
        write(media.folder / "x.mp4", noise)
    assert media.names() == []


def test_sound_that_breaks_off_in_the_middle_leaves_nothing(media: Any) -> None:
    samples = np.zeros((32000, 1), np.float32)
    samples[20000] = np.nan
    audio = media.raw_wav("nan.wav", samples, 16000)
    with pytest.raises(MediaError, match="no numbers at 1"):
        write(media.folder / "x.mp4", [media.numbered(0)] * 50, audio)
    assert media.names() == ["nan.wav"]


def test_unreadable_sound_is_refused_before_the_first_frame(media: Any) -> None:
    with pytest.raises(MediaError, match=r"none\.wav: no such file"):
        VideoWriter(str(media.folder / "x.mp4"), width=160, height=96, fps=25, audio=media.folder / "none.wav")
    assert media.names() == []


def test_folder_that_is_missing_is_refused_before_the_first_frame(media: Any) -> None:
    with pytest.raises(InputError, match="there is no folder"):
        VideoWriter(str(media.folder / "no" / "x.mp4"), width=160, height=96, fps=25, audio=None)


def test_frames_of_another_shape_or_type_are_refused(media: Any) -> None:
    with (
        pytest.raises(ValueError, match=r"expected a uint8 image of shape \(96, 160, 3\), not float64 \(96, 160, 3\)"),
        VideoWriter(str(media.folder / "x.mp4"), width=160, height=96, fps=25, audio=None) as writer,
    ):
        writer.write(np.zeros((96, 160, 3)))  # type: ignore[arg-type]


def test_video_without_frames_is_refused(media: Any) -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        VideoWriter(str(media.folder / "x.mp4"), width=160, height=96, fps=25, audio=None).close()
    assert media.names() == []


@pytest.mark.parametrize(
    ("target", "codec", "crf", "message"),
    [
        ("x.mp4", "h265", None, "--codec h265: there is no such codec"),
        ("x.mp4", "ffv1", None, r"--codec ffv1: .* --codec h264 or hevc or vp9 or av1, .* ends in \.mkv"),
        ("x.webm", "h264", None, r"--codec h264: .* --codec vp9 or av1, .* ends in \.mp4 or \.mov or \.mkv"),
        ("-", "vp9", None, "--codec vp9: .* --codec h264 or hevc"),
        ("x.mp4", "h264", 52, r"--crf 52: h264 takes 0 \(best\) to 51"),
        ("x.mp4", "vp9", -1, r"--crf -1: vp9 takes 0 \(best\) to 63"),
        ("x.mkv", "ffv1", 20, "--crf 20: ffv1 has no such setting"),
        ("x.avi", None, None, r"\.avi files cannot be written; end it in \.mp4"),
        ("video", None, None, r"the name has no ending; end it in \.mp4"),
        ("http://host/x.mp4", None, None, "http:// cannot be written; give rtmp://"),
    ],
)
def test_what_cannot_be_written_is_refused_before_any_work(
    target: str, codec: str | None, crf: int | None, message: str
) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        check_target(target, codec, crf)
    assert "\n" not in str(caught.value)


def test_missing_encoder_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(av, "codecs_available", {"libx264"})
    check_target("x.mp4", "h264")
    with pytest.raises(OptionError, match=r"--codec hevc: .*libx265"):
        check_target("x.mp4", "hevc")


def test_default_codec_follows_the_target() -> None:
    assert [default_codec_for(t) for t in ("a.mp4", "a.WEBM", "-", "rtmp://h/a")] == ["h264", "vp9", "h264", "h264"]


def test_streams_are_told_from_files() -> None:
    assert [is_stream(t) for t in ("-", "udp://h:1", "a.mp4", "./-", "a:b.mp4")] == [True, True, False, False, False]
