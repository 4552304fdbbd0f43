"""Pictures of any common format as upright 8-bit RGB."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from dh.errors import MediaError
from dh.media.inputs import check_file
from dh.text import one_line

MAX_PIXELS = 100_000_000
"""Largest number of pixels of a picture or a video frame."""
MIN_SIDE = 16
"""Smallest width and height in pixels."""

_NO_PICTURES = ("BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF")
"""Formats that Pillow recognises but cannot decode, or only through another program."""

_MOVING = ("AVIF", "GIF", "PNG", "WEBP")
"""Formats whose further frames are an animation, rather than pages or smaller versions."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation."""


def read_image(path: str | Path) -> NDArray[np.uint8]:
    """Reads a picture; of several pages or frames, the first.

    EXIF orientation is applied and transparency is laid over white. Colours go to sRGB through the embedded ICC
    profile where it is a usable one. 16-bit values are scaled, not clipped; in 32-bit and floating-point pictures
    white is the smallest of the usual values (1, 255, 65535, 2^31 - 1) that holds the brightest pixel.

    Returns:
        uint8 RGB of shape (height, width, 3), contiguous.

    Raises:
        MediaError: no picture, damaged or cut off, fewer than 16 pixels wide or high, or above 100 megapixels.
    """
    path = Path(path)
    check_file(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns about odd tags and about sizes that are judged here
        try:
            with Image.open(path) as image:
                if image.format in _NO_PICTURES:
                    raise UnidentifiedImageError
                check_size(image.width, image.height, str(path))
                image.load()
                pixels = _to_rgb(_upright(image), is_tiff=image.format == "TIFF")
        except MediaError:
            raise
        except Image.DecompressionBombError:
            raise MediaError(f"{path}: has more than {MAX_PIXELS // 10**6} megapixels; scale it down") from None
        except UnidentifiedImageError:
            raise MediaError(f"{path}: is no picture that can be read; save it as JPEG or PNG") from None
        except Exception as error:  # Pillow's decoders raise almost any type for damaged files
            raise MediaError(f"{path}: is damaged or cut off ({one_line(error)}); save or download it again") from error
    return np.ascontiguousarray(pixels)


def picture_kind(path: Path) -> tuple[str | None, bool]:
    """The format of a picture file, such as "JPEG", and whether it moves; None where the file holds no picture."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path) as image:
                kind = None if image.format in _NO_PICTURES else image.format
                return kind, kind in _MOVING and _count_frames(image) > 1
        except Image.DecompressionBombError:
            return "too large", False
        except Exception:  # Pillow raises almost any type for damaged files; what reads the file next reports them
            return None, False


def check_size(width: int, height: int, name: str) -> None:
    """Refuses pictures too small to show a face, or too large to hold in memory.

    Raises:
        MediaError: below ``MIN_SIDE`` or above ``MAX_PIXELS``.
    """
    if width * height > MAX_PIXELS:
        raise MediaError(f"{name}: {width}x{height} is more than {MAX_PIXELS // 10**6} megapixels; scale it down")
    if min(width, height) < MIN_SIDE:
        raise MediaError(f"{name}: {width}x{height} is too small; give at least {MIN_SIDE}x{MIN_SIDE} pixels")


def over_white(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lays pixels of shape (height, width, 4) over white: (height, width, 3)."""
    alpha = rgba[..., 3:].astype(np.uint16)
    blended = rgba[..., :3] * alpha + 255 * (255 - alpha)
    return ((blended + 127) // 255).astype(np.uint8)


def _count_frames(image: Image.Image) -> int:
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception:  # cut off after its first frame: a picture, which reading refuses
        return 1


def _upright(image: Image.Image) -> Image.Image:
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a broken EXIF block does not spoil the pixels
        return image
    transpose = _UPRIGHT.get(orientation)
    return image if transpose is None else image.transpose(transpose)


def _to_rgb(image: Image.Image, *, is_tiff: bool) -> NDArray[np.uint8]:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        grey = _scale_to_bytes(np.asarray(image), always_16_bit=image.mode != "F" and not is_tiff)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        colour = _to_srgb(rgba.convert("RGB"), image.info.get("icc_profile"))
        return over_white(np.dstack([np.asarray(colour), np.asarray(rgba.getchannel("A"))]))
    if image.mode in ("1", "P"):
        image = image.convert("RGB")
    return np.asarray(_to_srgb(image, image.info.get("icc_profile")).convert("RGB"))


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in sRGB, or as it is where it has no profile, or one that does not fit it."""
    if not profile:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return image
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image
    return image if converted is None else converted


def _scale_to_bytes(values: NDArray[np.generic], *, always_16_bit: bool) -> NDArray[np.uint8]:
    """Grey values of more than 8 bits as bytes."""
    numbers = values.astype(np.float64)
    top = float(numbers.max())
    if not np.isfinite(numbers).all():
        raise ValueError("pixels that are not finite")
    if always_16_bit or values.dtype == np.uint16:
        white = 65535.0
    elif values.dtype.kind == "f" and top <= 2.0:  # a little above white is a usual trace of sharpening
        white = 1.0
    else:
        white = next((limit for limit in (255.0, 65535.0, 2.0**31 - 1) if top <= limit), top)
    scaled: NDArray[np.uint8] = np.clip(np.rint(numbers * (255.0 / white)), 0, 255).astype(np.uint8)
    return scaled
