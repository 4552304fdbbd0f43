"""Side-by-side videos and filmstrips of a comparison."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import dh
from dh.comparison.filmstrip import FRAMES, HEIGHT, write_filmstrip
from dh.comparison.lettering import fit_font, font_of, wrap
from dh.comparison.pairs import MAX_SIZE, Panel, write_pair
from dh.media.audio import probe_audio

RED, GREEN, BLUE = (200, 30, 30), (30, 160, 30), (30, 30, 200)
Write = Callable[..., Path]


@pytest.fixture
def write_video(tmp_path: Path) -> Write:
    """Writes a video of one colour that turns darker by one in each frame."""

    def write(
        name: str, colour: tuple[int, int, int], frames: int = 12, fps: int = 25, size: tuple[int, int] = (64, 64)
    ) -> Path:
        path = tmp_path / name
        with dh.VideoWriter(str(path), width=size[0], height=size[1], fps=fps, audio=None, crf=10) as writer:
            for frame in range(frames):
                writer.write(np.full((size[1], size[0], 3), np.clip(np.array(colour) - frame, 0, 255), np.uint8))
        return path

    return write


def read(video: Path) -> tuple[list[NDArray[np.uint8]], float]:
    with dh.VideoReader(video, str(video)) as reader:
        return list(reader.frames(reader.fps)), reader.fps


def near(image: NDArray[np.uint8], colour: tuple[int, int, int], tolerance: int = 12) -> NDArray[np.bool_]:
    return np.asarray((np.abs(image.astype(int) - np.array(colour)) <= tolerance).all(axis=2))


def test_panels_lie_in_reading_order_with_the_one_soundtrack(write_video: Write, speech: Path, tmp_path: Path) -> None:
    target = tmp_path / "pair.mp4"
    panels = [
        Panel(str(colour), write_video(f"{place}.mp4", colour)) for place, colour in enumerate((RED, GREEN, BLUE))
    ]
    write_pair(panels, speech, target)
    frames, fps = read(target)
    assert (len(frames), fps) == (12, 25)
    middles = [np.argwhere(near(frames[0], colour)).mean(axis=0) for colour in (RED, GREEN, BLUE)]
    order = [tuple(np.round(middle / 40)) for middle in middles]
    assert order == sorted(order) and len(set(order)) == 3
    assert all(near(frames[0], colour).sum() >= 60 * 60 for colour in (RED, GREEN, BLUE))
    assert probe_audio(target).duration == pytest.approx(1.3, abs=0.05)


def test_every_panel_shows_the_same_time_and_a_shorter_video_holds_its_last_frame(
    write_video: Write, speech: Path, tmp_path: Path
) -> None:
    target = tmp_path / "pair.mp4"
    panels = [
        Panel("long", write_video("long.mp4", RED, 40, 50)),
        Panel("short", write_video("short.mp4", GREEN, 8, 25)),
    ]
    write_pair(panels, speech, target)
    frames, fps = read(target)
    assert (len(frames), fps) == (40, 50)

    def levels(image: NDArray[np.uint8]) -> tuple[float, float]:
        return tuple(
            float(image[near(image, colour, 45)][:, channel].mean()) for colour, channel in ((RED, 0), (GREEN, 1))
        )  # type: ignore[return-value]

    for frame, (red, green) in {0: (200, 160), 10: (190, 155), 39: (161, 153)}.items():
        assert levels(frames[frame]) == pytest.approx((red, green), abs=3)


def test_a_failed_cell_is_a_grey_panel_with_its_label_and_reason(
    write_video: Write, speech: Path, tmp_path: Path
) -> None:
    target = tmp_path / "pair.mp4"
    video = write_video("one.mp4", RED, size=(200, 160))
    write_pair(
        [Panel("made", video), Panel("not made", None, "out of memory: " + "words " * 60 + "x" * 300)], speech, target
    )
    image = read(target)[0][-1]
    image = image[48:]  # below the labels
    grey = near(image, (58, 61, 66))
    box = np.argwhere(grey)
    assert box[:, 1].min() > 200
    height, width = np.ptp(box, axis=0) + 1
    assert (height, width) == pytest.approx((160, 200), abs=4)
    inside = image[box[:, 0].min() : box[:, 0].max(), box[:, 1].min() : box[:, 1].max()]
    assert 0.02 < (inside.min(axis=2) > 150).mean() < 0.5


def test_a_pair_without_any_video_is_still_a_video(speech: Path, tmp_path: Path) -> None:
    write_pair([Panel("a", None, "why"), Panel("b", None)], speech, tmp_path / "pair.mp4")
    frames, _ = read(tmp_path / "pair.mp4")
    assert len(frames) == 25
    with pytest.raises(ValueError, match="at least one panel"):
        write_pair([], speech, tmp_path / "none.mp4")


@pytest.mark.parametrize(("count", "size"), [(1, (64, 64)), (3, (1280, 720)), (4, (720, 1280)), (7, (512, 512))])
def test_the_grid_stays_within_full_hd_and_keeps_the_videos_aspect(
    write_video: Write, speech: Path, tmp_path: Path, count: int, size: tuple[int, int]
) -> None:
    video = write_video("one.mp4", RED, 1, size=size)
    write_pair([Panel(f"variant {place}", video) for place in range(count)], speech, tmp_path / "pair.mp4")
    image = read(tmp_path / "pair.mp4")[0][0]
    assert image.shape[1] <= MAX_SIZE[0] and image.shape[0] <= MAX_SIZE[1]
    rows = near(image, RED).any(axis=1)
    columns = near(image, RED).any(axis=0)
    width = int(np.argmin(columns[np.argmax(columns) :]))
    height = int(np.argmin(rows[np.argmax(rows) :]))
    assert width / height == pytest.approx(size[0] / size[1], rel=0.02)
    assert near(image, RED).sum() == pytest.approx(count * width * height, rel=0.08)


def test_text_is_never_wider_or_higher_than_its_room() -> None:
    for text in ("short", "a label that is too long for its panel " * 3, "w" * 400):
        font, shown = fit_font(text, 150, sizes=(22, 15))
        assert font.getlength(shown) <= 150
        font, lines = wrap(text, 150, 60, sizes=(19, 11))
        assert max(map(font.getlength, lines)) <= 150
        assert len(lines) * font.size * 1.35 <= 60
    assert wrap("two words", 500, 100, sizes=(19,))[1] == ["two words"]
    assert fit_font("short", 500, sizes=(22, 15)) == (font_of(22), "short")


@pytest.mark.parametrize("frames", [1, 5, 8, 41])
def test_a_filmstrip_shows_eight_frames_evenly_over_time(write_video: Write, tmp_path: Path, frames: int) -> None:
    target = tmp_path / "strip.jpg"
    write_filmstrip(write_video("one.mp4", RED, frames, size=(160, 80)), target)
    strip = Image.open(target)
    assert strip.format == "JPEG"
    assert strip.size == (FRAMES * 162 - 2, 80)
    reds = [strip.convert("RGB").getpixel((place * 162 + 80, 40))[0] for place in range(FRAMES)]  # type: ignore[index]
    assert reds == pytest.approx([200 - int((place + 0.5) / 8 * frames) for place in range(FRAMES)], abs=4)


def test_a_filmstrip_of_a_large_video_is_small(write_video: Write, tmp_path: Path) -> None:
    write_filmstrip(write_video("one.mp4", RED, 2, size=(640, 480)), tmp_path / "strip.jpg")
    assert Image.open(tmp_path / "strip.jpg").size == (FRAMES * 215 - 2, HEIGHT)
