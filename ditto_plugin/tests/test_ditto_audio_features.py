"""Speech gives ceil(samples / 640) rows, the same however it was cut, and the encoder hears what it was made for."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dh
from dh_ditto.audio_features import SegmentFeatures, StreamingFeatures, silent_features
from dh_ditto.motion import Array

Features = StreamingFeatures | SegmentFeatures


class Encoder:
    """A row is the mean of its 400 samples; keeps what it heard."""

    def __init__(self) -> None:
        self.lengths: list[int] = []

    def __call__(self, samples: Array) -> Array:
        assert samples.ndim == 2 and len(samples) == 1 and samples.dtype == np.float32
        self.lengths.append(samples.shape[1])
        windows = np.lib.stride_tricks.sliding_window_view(samples[0], 400)[::320]
        return np.repeat(windows.mean(1, keepdims=True), 1024, 1)


def speech(count: int) -> Array:
    return np.random.default_rng(count).standard_normal(count, np.float32)


def run(features: Features, samples: Array, cuts: list[int]) -> Array:
    edges = sorted({0, len(samples), *(cut % (len(samples) + 1) for cut in cuts)})
    parts = [features.push(samples[a:b]) for a, b in pairwise(edges)]
    return np.concatenate([*parts, features.finish()])


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(0, 40_000),
    cuts=st.lists(st.integers(0, 40_000), max_size=6),
    chunk=st.tuples(st.integers(0, 4), st.integers(1, 6), st.integers(0, 3)),
    online=st.booleans(),
)
def test_cuts_leave_no_trace(count: int, cuts: list[int], chunk: tuple[int, int, int], online: bool) -> None:
    samples = speech(count)
    whole = run(StreamingFeatures(Encoder(), chunk, online), samples, [])
    assert whole.shape == (-(-count // 640), 1024) and whole.dtype == np.float32
    np.testing.assert_array_equal(run(StreamingFeatures(Encoder(), chunk, online), samples, cuts), whole)


def test_a_row_hears_its_own_frame() -> None:
    """Its two encoder rows, of 400 samples, begin 80 samples before the frame (offline) or with it (online)."""
    samples = speech(640 * 30)
    for online, shift in ((False, -80), (True, 0)):
        rows = run(StreamingFeatures(Encoder(), online=online), samples, [])
        for k in (1, 4, 5, 17):
            begin = 640 * k + shift
            expected = (samples[begin : begin + 400].mean() + samples[begin + 320 : begin + 720].mean()) / 2
            assert rows[k, 0] == pytest.approx(expected, abs=1e-6)


def test_rows_come_as_soon_as_their_future_is_heard() -> None:
    features = StreamingFeatures(Encoder(), (3, 5, 2), online=True)
    needed = 7 * 640 + 80
    assert len(features.push(speech(needed - 1))) == 0
    assert len(features.push(speech(1))) == 5


def test_published_online_loop_gives_rows_past_the_end() -> None:
    rows = run(StreamingFeatures(Encoder(), online=True, reference_defects=True), speech(16_000), [])
    assert len(rows) == 30
    np.testing.assert_array_equal(rows[:25], run(StreamingFeatures(Encoder(), online=True), speech(16_000), []))


def test_memory_does_not_grow_with_the_speech() -> None:
    features = StreamingFeatures(Encoder())
    for _ in range(50):
        features.push(speech(3200))
    held = [value for value in vars(features).values() if isinstance(value, np.ndarray)]
    assert sum(len(value) for value in held) < 4 * 3200


@pytest.mark.parametrize("rows", [0, 1, 10, 70, 73])
def test_silence_is_encoded_once_for_all_its_rows(rows: int) -> None:
    encoder = Encoder()
    silence = silent_features(lambda samples: encoder(samples) + 3, rows)
    np.testing.assert_array_equal(silence, np.full((rows, 1024), 3, np.float32))
    assert len(encoder.lengths) <= 1


@pytest.mark.parametrize("chunk", [(3, 0, 2), (-1, 5, 2), (3, 5)])
def test_a_chunk_without_new_frames_is_refused(chunk: tuple[int, ...]) -> None:
    with pytest.raises(dh.OptionError, match="chunksize"):
        StreamingFeatures(Encoder(), chunk)


def test_another_encoder_is_refused() -> None:
    features = StreamingFeatures(lambda samples: np.zeros((20, 768), np.float32))
    with pytest.raises(dh.InputError, match=r"\(20, 768\)"):
        features.push(speech(8000))


@settings(max_examples=15, deadline=None)
@given(seconds=st.floats(0, 62), cuts=st.lists(st.integers(0, 990_000), max_size=4))
def test_segments_join_without_a_seam(seconds: float, cuts: list[int]) -> None:
    samples, encoder = speech(round(16_000 * seconds)), Encoder()
    rows = run(SegmentFeatures(encoder), samples, cuts)
    assert rows.shape == (-(-len(samples) // 640), 1024)
    assert all(1360 <= length <= 320_080 for length in encoder.lengths)
    np.testing.assert_allclose(rows, run(StreamingFeatures(Encoder()), samples, []), atol=1e-6)


def test_twenty_seconds_are_one_segment() -> None:
    encoder = Encoder()
    run(SegmentFeatures(encoder), speech(320_000), [])
    assert encoder.lengths == [320_080]


def test_segments_take_rows_with_or_without_a_batch() -> None:
    samples = speech(5000)
    batched = run(SegmentFeatures(lambda samples: Encoder()(samples)[None]), samples, [])
    np.testing.assert_array_equal(batched, run(SegmentFeatures(Encoder()), samples, []))
