"""Sources: a picture or a video, told by what the file holds."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dh.errors import MediaError
from dh.source import Source


def save(media: Any, name: str, kind: str, frames: int = 1, **options: Any) -> Any:
    pictures = [Image.fromarray(media.numbered(i)) for i in range(frames)]
    animation = {"save_all": True, "append_images": pictures[1:], "duration": 100} if frames > 1 else {}
    pictures[0].save(media.folder / name, kind, **animation, **options)
    return media.folder / name


def test_a_picture_is_an_image(media: Any) -> None:
    source = Source.open(str(save(media, "face.jpg", "JPEG")))
    assert (source.kind, source.width, source.height) == ("image", 160, 96)
    assert (source.fps, source.frame_count, source.duration) == (None, 1, None)
    assert source.image().shape == (96, 160, 3)
    with pytest.raises(ValueError, match="is a picture"):
        source.reader()


def test_size_is_that_of_the_upright_picture(media: Any) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    source = Source.open(save(media, "phone.jpg", "JPEG", exif=exif))
    assert (source.width, source.height) == (96, 160) == source.image().shape[1::-1]


def test_a_video_is_a_video(media: Any) -> None:
    source = Source.open(media.video("talk.mp4", 30))
    assert (source.kind, source.width, source.height) == ("video", 160, 96)
    assert (source.fps, source.frame_count) == (25.0, 30)
    assert source.duration == pytest.approx(1.2)
    assert media.number_of(source.image()) == 0
    with source.reader() as reader:
        assert [media.number_of(image) for image in reader.frames(25)] == list(range(30))


def test_content_decides_whatever_the_name_says(media: Any) -> None:
    assert Source.open(save(media, "picture.mp4", "PNG")).kind == "image"
    assert Source.open(media.video("talk.mp4", 5).rename(media.folder / "talk.jpg")).kind == "video"


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_an_animation_is_a_video(media: Any, kind: str) -> None:
    source = Source.open(save(media, "moving", kind, frames=6))
    assert (source.kind, source.fps, source.frame_count) == ("video", 10.0, 6)
    with source.reader() as reader:
        assert [media.number_of(image) for image in reader.frames(10)] == list(range(6))


def test_transparent_parts_of_an_animation_are_white(media: Any) -> None:
    pictures = []
    for left in (0, 60):
        pixels = np.zeros((64, 96, 4), np.uint8)
        pixels[:, left : left + 36, 3] = 255
        pictures.append(Image.fromarray(pixels))
    path = media.folder / "moving.gif"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100, disposal=2)
    image = Source.open(path).image()
    assert not image[:, 5:30].any()
    assert (image[:, 70:] == 255).all()


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_a_single_frame_of_an_animation_format_is_an_image(media: Any, kind: str) -> None:
    assert Source.open(save(media, "still", kind)).kind == "image"


def test_animated_webp_is_refused_with_the_remedy(media: Any) -> None:
    with pytest.raises(MediaError, match="animated WEBP is not read; convert it to MP4"):
        Source.open(save(media, "moving.webp", "WEBP", frames=3))


def test_pages_of_a_tiff_are_no_animation(media: Any) -> None:
    assert Source.open(save(media, "pages.tiff", "TIFF", frames=3)).kind == "image"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize("part", [0.05, 0.3, 0.8])
def test_truncated_picture_is_refused(media: Any, kind: str, part: float) -> None:
    path = media.folder / "cut"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 120, 3), dtype=np.uint8)).save(path, kind)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    with pytest.raises(MediaError, match="cut: ") as caught:
        Source.open(path)
    assert "\n" not in str(caught.value)


def test_sound_is_no_source(media: Any) -> None:
    with pytest.raises(MediaError, match="has no picture"):
        Source.open(media.sound("speech.wav", media.tone(0.5, 16000), 16000))


def test_cover_picture_of_a_song_is_no_video(media: Any) -> None:
    cover = io.BytesIO()
    Image.fromarray(media.numbered(0)).save(cover, "JPEG")
    frame = b"\0image/jpeg\0\x03\0" + cover.getvalue()
    tag = b"APIC" + len(frame).to_bytes(4, "big") + b"\0\0" + frame
    size = bytes((len(tag) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    path = media.sound("song.mp3", media.tone(0.5, 44100), 44100, "libmp3lame")
    path.write_bytes(b"ID3\x03\0\0" + size + tag + path.read_bytes())
    with pytest.raises(MediaError, match="has no picture"):
        Source.open(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.jpg", b"", "is empty"),
        ("text.jpg", b"hello world\n" * 50, "can be read, or is damaged"),
        ("text.txt", b"\x1b[31mhello world\n" * 50, "can be read, or is damaged"),
        ("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100), "save it as JPEG or PNG"),
        ("talk.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isommp41" + bytes(100), "can be read, or is damaged"),
    ],
)
def test_what_is_no_source_is_refused_in_one_line(media: Any, name: str, content: bytes, message: str) -> None:
    path = media.folder / name
    path.write_bytes(content)
    with pytest.raises(MediaError) as caught:
        Source.open(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_missing_file_and_folder_are_refused(media: Any) -> None:
    with pytest.raises(MediaError, match="no such file"):
        Source.open(media.folder / "none.jpg")
    with pytest.raises(MediaError, match="is a folder"):
        Source.open(media.folder)


def test_declaring_a_source_loads_no_media_library() -> None:
    program = "import sys, dh.media, dh.source; print([m for m in ('av', 'PIL', 'numpy') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"
