"""Size, order and motion of the source's frames."""

from __future__ import annotations

import numpy as np
import pytest

from dh_ditto.motion import MotionInfo
from dh_ditto.source_frames import fit, fit_size, mirror_index, network_image, smooth_motion


@pytest.mark.parametrize(
    ("size", "limit", "expected"),
    [
        ((1080, 1920), 1920, (1080, 1920)),
        ((1920, 1080), 512, (512, 288)),
        ((719, 1281), 1920, (718, 1280)),
        ((2161, 3841), 1920, (1080, 1920)),
        ((4001, 3001), -1, (4000, 3000)),
        ((4001, 3001), 0, (4000, 3000)),
        ((1, 5000), 1000, (2, 1000)),
    ],
)
def test_size_is_limited_and_even(size: tuple[int, int], limit: int, expected: tuple[int, int]) -> None:
    assert fit_size(*size, limit) == expected


def test_a_picture_of_the_right_size_is_left_alone() -> None:
    image = np.zeros((20, 30, 3), np.uint8)
    assert fit(image, 20, 30) is image
    assert fit(image, 10, 16).shape == (10, 16, 3)


def test_frames_run_to_the_end_and_back_showing_both_ends_twice() -> None:
    assert [mirror_index(position, 3) for position in range(10)] == [0, 1, 2, 2, 1, 0, 0, 1, 2, 2]
    assert [mirror_index(position, 1) for position in range(4)] == [0, 0, 0, 0]


def infos(count: int) -> list[MotionInfo]:
    rng = np.random.default_rng(2)
    sizes = {"scale": 1, "yaw": 66, "exp": 63, "kp": 63}
    return [{name: rng.standard_normal((1, n)).astype(np.float32) for name, n in sizes.items()} for _ in range(count)]


@pytest.mark.parametrize(("count", "window", "reach"), [(30, 13, 6), (5, 13, 6), (20, 4, 2), (20, 5, 2), (9, 2, 1)])
def test_smoothing_is_the_mean_of_the_frames_within_reach(count: int, window: int, reach: int) -> None:
    motion = infos(count)
    smooth = smooth_motion(motion, window)
    for at in range(count):
        near = motion[max(0, at - reach) : at + reach + 1]
        for name, value in smooth[at].items():
            assert value == pytest.approx(np.mean([info[name] for info in near], axis=0), abs=1e-6)
            assert value.dtype == np.float32


@pytest.mark.parametrize(("count", "window"), [(1, 13), (9, 1), (9, 0), (9, -1)])
def test_one_frame_or_no_window_changes_nothing(count: int, window: int) -> None:
    motion = infos(count)
    for mine, given in zip(smooth_motion(motion, window), motion, strict=True):
        assert all(np.array_equal(mine[name], given[name]) for name in given)


def test_smoothing_leaves_what_it_was_given() -> None:
    motion = infos(6)
    before = [{name: value.copy() for name, value in info.items()} for info in motion]
    smooth_motion(motion, 5)
    assert all(np.array_equal(info[name], old[name]) for info, old in zip(motion, before, strict=True) for name in old)


def test_networks_see_the_mean_of_four_pixels_in_0_to_1() -> None:
    crop = np.random.default_rng(4).integers(0, 256, (512, 512, 3), np.uint8)
    image = network_image(crop)
    assert image.shape == (1, 3, 256, 256)
    assert image.dtype == np.float32
    means = crop.reshape(256, 2, 256, 2, 3).mean((1, 3)).transpose(2, 0, 1)[None] / 255
    assert np.abs(image - means).max() < 0.51 / 255
