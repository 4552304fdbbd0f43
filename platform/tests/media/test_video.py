"""Videos: upright frames at a constant rate, forward, and forward and backward without end."""

from __future__ import annotations

import io
import math
import struct
import weakref
import zipfile
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

import av
import numpy as np
import pytest

from dh.errors import MediaError
from dh.media import bounce
from dh.media.bounce import bounce_index
from dh.media.video import VideoReader

LONG_GOP = {"x264-params": "keyint=250:bframes=3:b-pyramid=normal:scenecut=0"}
OPEN_GOP = {"x264-params": "keyint=12:min-keyint=12:open-gop=1:bframes=3:scenecut=0"}
ONE = 1 << 16


def reader(path: Path) -> VideoReader:
    return VideoReader(path, str(path))


def numbers(media: Any, path: Path, fps: float) -> list[int]:
    return [media.number_of(image) for image in reader(path).frames(fps)]


def nearest(times: list[Fraction], end: Fraction, fps: Fraction) -> list[int]:
    """The slow twin of resampling: for each k / fps before the end, the frame whose time is nearest."""
    count = math.ceil(end * fps - Fraction(1, 4))
    return [min(range(len(times)), key=lambda i: abs(times[i] - k / fps)) for k in range(count)]


def test_every_frame_comes_once_and_in_order(media: Any) -> None:
    path = media.video("long.mp4", 70, options=LONG_GOP)
    with reader(path) as video:
        assert (video.width, video.height, video.fps, video.frame_count) == (160, 96, 25.0, 70)
        assert video.duration == pytest.approx(2.8)
    assert numbers(media, path, 25) == list(range(70))


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mkv", "libx264"), ("a.webm", "libvpx-vp9"), ("a.avi", "mpeg4"), ("a.mov", "prores_ks"), ("a.ts", "libx264")],
)
def test_containers_and_codecs_give_all_frames(media: Any, name: str, codec: str) -> None:
    pixel_format = "yuv422p10le" if codec == "prores_ks" else "yuv420p"
    path = media.video(name, 30, codec=codec, pixel_format=pixel_format, options={"b": "2M"})
    assert numbers(media, path, 25) == list(range(30))


@pytest.mark.parametrize("fps", [12.5, 24, 29.97, 30, 60])
def test_other_rates_show_the_nearest_frame(media: Any, fps: float) -> None:
    path = media.video("source.mp4", 50)
    rate = Fraction(30000, 1001) if fps == 29.97 else Fraction(fps)
    assert numbers(media, path, fps) == nearest([Fraction(i, 25) for i in range(50)], Fraction(2), rate)


def test_29_97_frames_per_second_stay_frame_for_frame(media: Any) -> None:
    path = media.video("ntsc.mkv", 120, fps=Fraction(30000, 1001))
    assert numbers(media, path, reader(path).fps) == list(range(120))


def test_variable_frame_rate_becomes_constant(media: Any) -> None:
    stamps = [0, 10, 30, 200, 220, 240, 500, 700, 710, 720, 1000]
    path = media.video("vfr.mkv", 11, stamps=stamps, options={"x264-params": "bframes=0"})
    with av.open(str(path)) as container:
        last = list(container.decode(video=0))[-1]
        end = 1 + last.duration * Fraction(last.time_base or 0)
    assert numbers(media, path, 25) == nearest([Fraction(stamp, 1000) for stamp in stamps], end, Fraction(25))


@pytest.mark.parametrize(
    ("matrix", "turn"),
    [
        ((0, ONE, 0, -ONE, 0, 0), lambda image: np.rot90(image, -1)),
        ((-ONE, 0, 0, 0, -ONE, 0), lambda image: np.rot90(image, 2)),
        ((0, -ONE, 0, ONE, 0, 0), np.rot90),
        ((-ONE, 0, 0, 0, ONE, 0), lambda image: image[:, ::-1]),
    ],
    ids=["clockwise", "half", "counterclockwise", "mirrored"],
)
def test_rotation_of_phone_videos_is_applied(media: Any, matrix: tuple[int, ...], turn: Any) -> None:
    image = np.random.default_rng(0).integers(0, 255, (6, 10, 3), dtype=np.uint8).repeat(16, axis=0).repeat(16, axis=1)
    path = media.video("phone.mp4", [image] * 5, options={"crf": "1"})
    data = bytearray(path.read_bytes())
    header = data.index(b"tkhd")
    struct.pack_into(">6i", data, header + 44, *matrix)
    plain = next(reader(path).frames(25))
    path.write_bytes(data)
    with reader(path) as video:
        upright = next(video.frames(25))
        assert (video.height, video.width) == upright.shape[:2]
    assert np.array_equal(upright, turn(plain))


def test_anamorphic_video_gets_square_pixels(media: Any) -> None:
    path = media.video("wide.mp4", 5, pixel_aspect=Fraction(3, 2))
    with reader(path) as video:
        assert (video.width, video.height) == (240, 96)
        assert next(video.frames(25)).shape == (96, 240, 3)


@pytest.mark.parametrize("colour", [(230, 30, 40), (20, 200, 60), (30, 40, 220), (255, 255, 255), (128, 128, 128)])
def test_untagged_colours_of_standard_definition_are_bt601(media: Any, colour: tuple[int, ...]) -> None:
    path = media.video("colour.mp4", [np.full((96, 160, 3), colour, np.uint8)] * 3, options={"crf": "1"})
    assert np.abs(next(reader(path).frames(25))[40, 80].astype(int) - colour).max() <= 3


def test_a_video_in_another_file_is_read(media: Any) -> None:
    path = media.video("inner.mp4", 20)
    with zipfile.ZipFile(media.folder / "outer.zip", "w") as archive:
        archive.write(path, "inner.mp4")
    with (
        zipfile.ZipFile(media.folder / "outer.zip") as archive,
        VideoReader(cast(BinaryIO, archive.open("inner.mp4")), "inner") as video,
    ):
        seen = [media.number_of(image) for image in video.frames(25)]
        positions = [media.number_of(image) for _, image in islice(video.bounce(25), 45)]
    assert seen == list(range(20))
    assert positions == [bounce_index(position, 20) for position in range(45)]


def test_closing_a_reader_closes_the_file_it_was_given(media: Any) -> None:
    file = io.BytesIO(media.video("x.mp4", 3).read_bytes())
    with VideoReader(file, "x"):
        assert not file.closed
    assert file.closed


def test_bounce_index_turns_at_both_ends() -> None:
    assert [bounce_index(position, 3) for position in range(7)] == [0, 1, 2, 1, 0, 1, 2]
    assert [bounce_index(position, 2) for position in range(4)] == [0, 1, 0, 1]
    assert [bounce_index(position, 1) for position in range(3)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("name", "options", "fps"),
    [
        ("long.mp4", LONG_GOP, 25),
        ("long.mp4", LONG_GOP, 10),
        ("long.mp4", LONG_GOP, 60),
        ("open.mp4", OPEN_GOP, 25),
        ("open.mkv", OPEN_GOP, 25),
        ("open.ts", OPEN_GOP, 25),
        ("refresh.mp4", {"x264-params": "intra-refresh=1:keyint=20:bframes=0"}, 25),
        ("no-times.h264", LONG_GOP, 25),
    ],
)
def test_playing_backward_gives_exactly_the_pixels_of_playing_forward(
    media: Any, name: str, options: dict[str, str], fps: int
) -> None:
    path = media.video(name, 63, options=options)
    with reader(path) as video:
        forward = list(video.frames(fps))
        count = len(forward)
        for position, (index, image) in enumerate(islice(video.bounce(fps), 3 * count)):
            assert index == bounce_index(position, count)
            assert np.array_equal(image, forward[index]), position


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_shortest_videos_bounce(media: Any, count: int) -> None:
    path = media.video("short.mp4", count)
    seen = [media.number_of(image) for _, image in islice(reader(path).bounce(25), 9)]
    assert seen == [bounce_index(position, count) for position in range(9)]


@pytest.mark.parametrize(("limit", "count"), [(1, 1), (2, 2), (30, 30), (63, 63), (200, 63)])
def test_a_limit_turns_the_video_round_after_as_many_frames(media: Any, limit: int, count: int) -> None:
    path = media.video("long.mp4", 63, options=LONG_GOP)
    with reader(path) as video:
        forward = list(islice(video.frames(25), count))
        for position, (index, image) in enumerate(islice(video.bounce(25, limit), 3 * count)):
            assert index == bounce_index(position, count)
            assert np.array_equal(image, forward[index]), position


@pytest.mark.parametrize("limit", [0, -3])
def test_a_limit_that_leaves_no_frame_is_refused_at_once(media: Any, limit: int) -> None:
    with (
        reader(media.video("short.mp4", 3)) as video,
        pytest.raises(ValueError, match=f"limit must be 1 or more, not {limit}"),
    ):
        video.bounce(25, limit)


def test_bouncing_seeks_and_never_holds_more_than_its_block_of_frames(
    media: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = media.video("long.mp4", 120, options={"x264-params": "keyint=40:bframes=3:scenecut=0"})
    video = reader(path)
    alive: list[weakref.ref[Any]] = []
    most = 0
    convert = video.convert

    def counting(picture: Any) -> Any:
        nonlocal most
        image = convert(picture)
        alive.append(weakref.ref(image))
        most = max(most, sum(reference() is not None for reference in alive))
        return image

    starts: list[int | None] = []
    decode_from = bounce._Track._decode_from

    def noting(track: Any, key: int | None, wanted: list[int]) -> Any:
        starts.append(key)
        return decode_from(track, key, wanted)

    monkeypatch.setattr(bounce._Track, "_decode_from", noting)
    monkeypatch.setattr(video, "convert", counting)
    for _ in islice(video.bounce(25), 300):
        pass
    assert bounce.BLOCK_FRAMES <= most <= bounce.BLOCK_FRAMES + 2  # and the one in the hands of either side
    assert set(starts) == {0, 40, 80}


def test_images_that_are_yielded_are_the_callers_own(media: Any) -> None:
    path = media.video("x.mp4", 4)
    for _, image in islice(reader(path).bounce(100), 60):
        assert image.max() > 0
        image[:] = 0


def test_video_cut_off_at_its_end_plays_what_is_there(media: Any) -> None:
    path = media.video("cut.mp4", 60, movflags="faststart", options={"x264-params": "keyint=10"})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    seen = numbers(media, path, 25)
    assert 10 <= len(seen) < 60
    assert seen[:10] == list(range(10))


def test_video_without_its_index_is_refused(media: Any) -> None:
    path = media.video("cut.mp4", 60)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(MediaError, match=r"cut\.mp4: .*damaged"):
        reader(path)


def test_video_of_damaged_frames_alone_is_refused(media: Any) -> None:
    path = media.video("noise.mp4", 20, movflags="faststart")
    data = path.read_bytes()
    begin = data.index(b"mdat") + 4
    path.write_bytes(data[:begin] + b"\xff" * (len(data) - begin))
    with pytest.raises(MediaError, match="can be decoded"):
        reader(path)


def test_tiny_video_is_refused(media: Any) -> None:
    path = media.video("tiny.mp4", [np.zeros((8, 64, 3), np.uint8)] * 3)
    with pytest.raises(MediaError, match="too small"):
        reader(path)


def test_file_that_vanishes_while_it_is_read_is_reported(media: Any) -> None:
    path = media.video("gone.mp4", 40, options=LONG_GOP)
    playing = reader(path).bounce(25)
    for _ in range(40):
        next(playing)
    media.video("gone.mp4", [np.zeros((96, 160, 3), np.uint8)] * 40)
    with pytest.raises(MediaError, match="was changed while it was being read"):
        list(islice(playing, 40))
