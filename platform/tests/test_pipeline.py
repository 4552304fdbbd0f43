"""The pipeline keeps its promises: order, back-pressure, one error with its stage's name, prompt ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from dh.components import Stage
from dh.errors import MediaError, StageError, StageStalled
from dh.pipeline import DEPTH, LATEST, Pipeline, StageStats, as_source


def double(items: Iterator[int]) -> Iterator[int]:
    for item in items:
        yield 2 * item


def running_stages() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("dh ")]


def test_items_arrive_in_order_and_are_counted() -> None:
    with Pipeline([as_source("count", range(1000)), Stage("double", double)]) as pipeline:
        assert list(pipeline) == [2 * number for number in range(1000)]
        assert [(stats.name, stats.items) for stats in pipeline.stats] == [("count", 1000), ("double", 1000)]


def test_slow_reader_holds_back_the_source() -> None:
    made = 0

    def source(_: Iterator[Any]) -> Iterator[int]:
        nonlocal made
        while True:
            made += 1
            yield made

    with Pipeline([Stage("source", source), Stage("double", double)]) as pipeline:
        next(iter(pipeline))
        time.sleep(0.2)
        assert made <= 2 * DEPTH + 4


def test_exception_surfaces_once_with_the_stage_named() -> None:
    def fails(items: Iterator[int]) -> Iterator[int]:
        for item in items:
            if item == 3:
                raise ValueError("three is\ntoo much")
            yield item

    with (
        Pipeline([as_source("count", range(10)), Stage("picky", fails), Stage("double", double)]) as pipeline,
        pytest.raises(StageError, match=r"^picky: ValueError: three is too much$") as caught,
    ):
        list(pipeline)
    assert caught.value.stage == "picky"
    assert isinstance(caught.value.__cause__, ValueError)
    assert running_stages() == []


def test_the_platforms_own_errors_pass_unchanged() -> None:
    def fails(_: Iterator[Any]) -> Iterator[int]:
        raise MediaError("speech.wav: empty")
        yield 0

    with Pipeline([Stage("audio", fails)]) as pipeline, pytest.raises(MediaError, match=r"^speech\.wav: empty$"):
        list(pipeline)


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), MemoryError()])
def test_even_exceptions_that_end_a_program_are_reported(error: BaseException) -> None:
    def fails(_: Iterator[Any]) -> Iterator[int]:
        raise error
        yield 0

    with Pipeline([Stage("rude", fails)]) as pipeline, pytest.raises(StageError, match="rude"):
        list(pipeline)


def test_leaving_the_output_ends_every_stage_and_closes_its_generator() -> None:
    closed = threading.Event()

    def endless(_: Iterator[Any]) -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            closed.set()

    with Pipeline([Stage("endless", endless), Stage("double", double)]) as pipeline:
        next(iter(pipeline))
    assert closed.wait(1)
    assert running_stages() == []


def test_a_stage_that_ends_early_ends_what_is_before_it() -> None:
    def first_two(items: Iterator[int]) -> Iterator[int]:
        yield next(items)
        yield next(items)

    endless = as_source("endless", iter(int, 1))
    with Pipeline([endless, Stage("two", first_two)]) as pipeline:
        assert list(pipeline) == [0, 0]
    assert running_stages() == []


def test_a_stage_that_never_yields_is_named() -> None:
    release = threading.Event()

    def hangs(items: Iterator[int]) -> Iterator[int]:
        next(items)
        release.wait(20)
        yield 0

    stages = [as_source("count", range(10)), Stage("driver stuck", hangs), Stage("double", double)]
    begin = time.monotonic()
    with pytest.raises(StageStalled, match=r"driver stuck: no result for 0\.3 s") as caught:
        try:
            for _ in (pipeline := Pipeline(stages, stall_seconds=0.3)):
                pass
        finally:
            release.set()
            pipeline.close()
    assert caught.value.stage == "driver stuck"
    assert time.monotonic() - begin < 5


def test_waiting_is_not_stalling() -> None:
    def slow(_: Iterator[Any]) -> Iterator[int]:
        for number in range(4):
            time.sleep(0.15)
            yield number

    with Pipeline([Stage("slow", slow), Stage("double", double)], stall_seconds=0.4) as pipeline:
        assert list(pipeline) == [0, 2, 4, 6]


def test_a_beat_tells_that_a_long_step_is_alive() -> None:
    def long(_: Iterator[Any]) -> Iterator[int]:
        for _step in range(8):
            time.sleep(0.1)
            pipeline.beat()
        yield 1

    with Pipeline([Stage("long", long)], stall_seconds=0.4) as pipeline:
        assert list(pipeline) == [1]


def test_busy_and_waiting_times_add_up() -> None:
    def slow(items: Iterator[int]) -> Iterator[int]:
        for item in items:
            time.sleep(0.02)
            yield item

    begin = time.perf_counter()
    with Pipeline([as_source("count", range(10)), Stage("slow", slow), Stage("double", double)]) as pipeline:
        list(pipeline)
        elapsed = time.perf_counter() - begin
        count, slow_stats, double_stats = pipeline.stats
    assert slow_stats.busy >= 0.2
    assert double_stats.waiting_in >= 0.15
    assert count.waiting_out > 0
    for stats in (slow_stats, double_stats):
        assert stats.busy + stats.waiting_in + stats.waiting_out <= elapsed + 0.05


def test_each_items_own_time_is_kept() -> None:
    def uneven(items: Iterator[int]) -> Iterator[int]:
        for item in items:
            time.sleep(0.05 if item == 3 else 0.001)
            yield item

    with Pipeline([as_source("count", range(8)), Stage("uneven", uneven)]) as pipeline:
        list(pipeline)
        stats = pipeline.stats[1]
    assert max(range(8), key=lambda item: stats.latest[item]) == 3
    assert sum(stats.latest) <= stats.busy
    assert stats.percentile(50) < 0.05 <= stats.percentile(100)


def test_times_of_items_take_no_more_memory_however_many_there_are() -> None:
    stats = StageStats("endless")
    assert stats.percentile(95) == 0
    for item in range(LATEST + 100):
        stats.count(float(item))
    assert (stats.items, len(stats.latest), min(stats.latest)) == (LATEST + 100, LATEST, 100.0)
    assert stats.percentile(50) == pytest.approx(99.5 + LATEST / 2)


def test_waiting_for_a_closed_pipeline_outlasts_the_item_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dh.pipeline._JOIN_SECONDS", 0.0)
    working, release = threading.Event(), threading.Event()

    def slow(_: Iterator[Any]) -> Iterator[int]:
        working.set()
        release.wait(20)
        yield 0

    pipeline = Pipeline([Stage("slow", slow)], stall_seconds=0.05)
    pipeline.wait()  # nothing was started
    with pytest.raises(StageStalled):
        next(iter(pipeline))
    assert working.is_set()
    waiter = threading.Thread(target=pipeline.wait)
    waiter.start()
    assert running_stages() == ["dh slow"]
    assert waiter.is_alive()
    release.set()
    waiter.join(20)
    assert not waiter.is_alive()
    assert running_stages() == []


@pytest.mark.parametrize("closing", ["close", "wait"])
def test_a_stage_may_end_the_pipeline_that_it_runs_in(closing: str) -> None:
    reached: list[int] = []

    def ends(items: Iterator[int]) -> Iterator[int]:
        for item in items:
            if item == 3:
                pipeline.close()
                getattr(pipeline, closing)()
                reached.append(item)
            yield item

    pipeline = Pipeline([as_source("count", range(10)), Stage("ends", ends), Stage("double", double)])
    assert set(pipeline) <= {0, 2, 4}
    pipeline.wait()
    assert reached == [3]
    assert running_stages() == []
