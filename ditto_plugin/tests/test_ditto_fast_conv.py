"""Each fast convolution gives what torch's own gives."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from dh_ditto.networks.inference import tiles as tiled
from dh_ditto.networks.inference import winograd
from dh_ditto.networks.inference.fourier import FourierConv
from dh_ditto.networks.inference.phases import PHASES, PhaseConv
from dh_ditto.networks.inference.scratch import Scratch
from dh_ditto.networks.inference.winograd import WinogradConv, transforms


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def close(mine: Tensor, torchs: Tensor) -> None:
    torch.testing.assert_close(mine, torchs, rtol=1e-5, atol=2e-5)


@pytest.fixture(autouse=True)
def inference() -> Iterator[None]:
    with torch.inference_mode():
        yield


@pytest.mark.parametrize("size", [2, 4])
def test_tiles_are_pixels_p_apart_and_join_again(size: int) -> None:
    picture = normal(3, 8, 16)
    tiles = tiled.cut(picture, size)
    assert tiles.shape == (size, size, 3, 8 // size, 16 // size)
    for i, j in itertools.product(range(size), repeat=2):
        assert torch.equal(tiles[i, j], picture[:, i::size, j::size])
    assert torch.equal(tiled.join(tiles), picture)


def test_a_picture_that_does_not_fit_is_refused_with_its_size() -> None:
    with pytest.raises(ValueError, match="multiples of 4, got 8 x 10"):
        tiled.cut(normal(1, 8, 10))


@pytest.mark.parametrize(("start", "rows"), [(0, 4), (0, 1), (1, 2), (3, 1)])
@pytest.mark.parametrize("margin", [1, 3])
def test_a_tile_with_its_halo_is_a_window_of_the_padded_volume(margin: int, start: int, rows: int) -> None:
    volume, size = normal(2, 3, 16, 8), 4
    out = torch.full((size + 2 * margin, size + 2 * margin, 2, 5, rows, 2), torch.nan)
    tiled.halo(tiled.cut(volume), start, out)
    padded = functional.pad(volume, (margin, margin, margin, margin, 1, 1))
    for row, column in itertools.product(range(rows), range(2)):
        top, left, side = (start + row) * size, column * size, size + 2 * margin
        expected = padded[..., top : top + side, left : left + side]
        assert torch.equal(out[..., row, column].permute(2, 3, 0, 1), expected)


def test_tiles_halve_merge_and_pool_as_pictures_do() -> None:
    picture = normal(3, 16, 8)
    assert torch.equal(tiled.halve(tiled.cut(picture, 4)), tiled.cut(picture, 2))
    volume = normal(3, 2, 16, 8)
    assert torch.equal(tiled.merge(tiled.cut(volume, 2)), tiled.cut(volume, 4))
    pooled = tiled.join(tiled.pool(tiled.cut(volume, 4)))
    torch.testing.assert_close(pooled, functional.avg_pool3d(volume, (1, 2, 2)))


def test_winograd_matrices_filter_a_signal() -> None:
    b, g, a = transforms(4, 3)
    signal, kernel = np.random.default_rng(0).standard_normal((2, 6))
    filtered = a @ ((g @ kernel[:3]) * (b @ signal))
    np.testing.assert_allclose(filtered, np.correlate(signal, kernel[:3]), rtol=1e-12)


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("shape", [(12, 16), (4, 4), (3, 8, 12), (1, 4, 4)])
def test_winograd_is_torchs_convolution(shape: tuple[int, ...], kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winograd, "_MOST_WEIGHTS", 2**17 if kept else 0)
    dims = len(shape)
    x, bias = normal(5, *shape), normal(7, seed=2)
    weight = normal(7, 5, *[3] * dims, seed=1) / 12
    expected = (functional.conv2d if dims == 2 else functional.conv3d)(x[None], weight, bias, padding=1)[0]
    conv = WinogradConv(weight, bias, Scratch())
    close(tiled.join(conv(tiled.cut(x))), expected)
    close(tiled.join(conv.filtered(conv.transformed(tiled.cut(x)))), expected)


@pytest.mark.parametrize("shape", [(20, 16), (2, 20, 8)])
def test_winograd_in_strips_is_winograd_at_once(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    x, weight, bias = tiled.cut(normal(5, *shape)), normal(3, 5, *[3] * len(shape), seed=1), normal(3, seed=2)
    whole = WinogradConv(weight, bias, Scratch())(x)
    monkeypatch.setattr(winograd, "_STRIP", 0)
    monkeypatch.setattr(winograd, "_FEWEST", 8)
    conv = WinogradConv(weight, bias, Scratch())
    first, _ = next(conv.strips(x))
    assert first.stop < whole.shape[-2], "one strip holds all: nothing is tested"
    close(conv(x), whole)


def test_winograd_of_repeated_pixels_is_that_of_all() -> None:
    three = normal(3, 3, 5, 2, 4)
    four = three[[0, 1, 1, 2]][:, [0, 1, 1, 2]]
    weight, bias = normal(6, 5, 3, 3, seed=1), normal(6, seed=2)
    repeated = WinogradConv(weight, bias, Scratch(), repeated=True)(three)
    close(repeated / 10, WinogradConv(weight, bias, Scratch())(four) / 10)


@pytest.mark.parametrize(("height", "depth"), [(16, 1), (48, 4)])
def test_fourier_is_torchs_convolution_in_volume_and_plane(height: int, depth: int) -> None:
    x = normal(1, 3, depth, height, 32)
    weight, bias = normal(4, 3, 7, 7, 7, seed=1) / 30, normal(4, seed=2)
    plane, plane_bias = normal(2, 3 * depth, 7, 7, seed=3) / 20, normal(2, seed=4)
    through = functional.pad(plane.unflatten(1, (3, depth)), (0, 0, 0, 0, 3, 3))
    volumes, planes = FourierConv([weight, through], [bias, plane_bias], Scratch())(tiled.cut(x[0], 16))
    close(tiled.join(volumes), functional.conv3d(x, weight, bias, padding=3)[0])
    close(tiled.join(planes)[:, 0], functional.conv2d(x.flatten(1, 2), plane, plane_bias, padding=3)[0])


@pytest.mark.parametrize("factor", sorted(PHASES))
@pytest.mark.parametrize("shape", [(6, 4), (3, 4, 2)])
def test_phases_are_the_convolution_of_the_enlarged_picture(shape: tuple[int, ...], factor: int) -> None:
    dims = len(shape)
    x, bias = normal(1, 5, *shape), normal(7, seed=2)
    weight = normal(7, 5, *[3] * dims, seed=1) / 12
    enlarged = functional.interpolate(x, scale_factor=(*[1] * (dims - 2), factor, factor))
    expected = (functional.conv2d if dims == 2 else functional.conv3d)(enlarged, weight, bias, padding=1)[0]
    phases = PhaseConv(weight, bias, factor, Scratch())(x[0])
    all_phases = tiled.cut(expected, factor)
    for (i, row), (j, column) in itertools.product(enumerate(PHASES[factor]), repeat=2):
        close(phases[i, j], all_phases[row, column])


def test_phase_two_of_four_is_phase_one() -> None:
    """So it is left out."""
    enlarged = functional.interpolate(normal(1, 2, 4, 4), scale_factor=4)
    phases = tiled.cut(functional.conv2d(enlarged, normal(3, 2, 3, 3, seed=1), padding=1)[0], 4)
    close(phases[2], phases[1])
    close(phases[:, 2], phases[:, 1])


def test_scratch_gives_a_name_the_same_memory_and_another_thread_other() -> None:
    from threading import Thread

    scratch, other = Scratch(), []
    first = scratch.empty("a", 4, 5)
    assert scratch.empty("a", 2, 3).data_ptr() == first.data_ptr()
    assert scratch.empty("b", 4).data_ptr() != first.data_ptr()
    thread = Thread(target=lambda: other.append(scratch.empty("a", 4, 5)))
    thread.start()
    thread.join()
    assert other[0].data_ptr() != first.data_ptr()
