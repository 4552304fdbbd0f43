"""Warping and decoding, by networks of the renderer's own or by those that all sessions of a process share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

import dh
from dh_ditto.backends.base import Backend
from dh_ditto.frame_batcher import FrameBatcher
from dh_ditto.motion import Array
from dh_ditto.opening import as_opened, open_networks
from dh_ditto.options import RendererOptions
from dh_ditto.paste import PasteBack
from dh_ditto.weights.layout import Weights

_VOLUME = (1, 32, 16, 64, 64)
_KEYPOINTS = (1, 21, 3)


class FaceJob(NamedTuple):
    """One face to render.

    Args:
        volume: of the source, the backend's own.
        x_s: the source's keypoints, [1,21,3].
        x_d: the driven ones, likewise.
    """

    volume: Any
    x_s: Array
    x_d: Array


@dataclass(frozen=True, eq=False)
class FrameNetworks:
    """Networks that are ready to make frames.

    Args:
        weights: of the networks.
        backend: what runs them.
        render: takes faces, gives what ``paste_back`` takes of each, in order.
    """

    weights: Weights
    backend: Backend
    render: Callable[[Sequence[FaceJob]], Sequence[Any]]

    def paste_back(self) -> Any:
        """A ``PasteBack`` for renders as they are: on the device, or on the host. For one thread at a time."""
        if not self.backend.on_device:
            return PasteBack()
        from dh_ditto.device_paste import DevicePasteBack

        return DevicePasteBack(self.backend.device)


_Key = tuple[Any, ...]
_shared: WeakValueDictionary[_Key, FrameNetworks] = WeakValueDictionary()
"""What runs at the moment, by all that decides it; goes with the last session that uses it."""
_opening = threading.Lock()


def open_frame_networks(options: RendererOptions, context: dh.Context) -> FrameNetworks:
    """Networks for a renderer, new or those of other sessions.

    Raises:
        DHError: whatever is missing or unfit, see ``open_networks``.
    """
    if options.share_batch == 1:
        weights, backend = open_networks(options, context)
        return FrameNetworks(weights, backend, partial(render_faces, backend))
    key = _key(options, context)
    with _opening:
        networks = _shared.get(key)
        if networks is None:
            networks = _open_shared(options, context)
            # Whoever builds a renderer again asks for what "auto" came to.
            _shared[key] = _shared[_key(as_opened(options, networks.backend), context)] = networks
    return networks


def render_faces(backend: Backend, jobs: Sequence[FaceJob]) -> list[Any]:
    """Renders faces in one call of each network.

    Returns:
        For each face float32 [512,512,3] in 0..255, or, of a backend that is ``on_device``, a ``Handover`` of
        [3,512,512] in 0..1.
    """
    volumes = [job.volume for job in jobs]
    # What a backend keeps for a volume is found again by the very same value.
    one_source = all(volume is volumes[0] for volume in volumes)
    volume = volumes[0] if one_source else backend.join(volumes)
    x_s, x_d = np.concatenate([job.x_s for job in jobs]), np.concatenate([job.x_d for job in jobs])
    feature = backend.warp(volume, x_s, x_d)
    if not backend.on_device:
        return [picture.transpose(1, 2, 0) * 255 for picture in backend.decode(feature)]
    from dh_ditto.backends.handover import Handover

    return Handover.of(backend.decoded(feature)).split()


def _key(options: RendererOptions, context: dh.Context) -> _Key:
    folders = context.weights, *sorted(context.checkpoints.items())
    return (*folders, context.device, options.backend, options.precision, options.graphs, options.share_batch)


def _open_shared(options: RendererOptions, context: dh.Context) -> FrameNetworks:
    weights, backend = open_networks(options, context)
    batcher = FrameBatcher[FaceJob, Any](partial(_render_and_wait, backend), options.share_batch)
    if backend.on_device:
        _warm_up(backend, options.share_batch)
    return FrameNetworks(weights, backend, batcher)


def _render_and_wait(backend: Backend, jobs: Sequence[FaceJob]) -> list[Any]:
    renders = render_faces(backend, jobs)
    if backend.on_device:
        renders[-1].wait()
    return renders


def _warm_up(backend: Backend, largest: int) -> None:
    """Prepares the GPU for every count of frames, so that a session that joins does not halt the others."""
    still = np.zeros(_KEYPOINTS, np.float32)
    jobs = [FaceJob(backend.volume(np.zeros(_VOLUME, np.float32)), still, still) for _ in range(largest)]
    for power in range(largest.bit_length()):
        _render_and_wait(backend, jobs[: 1 << power])
