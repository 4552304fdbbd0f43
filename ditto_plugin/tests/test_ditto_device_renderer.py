"""The renderer makes the same frames wherever they are finished, and with whomever it shares networks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import dh
from dh_ditto import frame_networks
from dh_ditto.motion import SLICES, Array, MotionInfo
from dh_ditto.options import RendererOptions
from dh_ditto.renderer import DittoRenderer
from dh_ditto.weights.configuration import Configuration

torch = pytest.importorskip("torch")

FRAMES = 5


class ToyBackend:
    """Pictures that depend on the volume and on the driven keypoints alone; its own arrays are tensors."""

    name, device, precision, graphs = "torch", "cpu", "fp32", False

    def __init__(self, on_device: bool) -> None:
        self.on_device = on_device
        self.sizes: list[int] = []
        self._noise = torch.rand(3, 512, 512, generator=torch.Generator().manual_seed(0))

    def volume(self, values: Array) -> Any:
        return torch.from_numpy(values.copy())

    def join(self, volumes: Any) -> Any:
        return torch.cat(list(volumes))

    def stitch(self, kp_source: Array, kp_driving: Array) -> Array:
        return kp_driving

    def warp(self, volume: Any, kp_source: Array, kp_driving: Array) -> Any:
        assert len(volume) in (1, len(kp_driving))
        self.sizes.append(len(kp_driving))
        return volume.flatten(1).mean(1) + torch.from_numpy(kp_driving).flatten(1).sum(1)

    def decoded(self, feature: Any) -> Any:
        return (self._noise + feature[:, None, None, None]) % 1

    def decode(self, feature: Any) -> Array:
        return self.decoded(feature).numpy()


def avatar(seed: int = 0) -> dh.Avatar:
    random = np.random.default_rng(seed)
    arrays = {name: random.normal(0, 0.1, (1, part.stop - part.start)) for name, part in SLICES.items()}
    arrays["scale"] = np.ones((1, 1))
    arrays |= {"kp": random.normal(0, 0.3, (1, 63)), "canonical": random.normal(0, 0.3, 63)}
    arrays |= {"eye_open": np.full((1, 2), 0.4), "eye_ball": np.zeros((1, 6))}
    arrays |= {"volume": random.standard_normal((1, 2, 3, 4, 4))}
    known = {name: value.astype(np.float32) for name, value in arrays.items()}
    c2o = np.array([[[0.3, 0.02, 20], [-0.02, 0.3, 10], [0, 0, 1]]])
    frame = random.integers(0, 256, (180, 220, 3), np.uint8)
    meta = {"weights": "toy", "crop_scale": 2.3, "still": True}
    return dh.Avatar("ditto", 220, 180, {**known, "c2o": c2o, "o2c": np.linalg.inv(c2o), "frame": frame}, meta)


def motion(seed: int = 0) -> Iterator[dh.Motion]:
    random = np.random.default_rng(100 + seed)
    for index in range(FRAMES):
        values: MotionInfo = {
            name: random.normal(0, 0.1, (1, part.stop - part.start)).astype(np.float32) for name, part in SLICES.items()
        }
        values["kp"] = np.zeros((1, 63), np.float32)
        yield dh.Motion(space=dh.LIVEPORTRAIT, start=index, fps=25.0, values=values)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[ToyBackend]:
    """Backends in the order in which renderers opened them; those of "cuda" finish frames as a device does."""
    backends: list[ToyBackend] = []
    weights = SimpleNamespace(identity="toy", configuration=Configuration)

    def open_networks(options: RendererOptions, context: dh.Context) -> Any:
        backends.append(ToyBackend(context.device == "cuda"))
        return weights, backends[-1]

    monkeypatch.setattr(frame_networks, "open_networks", open_networks)
    return backends


def frames(seed: int = 0, device: str = "cpu", online: bool = False, **options: Any) -> list[dh.Frame]:
    renderer = DittoRenderer(RendererOptions(**options), dh.Context(device=device, online=online))
    items: Iterator[Any] = motion(seed)
    for stage in renderer.stages(avatar(seed)):
        items = stage.run(items)
    return list(items)


def test_frames_finished_on_a_device_are_those_finished_on_the_host(opened: list[ToyBackend]) -> None:
    for host, device in zip(frames(), frames(device="cuda"), strict=True):
        assert (host.index, host.time) == (device.index, device.time)
        assert np.abs(host.image.astype(int) - device.image).max() <= 1
    assert [backend.on_device for backend in opened] == [False, True]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_the_batch_changes_no_frame(device: str, opened: list[ToyBackend]) -> None:
    for one, many in zip(frames(device=device), frames(device=device, batch=3), strict=True):
        np.testing.assert_array_equal(one.image, many.image)
    assert [backend.sizes for backend in opened] == [[1] * FRAMES, [3, 2]]


def test_online_no_frame_waits_for_the_next_one(opened: list[ToyBackend]) -> None:
    pulled: list[int] = []

    def counted() -> Iterator[dh.Motion]:
        for chunk in motion():
            pulled.append(chunk.start)
            yield chunk

    items: Iterator[Any] = counted()
    for stage in DittoRenderer(RendererOptions(batch=4), dh.Context(online=True)).stages(avatar()):
        items = stage.run(items)
    for index in range(FRAMES):
        assert next(items).index == index
        assert pulled == list(range(index + 1))


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_sessions_that_share_networks_make_the_frames_that_each_makes_alone(
    device: str, opened: list[ToyBackend]
) -> None:
    alone = [frames(seed, device) for seed in range(3)]
    keep = frame_networks.open_frame_networks(RendererOptions(share_batch=4), dh.Context(device=device))
    shared: list[list[dh.Frame]] = [[], [], []]

    def run(seed: int) -> None:
        shared[seed] = frames(seed, device, online=True, share_batch=4)

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for mine, other in zip(alone, shared, strict=True):
        for first, second in zip(mine, other, strict=True):
            np.testing.assert_array_equal(first.image, second.image)
    assert len(opened) == 4, "three of their own and one that is shared"
    assert id(keep.backend) == id(opened[-1])


def test_a_device_is_warmed_up_for_every_count_of_frames(opened: list[ToyBackend]) -> None:
    networks = frame_networks.open_frame_networks(RendererOptions(share_batch=5), dh.Context(device="cuda"))
    assert id(networks.backend) == id(opened[0])
    assert opened[0].sizes == [1, 2, 4]
