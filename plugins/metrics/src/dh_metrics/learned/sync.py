"""Sync-C and Sync-D: whether the lips say what is heard, as SyncNet judges it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

import dh
from dh_metrics.faces import faces
from dh_metrics.learned.checkpoints import SYNCNET
from dh_metrics.learned.mfcc import mfcc
from dh_metrics.learned.mouth_crop import CROP, face_track, mouth_crop
from dh_metrics.learned.offsets import Synchrony, synchrony
from dh_metrics.learned.options import SyncOptions
from dh_metrics.learned.weights import given_weights, load_into, read_state_dict, require, weights_file

if TYPE_CHECKING:
    from dh_metrics.learned.networks.syncnet import SyncNet

T = TypeVar("T")

_FPS = 25
_SAMPLES = dh.SAMPLE_RATE // _FPS
_WINDOW = 5
_STEPS = 4
"""Rows of cepstra for a frame."""
_BATCH = 8
_FEWEST = 20
"""Windows that the least of many means is not chance for."""


class _Sync:
    """What both metrics share: SyncNet's judgement, made once."""

    def __init__(self, options: SyncOptions, context: dh.Context) -> None:
        self._context, self._largest = context, options.largest_offset

    def judged(self, material: dh.Material) -> Synchrony:
        """How sound and face of the video fit.

        Raises:
            NotMeasurable: there is no sound, hardly a face, or less than a second of both.
        """
        path = weights_file(self._context, SYNCNET)
        key = f"dh_metrics.sync {path} {self._largest} {self._context.device}"

        def judge(material: dh.Material) -> Synchrony:
            require("sync", "torch")
            from dh_metrics.learned.networks.syncnet import SyncNet

            network = load_into(SyncNet(), read_state_dict(path), path).to(self._context.device)
            return judge_video(material, network, self._largest, self._context.device)

        return material.shared(key, judge)

    def measured(self, value: float, found: Synchrony) -> dh.Measure:
        """The metric's value with what it rests on."""
        when = (
            "in step" if found.offset == 0 else f"{abs(found.offset)} frames {'late' if found.offset > 0 else 'early'}"
        )
        return dh.Measure(
            value=value,
            count=found.windows,
            crop=CROP,
            note=f"at the best offset the mouth is {when} at {_FPS} frames per second",
            weights=given_weights(self._context, weights_file(self._context, SYNCNET)),
        )


class SyncC(_Sync):
    """Sync-C: the median of the mean distances over all offsets, less the least."""

    def measure(self, material: dh.Material) -> dh.Measure:
        """The confidence over all windows of five frames; raises what ``judged`` does."""
        found = self.judged(material)
        return self.measured(found.confidence, found)


class SyncD(_Sync):
    """Sync-D: the mean distance at the best offset."""

    def measure(self, material: dh.Material) -> dh.Measure:
        """The distance over all windows of five frames; raises what ``judged`` does."""
        found = self.judged(material)
        return self.measured(found.distance, found)


def judge_video(material: dh.Material, network: SyncNet, largest: int, device: str) -> Synchrony:
    """SyncNet's judgement of a video with its sound.

    Both are embedded in windows of a fifth of a second that begin at each frame of 25 a second; frames of another rate
    are repeated or left out.

    Args:
        material: with sound.
        network: on the device.
        largest: offset in frames, either way.
        device: "cpu", "cuda", ...

    Raises:
        NotMeasurable: too few frames show a face, or the video or its sound is too short.
    """
    import torch

    found = faces(material)
    found.require()
    track = face_track(found.landmarks)
    shown = frames_shown(len(track), material.fps)
    windows = min(len(shown), len(material.samples) // _SAMPLES) - _WINDOW
    if windows < _FEWEST:
        raise dh.NotMeasurable(
            f"{max(windows, 0)} windows of video with sound; Sync needs {_FEWEST}, which takes one second"
        )
    crops = (mouth_crop(image, place) for image, place in zip(material.frames(), track, strict=False))
    frames = _repeated((torch.from_numpy(crop).permute(2, 0, 1) for crop in crops), shown)
    cepstra = torch.from_numpy(mfcc(material.samples)).T
    seen, heard = [], []
    with torch.inference_mode():
        for batch in _batches(islice(_windows(frames, _WINDOW), windows), _BATCH):
            clips = torch.stack([torch.stack(window, 1) for window in batch])
            seen.append(network.face(clips.to(device).float()).cpu())
        for starts in _batches(range(windows), _BATCH):
            pieces = torch.stack([cepstra[None, :, _STEPS * at : _STEPS * (at + _WINDOW)] for at in starts])
            heard.append(network.sound(pieces.to(device)).cpu())
        return synchrony(torch.cat(seen), torch.cat(heard), largest)


def frames_shown(count: int, fps: float) -> NDArray[np.intp]:
    """Which of a video's frames is shown in the middle of each frame of 25 a second: rising, (n,)."""
    middles = (np.arange(int(count * _FPS / fps + 1e-6)) + 0.5) * fps / _FPS
    return np.minimum(middles.astype(np.intp), count - 1)


def _repeated(items: Iterable[T], indices: NDArray[np.intp]) -> Iterator[T]:
    """The items at rising indices, any of them several times."""
    numbered = enumerate(items)
    number, item = next(numbered)
    for index in indices:
        while number < index:
            number, item = next(numbered)
        yield item


def _windows(items: Iterable[T], length: int) -> Iterator[list[T]]:
    held: deque[T] = deque(maxlen=length)
    for item in items:
        held.append(item)
        if len(held) == length:
            yield list(held)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
