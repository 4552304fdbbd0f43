"""The paste-back, against the plain form on the whole frame."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dh_ditto.paste import PasteBack, blend_mask
from ditto_places import PLACES

Image = NDArray[np.uint8]

SIZE = 64


def scene(seed: int = 0) -> tuple[Image, NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    frame = rng.integers(0, 256, (96, 150, 3), dtype=np.uint8)
    return frame, (255 * rng.random((SIZE, SIZE, 3))).astype(np.float32)


def bilinear(picture: NDArray[np.float64], back: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    """Values of a picture [h,w,c] on a frame's pixels, 0 beyond it; ``back`` maps the frame to the picture."""
    points = np.stack([*np.meshgrid(np.arange(width), np.arange(height)), np.ones((height, width))], -1) @ back.T
    x, y = points[..., 0], points[..., 1]
    total = np.zeros((height, width, picture.shape[2]))
    for dx in (0, 1):
        for dy in (0, 1):
            column, row = np.floor(x).astype(int) + dx, np.floor(y).astype(int) + dy
            inside = (column >= 0) & (row >= 0) & (column < picture.shape[1]) & (row < picture.shape[0])
            weight = (1 - np.abs(x - column)) * (1 - np.abs(y - row)) * inside
            total += weight[..., None] * picture[row * inside, column * inside]
    return total


def plain(frame: Image, render: NDArray[np.float32], forward: NDArray[np.float32], mask: NDArray[np.float32]) -> Image:
    back = np.linalg.inv(forward.astype(np.float64))[:2]
    share = bilinear(mask.astype(np.float64)[..., None], back, *frame.shape[:2])
    blend = share * bilinear(render.astype(np.float64), back, *frame.shape[:2]) + (1 - share) * frame
    return np.clip(blend, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("place", PLACES)
def test_strips_give_what_the_whole_frame_gives(place: str) -> None:
    frame, render = scene()
    mask = blend_mask(SIZE, SIZE)
    expected = plain(frame, render, PLACES[place], mask).astype(int)
    got = PasteBack(mask).paste(frame, render, PLACES[place])
    assert got.dtype == np.uint8
    assert np.abs(got - expected).max() <= 1
    assert (got != expected).mean() < 0.002
    assert (place == "beside the frame") == np.array_equal(got, frame)


@pytest.mark.parametrize("place", PLACES)
def test_a_still_background_gives_the_same_frames_again_and_again(place: str) -> None:
    frame, first = scene()
    _, second = scene(1)
    paste = PasteBack(blend_mask(SIZE, SIZE))
    background = paste.background(frame, PLACES[place])
    for render in (first, second, first):
        np.testing.assert_array_equal(background.paste(render), paste.paste(frame, render, PLACES[place]))


def test_values_are_truncated_and_stay_in_range() -> None:
    frame = np.zeros((SIZE, SIZE, 3), np.uint8)
    render = np.full((SIZE, SIZE, 3), 99.9, np.float32)
    render[:, 32:] = 260
    pasted = PasteBack(np.ones((SIZE, SIZE), np.float32)).paste(frame, render, np.eye(3, dtype=np.float32))
    assert set(pasted[:, :32].ravel()) == {99}
    assert set(pasted[:, 32:].ravel()) == {255}


def test_pixels_outside_the_crop_keep_their_values() -> None:
    frame, render = scene()
    pasted = PasteBack(blend_mask(SIZE, SIZE)).paste(frame, render, PLACES["inside"])
    beyond = plain(np.zeros_like(frame), np.full_like(render, 255), PLACES["inside"], np.ones((SIZE, SIZE), np.float32))
    np.testing.assert_array_equal(pasted[beyond == 0], frame[beyond == 0])
    assert (pasted != frame).any()


def test_frame_and_render_are_not_changed() -> None:
    frame, render = scene()
    before = frame.copy(), render.copy()
    PasteBack(blend_mask(SIZE, SIZE)).background(frame, PLACES["inside"]).paste(render)
    np.testing.assert_array_equal(frame, before[0])
    np.testing.assert_array_equal(render, before[1])


def test_the_mask_is_one_inside_and_zero_on_the_rim() -> None:
    mask = blend_mask(100, 80, 0.8, 0.5)
    assert mask.shape == (80, 100)
    assert (mask[20:60, 10:90] == 1).all()
    assert not np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).any()
    assert (np.diff(mask[40, :10]) > 0).all()


def test_a_mask_without_a_ramp_covers_everything() -> None:
    assert (blend_mask(20, 20, 1, 1) == 1).all()
