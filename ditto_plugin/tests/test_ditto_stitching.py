"""What stitching promises: relative motion, blinks, fades and per-frame controls, without the published defects."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import dh
from dh_ditto.blinks import blink_table
from dh_ditto.expression import EYES, LIPS, group_mask
from dh_ditto.fades import fade_table, faded
from dh_ditto.frame_controls import ControlTable, FrameControls
from dh_ditto.keypoints import keypoints, to_degrees
from dh_ditto.motion import Array, MotionInfo
from dh_ditto.stitching import MotionStitcher, StitchOptions

LIPS_MASK, EYES_MASK = group_mask(LIPS)[0] > 0, group_mask(EYES)[0] > 0


def motion(seed: int, *, kp: bool = False, dtype: type = np.float32) -> MotionInfo:
    rng = np.random.default_rng(seed)
    sizes = {"scale": 1, "pitch": 66, "yaw": 66, "roll": 66, "t": 3, "exp": 63, **({"kp": 63} if kp else {})}
    spread = {"scale": 0.05, "t": 0.05, "exp": 0.05, "kp": 0.3}
    return {
        part: ((part == "scale") + spread.get(part, 1.0) * rng.standard_normal((1, size))).astype(dtype)
        for part, size in sizes.items()
    }


SOURCE = motion(0, kp=True)
DRIVING = [motion(seed) for seed in range(1, 7)]


def run(options: StitchOptions | None = None, still: bool = True, **settings: Any) -> Array:
    """Driving keypoints [6,21,3] of a run."""
    stitcher = MotionStitcher(SOURCE, still, options, **settings)
    return np.concatenate([stitcher.frame(SOURCE, driving, index)[1] for index, driving in enumerate(DRIVING)])


def expression(x_d: Array) -> Array:
    """What was added to the source's canonical keypoints [63], of keypoints with the source's pose, t and scale."""
    offset = (x_d - keypoints({**SOURCE, "exp": np.zeros((1, 63), np.float32)}))[0] / SOURCE["scale"][0, 0]
    return np.asarray(offset.reshape(-1))


def test_the_first_frame_of_relative_motion_is_the_source() -> None:
    stitcher = MotionStitcher(SOURCE, True)
    x_s, x_d = stitcher.compose(SOURCE, DRIVING[0], 0)
    np.testing.assert_array_equal(x_d, x_s)
    assert stitcher.compose(SOURCE, DRIVING[1], 1)[0] is x_s
    assert not np.array_equal(stitcher.compose(SOURCE, DRIVING[1], 1)[1], x_s)


def test_only_lips_and_eyes_follow_the_driver() -> None:
    stitcher = MotionStitcher(SOURCE, False, StitchOptions(drive_eyes=True, relative=False, driven=["exp"]))
    got = expression(stitcher.compose(SOURCE, DRIVING[0], 0)[1])
    np.testing.assert_allclose(got[LIPS_MASK | EYES_MASK], DRIVING[0]["exp"][0, LIPS_MASK | EYES_MASK], atol=1e-5)
    rest = ~(LIPS_MASK | EYES_MASK)
    np.testing.assert_allclose(got[rest], SOURCE["exp"][0, rest], atol=1e-5)


def test_a_video_keeps_its_own_pose_and_eyes() -> None:
    got = expression(run(still=False)[3:4])
    np.testing.assert_allclose(got[~LIPS_MASK], SOURCE["exp"][0, ~LIPS_MASK], atol=1e-5)
    change = DRIVING[3]["exp"] - DRIVING[0]["exp"]
    np.testing.assert_allclose(got[LIPS_MASK], (SOURCE["exp"] + change)[0, LIPS_MASK], atol=1e-5)


def test_runs_leak_nothing_into_each_other() -> None:
    options = StitchOptions(fade_to="d0", blink_shape=np.full((3, 63), 0.01), blink_interval=1)
    settings: dict[str, Any] = {"frames": 6, "fade_out": 3}
    first = run(options, **settings)
    MotionStitcher(SOURCE, True, options, frames=6).compose(SOURCE, DRIVING[4], 0)
    np.testing.assert_array_equal(run(options, **settings), first)


@pytest.mark.parametrize("relative", [True, False])
def test_arrays_of_the_caller_are_never_changed(relative: bool) -> None:
    options = StitchOptions(
        driven={"exp": 0.5, "pitch": 2, "scale": 0.9, "t": 3}, relative=relative, fade_to="d0",
        overall_controls={"delta_exp": np.ones((1, 63)), "alpha_yaw": 0.5, "vad_alpha": 0.2},
    )  # fmt: skip
    arrays = [array for info in (SOURCE, *DRIVING) for array in info.values()]
    before = [array.copy() for array in arrays]
    x_s, x_d = MotionStitcher(SOURCE, True, options, frames=6, fade_in=3).compose(SOURCE, DRIVING[0], 0)
    run(options, frames=6, fade_in=3)
    x_d += 1
    for array, kept in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, kept)
    np.testing.assert_array_equal(x_s, keypoints(SOURCE))


def test_float64_from_users_stays_out_of_the_networks() -> None:
    wide = StitchOptions(
        rest=motion(9, dtype=np.float64),
        blink_shape=np.full((3, 63), 0.01),
        blink_interval=0,
        overall_controls={"delta_yaw": np.float64(3), "alpha_roll": np.array([0.5]), "delta_exp": np.full(63, 0.01)},
    )
    seen: list[str] = []

    def network(x_s: Array, x_d: Array) -> Array:
        seen.extend([x_s.dtype.name, x_d.dtype.name])
        return x_d

    stitcher = MotionStitcher(motion(0, kp=True, dtype=np.float64), True, wide, network=network)
    stitcher.frame(motion(0, kp=True, dtype=np.float64), motion(1, dtype=np.float64), 0)
    assert seen == ["float32", "float32"]


def test_frames_stitched_together_equal_frames_stitched_one_by_one() -> None:
    def network(x_s: Array, x_d: Array) -> Array:
        return x_d + 0.1 * x_s[:, :1]

    stitcher = MotionStitcher(SOURCE, True, network=network)
    pairs = [stitcher.compose(SOURCE, driving, index) for index, driving in enumerate(DRIVING)]
    together = stitcher.stitch(*(np.concatenate(part) for part in zip(*pairs, strict=True)))
    np.testing.assert_array_equal(together, run(network=network))
    assert not np.array_equal(together, run(StitchOptions(stitch=False), network=network))


def test_absolute_motion_ignores_a_motion_at_rest() -> None:
    absolute, with_rest = StitchOptions(relative=False), StitchOptions(relative=False, rest=DRIVING[2])
    np.testing.assert_array_equal(run(with_rest), run(absolute))
    defects = run(with_rest, reference_defects=True)
    np.testing.assert_array_equal(defects, run(StitchOptions(rest=DRIVING[2])))


def test_factors_of_one_are_a_list_and_a_character_twice_as_large_doubles_the_motion() -> None:
    parts = ("exp", "pitch", "yaw", "roll", "t")
    np.testing.assert_array_equal(run(StitchOptions(driven=dict.fromkeys(parts, 1))), run(StitchOptions(driven=parts)))
    twice = StitchOptions(character_scale=2 * float(SOURCE["scale"].item()))
    doubled = {part: 1.0 if part == "t" else 2.0 for part in parts}
    np.testing.assert_allclose(run(twice), run(StitchOptions(driven=doubled)), atol=1e-6)


def test_driving_angles_may_come_in_degrees() -> None:
    start, end = ({**info, "yaw": to_degrees(info["yaw"])} for info in DRIVING[:2])
    stitcher = MotionStitcher(SOURCE, True, StitchOptions(driven=["yaw"], drive_eyes=False))
    stitcher.compose(SOURCE, start, 0)
    turned = stitcher.compose(SOURCE, end, 1)[1]
    expected = keypoints({**SOURCE, "yaw": to_degrees(SOURCE["yaw"]) + end["yaw"] - start["yaw"]})[0]
    np.testing.assert_allclose(turned[0], expected, atol=1e-5)


class TestControls:
    """Published per-frame controls."""

    def test_pose_factors_act_on_degrees(self) -> None:
        halved = FrameControls.parse({"alpha_yaw": 0.5}, "frame 0")
        fixed = halved.apply(SOURCE, SOURCE, reference_defects=False)["yaw"]
        assert fixed == pytest.approx(0.5 * to_degrees(SOURCE["yaw"]))
        published = halved.apply(SOURCE, SOURCE, reference_defects=True)["yaw"]
        np.testing.assert_array_equal(published, SOURCE["yaw"] * np.float32(0.5))

    def test_a_turn_is_added_before_the_factor(self) -> None:
        both = FrameControls.parse({"delta_pitch": 10, "alpha_pitch": 2}, "frame 0")
        for defects in (False, True):
            got = both.apply(SOURCE, SOURCE, reference_defects=defects)["pitch"]
            assert got == pytest.approx(2 * (to_degrees(SOURCE["pitch"]) + 10))

    def test_voice_activity_acts_on_the_lips_alone(self) -> None:
        quiet = FrameControls.parse({"vad_alpha": 0.25}, "frame 0")
        spoken = {**SOURCE, "exp": SOURCE["exp"] + 1}
        change = quiet.apply(spoken, SOURCE, reference_defects=False)["exp"] - SOURCE["exp"]
        np.testing.assert_allclose(change[0], np.where(LIPS_MASK, 0.25, 1), atol=1e-6)
        whole = quiet.apply(spoken, SOURCE, reference_defects=True)["exp"] - SOURCE["exp"]
        np.testing.assert_allclose(whole, 0.25, atol=1e-6)

    def test_an_empty_run_keeps_the_controls_of_the_options(self) -> None:
        options = StitchOptions(frame_controls={2: {"delta_yaw": 20}})
        assert not np.array_equal(run(options, controls={})[2], run()[2])
        np.testing.assert_array_equal(run(options, controls={1: {"delta_yaw": 20}})[2], run()[2])

    def test_a_list_has_one_mapping_per_frame_and_fades_go_with_it(self) -> None:
        rows = [{}, {"delta_roll": 5}, {"delta_exp": np.full((1, 63), 0.1)}]
        options = StitchOptions(fade_to="s")
        settings: dict[str, Any] = {"frames": 6, "fade_in": 2, "fade_out": 2}
        as_list = run(options, controls=rows, **settings)
        np.testing.assert_array_equal(as_list, run(options, controls=dict(enumerate(rows)), **settings))

    def test_a_frame_wins_over_the_controls_of_all_frames(self) -> None:
        table = ControlTable({3: {"delta_roll": -2.0}}, {"delta_roll": 4.0, "vad_alpha": 0.6})
        assert (table[0].turn, table[3].turn) == ({"roll": 4.0}, {"roll": -2.0})
        assert table[3].voice == 0.6

    @pytest.mark.parametrize(
        ("controls", "words"),
        [
            ({7: {"delta_jaw": 1}}, ["frame 7", "delta_jaw", "delta_yaw"]),
            ({7: {"delta_yaw": [1, 2]}}, ["frame 7", "delta_yaw"]),
            ({7: {"vad_alpha": "loud"}}, ["frame 7", "vad_alpha", "loud"]),
            ({7: {"alpha_roll": np.nan}}, ["frame 7", "alpha_roll"]),
            ({7: {"delta_exp": np.zeros(62)}}, ["frame 7", "delta_exp", "62"]),
            ({7: {"fade_out_keys": ["jaw"]}}, ["frame 7", "jaw", "kp"]),
            ({-1: {}}, ["-1"]),
            ({"first": {}}, ["first"]),
        ],
    )
    def test_what_cannot_be_used_is_named(self, controls: Any, words: list[str]) -> None:
        with pytest.raises(dh.OptionError) as caught:
            MotionStitcher(SOURCE, True, controls=controls)
        assert all(word in str(caught.value) for word in words)

    @pytest.mark.parametrize(
        ("options", "word"),
        [({"driven": ["jaw"]}, "jaw"), ({"blink_shape": np.zeros((3, 62))}, "62"), ({"fade_to": "x"}, "fade_type")],
    )
    def test_options_that_cannot_be_used_are_named(self, options: dict[str, Any], word: str) -> None:
        with pytest.raises(dh.OptionError, match=word):
            StitchOptions(**options)


class TestFades:
    """Fading in and out."""

    def test_a_faded_turn_is_mixed_in_degrees(self) -> None:
        turned = {**SOURCE, "yaw": np.array([40], np.float32)}
        mixed = faded(turned, SOURCE, 0.25, ["yaw"], reference_defects=False)["yaw"]
        assert mixed == pytest.approx(0.25 * 40 + 0.75 * to_degrees(SOURCE["yaw"]))
        assert faded(turned, SOURCE, 0.25, ["yaw"], reference_defects=True)["yaw"].shape == (1, 66)

    def test_a_clip_that_fades_out_ends_at_the_source(self) -> None:
        options = StitchOptions(fade_to="s", fade_parts=None, overall_controls={"delta_yaw": 15})
        got = run(options, frames=6, fade_out=3)
        np.testing.assert_allclose(got[5:], keypoints(SOURCE), atol=1e-5)
        np.testing.assert_array_equal(got[:3], run(StitchOptions(overall_controls={"delta_yaw": 15}))[:3])

    def test_a_clip_that_fades_to_its_first_frame_ends_there(self) -> None:
        options = StitchOptions(fade_to="d0", fade_parts=None, relative=False)
        got = run(options, frames=6, fade_out=2)
        np.testing.assert_allclose(got[5], got[0], atol=1e-6)

    def test_parts_of_a_frame_win_over_those_of_the_run(self) -> None:
        own = {5: {"fade_alpha": 0.0, "fade_out_keys": ["t"]}}
        got = run(StitchOptions(fade_to="s", driven=["exp", "t"], drive_eyes=False), controls=own)
        driven = run(StitchOptions(driven=["exp"], drive_eyes=False))
        np.testing.assert_allclose(got[5], driven[5], atol=1e-6)

    @pytest.mark.parametrize("fade_out", [5, 6, 40])
    def test_a_fade_out_as_long_as_the_clip_starts_with_it(self, fade_out: int) -> None:
        table = fade_table(6, -1, fade_out)
        assert list(table) == [0, 1, 2, 3, 4, 5]
        assert list(table.values()) == pytest.approx([1, 0.8, 0.6, 0.4, 0.2, 0])
        assert (min(fade_table(6, -1, fade_out, reference_defects=True)) < 0) == (fade_out > 5)

    def test_a_fade_in_ends_with_the_clip(self) -> None:
        assert list(fade_table(3, 10, -1)) == [0, 1, 2]
        assert fade_table(1, -1, 4) == {0: 0.0}

    def test_a_stream_fades_in_but_cannot_fade_out(self) -> None:
        assert fade_table(None, 2, -1) == {0: 0.0, 1: 0.5}
        with pytest.raises(dh.OptionError, match="fade_out"):
            fade_table(None, -1, 5)


class TestBlinks:
    """Blinks from a sequence of eye offsets."""

    def test_eyes_are_the_sources_and_the_offset(self) -> None:
        shape = np.stack([np.zeros(63), np.full(63, 0.02), np.full(63, 0.04)])
        options = StitchOptions(blink_shape=shape, blink_interval=1, driven=["exp"])
        stitcher = MotionStitcher(SOURCE, True, options, frames=20)
        change = [
            expression(stitcher.compose(SOURCE, DRIVING[0], frame)[1])[EYES_MASK] - SOURCE["exp"][0, EYES_MASK]
            for frame in range(4)
        ]
        np.testing.assert_allclose(change, np.repeat([[0], [0], [0.02], [0.04]], 15, 1), atol=1e-5)

    def test_still_eyes_do_not_blink(self) -> None:
        shape = np.full((4, 63), 0.1)
        np.testing.assert_array_equal(
            run(StitchOptions(blink_shape=shape, drive_eyes=False)), run(StitchOptions(drive_eyes=False))
        )

    def test_random_blinks_follow_the_generator(self) -> None:
        table = blink_table(2000, 10, 0, random.Random(5))
        np.testing.assert_array_equal(table, blink_table(2000, 10, 0, random.Random(5)))
        assert not np.array_equal(table, blink_table(2000, 10, 0, random.Random(6)))
        starts = np.flatnonzero(table == 1) - 1
        gaps = np.diff(starts) - 10
        assert len(gaps) > 10
        assert gaps.min() >= 60
        assert gaps.max() <= 100

    @pytest.mark.parametrize("frames", range(0, 60, 7))
    def test_no_clip_ends_within_a_blink(self, frames: int) -> None:
        table = blink_table(frames, 8, [3, 5])
        assert len(table) == frames
        assert frames == 0 or table[-1] == 0

    def test_a_stream_goes_on_blinking(self) -> None:
        options = StitchOptions(blink_shape=np.full((4, 63), 0.1), blink_interval=20)
        stitcher = MotionStitcher(SOURCE, True, options)
        assert np.isfinite(stitcher.compose(SOURCE, DRIVING[0], 1_000_000)[1]).all()

    @pytest.mark.parametrize("interval", [[], [5, -1]])
    def test_an_interval_that_cannot_be_used_is_named(self, interval: list[int]) -> None:
        with pytest.raises(dh.OptionError, match="interval"):
            blink_table(100, 8, interval)
