"""Pictures: every common format becomes upright 8-bit RGB, and what cannot is refused in one line."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from dh.errors import MediaError
from dh.media.images import read_image

RED, GREEN, BLUE, GREY = (255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128)


def corners(image: NDArray[Any]) -> list[tuple[int, ...]]:
    return [tuple(int(v) for v in image[y, x]) for y, x in ((2, 2), (2, -3), (-3, 2), (-3, -3))]


def four_colours(width: int = 40, height: int = 24) -> NDArray[Any]:
    image = np.empty((height, width, 3), np.uint8)
    image[: height // 2, : width // 2], image[: height // 2, width // 2 :] = RED, GREEN
    image[height // 2 :, : width // 2], image[height // 2 :, width // 2 :] = BLUE, GREY
    return image


def png(width: int, height: int, depth: int, colour: int, rows: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, [RED, GREEN, BLUE, GREY]),
        (2, [GREEN, RED, GREY, BLUE]),
        (3, [GREY, BLUE, GREEN, RED]),
        (4, [BLUE, GREY, RED, GREEN]),
        (5, [RED, BLUE, GREEN, GREY]),
        (6, [BLUE, RED, GREY, GREEN]),
        (7, [GREY, GREEN, BLUE, RED]),
        (8, [GREEN, GREY, RED, BLUE]),
    ],
)
@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int, expected: list[Any], suffix: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"turned.{suffix}"
    Image.fromarray(four_colours()).save(path, exif=exif)
    image = read_image(path)
    assert image.shape == ((40, 24, 3) if orientation >= 5 else (24, 40, 3))
    assert corners(image) == expected


def test_broken_exif_does_not_spoil_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    Image.fromarray(four_colours()).save(path, exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert corners(read_image(path)) == [RED, GREEN, BLUE, GREY]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_laid_over_white(tmp_path: Path, mode: str) -> None:
    rgba = np.zeros((20, 20, 4), np.uint8)
    rgba[:10, :, 3] = 255
    path = tmp_path / "see-through.png"
    Image.fromarray(rgba).convert(mode).save(path)
    image = read_image(path)
    assert not image[:10].any()
    assert (image[10:] == 255).all()


def test_half_transparent_black_over_white_is_grey(tmp_path: Path) -> None:
    rgba = np.zeros((20, 20, 4), np.uint8)
    rgba[..., 3] = 128
    Image.fromarray(rgba).save(tmp_path / "half.png")
    assert (read_image(tmp_path / "half.png") == 127).all()


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_grey_bitonal_and_palette_pictures_become_rgb(tmp_path: Path, mode: str) -> None:
    black_and_white = np.zeros((20, 30, 3), np.uint8)
    black_and_white[:, 15:] = 255
    Image.fromarray(black_and_white).convert(mode).save(tmp_path / "x.png")
    assert np.array_equal(read_image(tmp_path / "x.png"), black_and_white)


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_16_bit_grey_is_scaled_not_clipped(tmp_path: Path, suffix: str) -> None:
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (32, 1))
    path = tmp_path / f"deep.{suffix}"
    Image.fromarray(ramp).save(path)
    assert np.array_equal(read_image(path)[0, :, 0], np.rint(ramp[0] / 257.0))


def test_16_bit_pgm_is_scaled(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 65535, 64).astype(">u2"), (32, 1))
    (tmp_path / "deep.pgm").write_bytes(b"P5 64 32 65535\n" + ramp.tobytes())
    assert np.array_equal(read_image(tmp_path / "deep.pgm")[0, :, 1], np.rint(ramp[0] / 257.0))


def test_16_bit_rgb_png_keeps_its_colours(tmp_path: Path) -> None:
    pixels = np.full((32, 32, 3), (65535, 0x8080, 0x0101), ">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    (tmp_path / "deep.png").write_bytes(png(32, 32, 16, 2, rows))
    assert (read_image(tmp_path / "deep.png") == (255, 128, 1)).all()


@pytest.mark.parametrize("white", [1.0, 255.0, 65535.0])
def test_float_tiff_is_scaled_by_the_white_that_holds_it(tmp_path: Path, white: float) -> None:
    ramp = np.tile(np.linspace(0, white, 64, dtype=np.float32), (32, 1))
    Image.fromarray(ramp).save(tmp_path / "float.tiff")
    assert np.abs(read_image(tmp_path / "float.tiff")[0, :, 0] - np.linspace(0, 255, 64)).max() <= 0.51


def test_float_tiff_with_nan_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.full((32, 32), np.nan, np.float32)).save(tmp_path / "nan.tiff")
    with pytest.raises(MediaError, match=r"nan\.tiff: .*not finite"):
        read_image(tmp_path / "nan.tiff")


@pytest.mark.parametrize("suffix", ["jpg", "tiff"])
def test_cmyk_shows_its_colours(tmp_path: Path, suffix: str) -> None:
    """Pillow writes CMYK JPEG inverted with Adobe's marker, as Photoshop does."""
    path = tmp_path / f"print.{suffix}"
    options: dict[str, Any] = {"quality": 100} if suffix == "jpg" else {}
    Image.fromarray(four_colours()).convert("CMYK").save(path, **options)
    for found, expected in zip(corners(read_image(path)), [RED, GREEN, BLUE, GREY], strict=True):
        assert np.abs(np.subtract(found, expected)).max() <= 6


def icc_profile_with_red_and_green_exchanged() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "odd!".encode("utf-16-be"))


@pytest.mark.parametrize("alpha", [False, True])
def test_embedded_icc_profile_is_applied(tmp_path: Path, alpha: bool) -> None:
    image = Image.new("RGBA" if alpha else "RGB", (20, 20), RED)
    image.save(tmp_path / "odd.png", icc_profile=icc_profile_with_red_and_green_exchanged())
    red, green, blue = read_image(tmp_path / "odd.png")[5, 5]
    assert (green > 250, red < 5, blue < 5) == (True, True, True)


def test_unusable_icc_profile_is_left_aside(tmp_path: Path) -> None:
    Image.fromarray(four_colours()).save(tmp_path / "x.png", icc_profile=b"no profile at all")
    assert corners(read_image(tmp_path / "x.png")) == [RED, GREEN, BLUE, GREY]


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.98])
@pytest.mark.parametrize("kind", ["JPEG", "progressive", "PNG", "WEBP", "GIF", "BMP", "TIFF", "LZW"])
def test_truncated_picture_is_refused_whole(tmp_path: Path, kind: str, part: float) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 120, 3), dtype=np.uint8))
    whole = io.BytesIO()
    if kind == "progressive":
        noise.save(whole, "JPEG", progressive=True)
    elif kind == "LZW":
        noise.save(whole, "TIFF", compression="tiff_lzw")
    else:
        noise.save(whole, kind)
    path = tmp_path / "cut"
    path.write_bytes(whole.getvalue()[: int(len(whole.getvalue()) * part)])
    with pytest.raises(MediaError, match="cut: "):
        read_image(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.png", b"", "is empty"),
        ("text.png", b"hello world, this is text\n" * 20, "is no picture"),
        (
            "script.eps",
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n%%EndComments\nshowpage\n",
            "is no picture",
        ),
        ("large.png", png(12000, 9000, 8, 2), "more than 100 megapixels"),
        ("bomb.png", png(60000, 60000, 8, 2), "more than 100 megapixels"),
        ("small.png", png(15, 200, 8, 2), "too small"),
    ],
)
def test_unusable_picture_is_refused_in_one_line(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with warnings.catch_warnings(), pytest.raises(MediaError) as caught:
        warnings.simplefilter("error")
        read_image(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_missing_picture_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no such file"):
        read_image(tmp_path / "none.png")
    with pytest.raises(MediaError, match="is a folder"):
        read_image(tmp_path)
    with pytest.raises(MediaError, match="is no file name"):
        read_image(tmp_path / "a\0b")


def test_picture_is_known_by_its_content_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / 'it\'s "a" pïcture ☺ %d.txt'
    Image.fromarray(four_colours()).save(path, "PNG")
    assert corners(read_image(path)) == [RED, GREEN, BLUE, GREY]
