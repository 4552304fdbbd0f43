"""The paste-back on a device gives what the one on the host gives."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dh_ditto.paste import PasteBack, blend_mask
from ditto_places import PLACES as PLACES_SEEN
from ditto_places import matrix

torch = pytest.importorskip("torch")

from dh_ditto.backends.handover import Handover  # noqa: E402
from dh_ditto.device_paste import DevicePasteBack  # noqa: E402

Image = NDArray[np.uint8]
HEIGHT, WIDTH = 48, 64


PLACES = {**PLACES_SEEN, "below the frame": matrix(0.5, 0, 10, 300)}


def scene(seed: int = 0) -> tuple[Image, NDArray[np.float32]]:
    """A frame, and a render as networks give it."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (96, 150, 3), dtype=np.uint8), rng.random((3, HEIGHT, WIDTH), np.float32)


def on_device(render: NDArray[np.float32]) -> Handover:
    return Handover.of(torch.from_numpy(render))


def on_host(render: NDArray[np.float32]) -> NDArray[np.float32]:
    return render.transpose(1, 2, 0) * 255


def assert_same(got: Image, expected: Image) -> None:
    assert got.dtype == np.uint8
    assert np.abs(got.astype(int) - expected).max() <= 1
    assert (got != expected).mean() < 0.002


@pytest.mark.parametrize("place", PLACES)
def test_a_device_pastes_as_the_host_does(place: str) -> None:
    frame, render = scene()
    mask = blend_mask(WIDTH, HEIGHT)
    expected = PasteBack(mask).paste(frame, on_host(render), PLACES[place])
    device = DevicePasteBack("cpu", mask)
    assert_same(device.paste(frame, on_device(render), PLACES[place]), expected)
    assert_same(device.background(frame, PLACES[place]).paste(on_device(render)), expected)
    assert (place in ("beside the frame", "below the frame")) == np.array_equal(expected, frame)


def test_a_background_on_a_device_serves_again_and_again() -> None:
    frame, first = scene()
    _, second = scene(1)
    paste = DevicePasteBack("cpu", blend_mask(WIDTH, HEIGHT))
    background = paste.background(frame, PLACES["inside"])
    kept = [background.paste(on_device(render)) for render in (first, second, first)]
    np.testing.assert_array_equal(kept[0], kept[2])
    np.testing.assert_array_equal(kept[1], paste.paste(frame, on_device(second), PLACES["inside"]))
    assert (kept[0] != kept[1]).any()


def test_half_precision_renders_are_blended_in_full_precision() -> None:
    frame, render = scene()
    half = render.astype(np.float16)
    mask = blend_mask(WIDTH, HEIGHT)
    got = DevicePasteBack("cpu", mask).paste(frame, Handover.of(torch.from_numpy(half)), PLACES["inside"])
    assert_same(got, PasteBack(mask).paste(frame, on_host(half.astype(np.float32)), PLACES["inside"]))


def test_whole_grey_levels_stay_whole_under_the_blend() -> None:
    """Render and frame of one colour: no rounding of their shares may darken it."""
    frame = np.full((96, 150, 3), 100, np.uint8)
    render = np.full((3, HEIGHT, WIDTH), 100 / 255, np.float32)
    place = PLACES["larger than the frame"]  # no pixel of it lies at the crop's edge, beyond which there is nothing
    pasted = DevicePasteBack("cpu", blend_mask(WIDTH, HEIGHT)).paste(frame, on_device(render), place)
    np.testing.assert_array_equal(pasted, frame)


def test_a_handover_splits_into_its_rows_and_waits_for_nothing_on_a_cpu() -> None:
    values = torch.arange(6).reshape(2, 3)
    parts = Handover.of(values).split()
    assert [part.tensor.tolist() for part in parts] == [[0, 1, 2], [3, 4, 5]]
    for part in parts:
        part.wait()
