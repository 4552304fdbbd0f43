"""Windows give one frame per row of speech, however the rows were cut, and hold only a window's worth of them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dh
from dh_ditto.motion import VECTOR_SIZE, Array
from dh_ditto.windows import WINDOW_FRAMES, MotionWindows, online_frames_held

CONDITION = 4
START = np.linspace(-1, 1, VECTOR_SIZE, dtype=np.float32)[None]


class Diffusion:
    """Motion that follows the rows and the frame before them, with a little noise of its own for each window."""

    def __init__(self) -> None:
        self.starts: list[Array] = []

    def __call__(self, kp_cond: Array, cond: Array, steps: int) -> Array:
        assert kp_cond.shape == (1, VECTOR_SIZE) and cond.shape == (1, WINDOW_FRAMES, CONDITION) and steps == 3
        noise = np.random.default_rng(len(self.starts)).standard_normal((1, WINDOW_FRAMES, VECTOR_SIZE))
        self.starts.append(kp_cond[0].copy())
        return np.asarray(0.3 * kp_cond[:, None] + cond.sum(-1, keepdims=True) + 0.1 * noise, np.float32)


def rows(count: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal((count, CONDITION), np.float32)


def run(count: int, cuts: tuple[int, ...] = (), online: bool = False, **options: Any) -> Array:
    overlap = options.setdefault("overlap_v2", 50 if online else 10)
    lead = np.zeros((overlap, CONDITION), np.float32) if online else None
    windows = MotionWindows(Diffusion(), START, lead=lead, sampling_timesteps=3, **options)
    speech, edges = rows(count), sorted({0, count, *(cut % (count + 1) for cut in cuts)})
    parts = [windows.push(speech[a:b]) for a, b in pairwise(edges)]
    return np.concatenate([*parts, windows.finish()])


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(0, 260),
    cuts=st.lists(st.integers(0, 260), max_size=8),
    online=st.booleans(),
    overlap=st.integers(40, 79),
    smooth=st.integers(0, 7),
    defects=st.booleans(),
)
def test_cuts_leave_no_trace(
    count: int, cuts: list[int], online: bool, overlap: int, smooth: int, defects: bool
) -> None:
    options = {"overlap_v2": overlap, "smo_k_d": smooth, "reference_defects": defects}
    whole = run(count, (), online, **options)
    np.testing.assert_array_equal(run(count, tuple(cuts), online, **options), whole)
    if not (online and defects):
        assert len(whole) == count


@pytest.mark.parametrize("online", [False, True])
@pytest.mark.parametrize("count", [0, 1, 7, 29, 30, 31, 79, 80, 81, 110, 200])
def test_every_row_of_speech_becomes_one_frame(count: int, online: bool) -> None:
    assert run(count, tuple(range(0, count, 5)), online).shape == (count, VECTOR_SIZE)


@pytest.mark.parametrize("overlap", [0, 1, 10, 39, 40, 79])
def test_any_overlap_serves_offline(overlap: int) -> None:
    motion = run(170, overlap_v2=overlap)
    assert motion.shape == (170, VECTOR_SIZE) and np.isfinite(motion).all()


@pytest.mark.parametrize("overlap", [40, 55, 70])
def test_online_is_the_published_motion_cut_to_the_speech(overlap: int) -> None:
    options: dict[str, Any] = {"overlap_v2": overlap, "smo_k_d": 1, "online": True}
    fixed = run(163, **options)
    published = run(163, reference_defects=True, **options)
    assert len(published) >= len(fixed) == 163
    np.testing.assert_array_equal(fixed, published[:163])


def test_published_online_mode_drops_the_start_and_short_speech() -> None:
    assert len(run(200, online=True, overlap_v2=10, reference_defects=True)) == 140
    assert len(run(7, online=True, overlap_v2=70, reference_defects=True)) == 0


def test_only_the_published_online_mode_takes_silence_for_the_first_frame() -> None:
    lead = np.zeros((50, CONDITION), np.float32)
    for defects in (False, True):
        options: dict[str, Any] = {"overlap_v2": 50, "sampling_timesteps": 3, "reference_defects": defects}
        windows = MotionWindows(Diffusion(), START, lead=lead, **options)
        windows.push(rows(40))
        assert (windows.d0 is not None) == defects


def test_frames_leave_as_soon_as_they_are_final() -> None:
    windows = MotionWindows(Diffusion(), START, sampling_timesteps=3)
    assert len(windows.push(rows(79))) == 0
    assert len(windows.push(rows(1))) == 80 - 9 - 1, "all but what the fade changes, and one that its smoothing needs"
    assert len(windows.push(rows(69))) == 0
    assert len(windows.push(rows(1))) == 70
    assert len(windows.finish()) == 10


@pytest.mark.parametrize("defects", [False, True])
@pytest.mark.parametrize(("overlap", "smooth"), [(70, 3), (70, 1), (79, 3), (40, 3), (53, 5)])
def test_online_no_more_frames_wait_than_stated(overlap: int, smooth: int, defects: bool) -> None:
    lead = np.zeros((overlap, CONDITION), np.float32)
    options: dict[str, Any] = {"overlap_v2": overlap, "smo_k_d": smooth, "reference_defects": defects}
    windows = MotionWindows(Diffusion(), START, lead=lead, sampling_timesteps=3, **options)
    hop, held = WINDOW_FRAMES - overlap, online_frames_held(overlap, smooth, defects)
    given = 0
    for heard in range(hop, 200, hop):
        given += len(windows.push(rows(hop)))
        assert given == max(0, heard - held)


def test_memory_does_not_grow_with_the_speech() -> None:
    lead = np.zeros((70, CONDITION), np.float32)
    windows = MotionWindows(Diffusion(), START, lead=lead, overlap_v2=70, sampling_timesteps=3)
    held = []
    for _ in range(60):
        windows.push(rows(10))
        arrays = [value for value in vars(windows).values() if isinstance(value, np.ndarray)]
        held.append(sum(len(value) for value in arrays if value.ndim == 2))
    assert max(held) < 3 * WINDOW_FRAMES


def test_each_frame_is_smoothed_once_and_expression_never() -> None:
    raw, smooth = run(200, smo_k_d=1), run(200, smo_k_d=5)
    np.testing.assert_array_equal(smooth[:70, 202:], raw[:70, 202:])
    # Later windows start from another frame, so only what the first window alone decides can be compared.
    for i in (0, 1, 30, 60):
        around = raw[max(0, i - 2) : i + 3, :202]
        np.testing.assert_allclose(smooth[i, :202], around.mean(0), rtol=1e-5, atol=1e-5)


def test_an_even_smoothing_acts_as_the_next_odd_one() -> None:
    np.testing.assert_array_equal(run(120, smo_k_d=4), run(120, smo_k_d=5))


@pytest.mark.parametrize("defects", [False, True])
def test_windows_continue_from_clipped_frames(defects: bool) -> None:
    limits = np.stack([np.full(VECTOR_SIZE, -0.2), np.full(VECTOR_SIZE, 0.2)])
    diffusion = Diffusion()
    options: dict[str, Any] = {"sampling_timesteps": 3, "v_min_max_for_clip": limits, "reference_defects": defects}
    windows = MotionWindows(diffusion, START, **options)
    motion = np.concatenate([windows.push(rows(200)), windows.finish()])
    assert np.abs(motion).max() <= np.float32(0.2)
    assert (np.abs(diffusion.starts[1]).max() <= np.float32(0.2)) != defects


def test_the_source_returns_every_so_many_windows_but_for_some_dims() -> None:
    diffusion = Diffusion()
    windows = MotionWindows(diffusion, START, sampling_timesteps=3, fix_kp_cond=2, fix_kp_cond_dim=(5, 9))
    windows.push(rows(300))
    first, second, third, fourth = diffusion.starts[:4]
    np.testing.assert_array_equal(first, START[0])
    kept = np.r_[0:5, 9:VECTOR_SIZE]
    assert not np.isclose(second[kept], START[0, kept]).all()
    np.testing.assert_array_equal(third[kept], START[0, kept])
    assert not np.isclose(third[5:9], START[0, 5:9]).any()
    assert not np.isclose(fourth[kept], START[0, kept]).all()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"overlap_v2": 80}, "overlap_v2=80"),
        ({"overlap_v2": -1}, "overlap_v2=-1"),
        ({"overlap_v2": 39, "lead": np.zeros((39, CONDITION), np.float32)}, "40 or more"),
        ({"fix_kp_cond": -1}, "fix_kp_cond=-1"),
        ({"fix_kp_cond_dim": (3, 266)}, "fix_kp_cond_dim"),
        ({"v_min_max_for_clip": np.zeros((2, 3))}, "v_min_max_for_clip"),
    ],
)
def test_settings_out_of_range_are_refused(options: dict[str, Any], named: str) -> None:
    with pytest.raises(dh.OptionError, match=named):
        MotionWindows(Diffusion(), START, **options)


def test_lead_must_be_as_long_as_the_overlap() -> None:
    with pytest.raises(ValueError, match="3 lead rows for an overlap of 50"):
        MotionWindows(Diffusion(), START, overlap_v2=50, lead=np.zeros((3, CONDITION), np.float32))
