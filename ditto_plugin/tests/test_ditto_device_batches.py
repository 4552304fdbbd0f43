"""Frames of several sessions together are the frames that each would have made alone."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dh
from dh_ditto import frame_networks
from dh_ditto.backends.base import Precision
from dh_ditto.frame_batcher import FrameBatcher
from dh_ditto.motion import Array
from dh_ditto.options import RendererOptions
from dh_ditto.weights.layout import Weights

WAIT = 30


def side_by_side(*functions: Callable[[], Any]) -> list[Any]:
    """Results, or the exception, of functions in threads."""
    results: list[Any] = [None] * len(functions)

    def call(i: int) -> None:
        try:
            results[i] = functions[i]()
        except Exception as error:
            results[i] = error

    threads = [threading.Thread(target=call, args=(i,)) for i in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
        assert not thread.is_alive()
    return results


class Gate:
    """Squares numbers; its first call waits until as many others as asked for are waiting."""

    def __init__(self, others: int) -> None:
        self.batches: list[list[int]] = []
        self.batcher: Any = None
        self.entered = threading.Event()
        self._others = others
        self._inside = threading.Lock()

    def __call__(self, jobs: Sequence[int]) -> list[int]:
        assert self._inside.acquire(blocking=False), "two calls at once"
        try:
            self.batches.append(list(jobs))
            self.entered.set()
            while len(self.batches) == 1 and len(self.batcher._waiting) < self._others:
                threading.Event().wait(0.001)
            if 13 in jobs:
                raise ValueError("13")
            return [job**2 for job in jobs]
        finally:
            self._inside.release()


def gathered(jobs: Sequence[list[int]], largest: int) -> tuple[list[Any], list[list[int]]]:
    """Results of callers side by side, and the batches that were run."""
    gate = Gate(sum(map(len, jobs[1:])))
    gate.batcher = FrameBatcher(gate, largest)

    def later(mine: list[int]) -> Any:
        gate.entered.wait(WAIT)
        return gate.batcher(mine)

    calls = [partial(gate.batcher, jobs[0]), *(partial(later, mine) for mine in jobs[1:])]
    return side_by_side(*calls), gate.batches


def test_alone_each_job_runs_at_once() -> None:
    sizes: list[int] = []

    def run(jobs: Sequence[int]) -> list[int]:
        sizes.append(len(jobs))
        return [job + 1 for job in jobs]

    batcher = FrameBatcher(run, 8)
    assert [batcher([number]) for number in range(3)] == [[1], [2], [3]]
    assert sizes == [1, 1, 1]
    assert batcher([]) == []


def test_what_gathers_meanwhile_runs_together() -> None:
    results, batches = gathered([[1], [2], [3], [4], [5]], largest=8)
    assert results == [[1], [4], [9], [16], [25]]
    assert batches[0] == [1]
    assert [len(batch) for batch in batches] == [1, 4]


def test_batches_are_powers_of_two_up_to_the_largest() -> None:
    results, batches = gathered([[1], [2, 3, 4, 5, 6, 7, 8], [9, 10, 11, 12]], largest=6)
    assert results == [[1], [4, 9, 16, 25, 36, 49, 64], [81, 100, 121, 144]]
    assert [len(batch) for batch in batches] == [1, 4, 4, 2, 1]


def test_an_error_reaches_those_whose_jobs_were_there_and_no_others() -> None:
    results, batches = gathered([[1], [2], [13], [4], [5], [6]], largest=4)
    assert results[0] == [1]
    unlucky = {job for batch in batches if 13 in batch for job in batch}
    for job, result in zip((2, 13, 4, 5, 6), results[1:], strict=True):
        assert isinstance(result, ValueError) if job in unlucky else result == [job**2]


def test_many_threads_get_their_own_results() -> None:
    batcher = FrameBatcher[int, int](lambda jobs: [job * 10 for job in jobs], 4)

    def session(number: int) -> list[int]:
        return [batcher([100 * number + frame])[0] for frame in range(50)]

    results = side_by_side(*(partial(session, number) for number in range(8)))
    assert results == [[10 * (100 * number + frame) for frame in range(50)] for number in range(8)]


def test_shared_networks_go_with_the_last_session(untrained_folder: Path) -> None:
    pytest.importorskip("torch")
    context = dh.Context(weights=untrained_folder)
    before = set(map(id, frame_networks._shared.values()))
    session = frame_networks.open_frame_networks(RendererOptions(share_batch=2), context)
    other = frame_networks.open_frame_networks(RendererOptions(share_batch=3), context)
    assert session is not other
    assert set(map(id, frame_networks._shared.values())) - before == {id(session), id(other)}
    del session, other
    gc.collect()
    assert set(map(id, frame_networks._shared.values())) == before


def test_volumes_of_several_sources_join_in_onnx_runtime(untrained: Weights) -> None:
    pytest.importorskip("onnxruntime")
    from dh_ditto.backends.onnx_backend import OnnxBackend

    backend = OnnxBackend(untrained, "cpu", "auto", lambda text: None)
    assert backend.join([["first"], ["second", "third"]]) == ["first", "second", "third"]


def small_frame(seed: int) -> tuple[Array, Array, Array]:
    """A volume of a quarter of the published size, and keypoints."""
    random = np.random.default_rng(seed)
    points = (0.3 * random.standard_normal((2, 1, 21, 3), np.float32)).clip(-0.9, 0.9)
    return random.standard_normal((1, 32, 16, 32, 32), np.float32), points[0], points[1]


def test_faces_of_several_sources_are_rendered_together_as_alone(untrained: Weights) -> None:
    pytest.importorskip("torch")
    from dh_ditto.backends import open_backend

    backend = open_backend(untrained)
    frames = [small_frame(seed) for seed in range(2)]
    volumes = [backend.volume(volume) for volume, *_ in frames]
    sources, driven = (np.concatenate([frame[i] for frame in frames]) for i in (1, 2))
    together = backend.warp(backend.join(volumes), sources, driven)
    alone = [backend.warp(volume, *points) for volume, (_, *points) in zip(volumes, frames, strict=True)]
    for one, row in zip(alone, together, strict=True):
        np.testing.assert_allclose(row, one[0], atol=1e-4)
    corners = together[..., :4, :4].contiguous()
    pictures = backend.decode(corners)
    for picture, corner in zip(pictures, corners, strict=True):
        np.testing.assert_allclose(picture, backend.decode(corner[None])[0], atol=1e-5)


def test_bfloat16_frames_stay_within_45_db_on_a_cpu(untrained: Weights) -> None:
    pytest.importorskip("torch")
    from dh_ditto.backends import open_backend

    volume, source, driving = small_frame(0)
    pictures = []
    precisions: tuple[Precision, ...] = ("fp32", "bf16")
    for precision in precisions:
        backend = open_backend(untrained, precision=precision)
        feature = backend.warp(backend.volume(volume), source, driving)
        pictures.append(backend.decode(feature[..., :4, :4].contiguous()))
    error = np.mean((pictures[0] - pictures[1]) ** 2)
    assert error > 0
    assert -10 * np.log10(error) > 45
