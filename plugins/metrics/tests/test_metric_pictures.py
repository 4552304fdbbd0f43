"""Freezes and hands: what the pictures themselves show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import dh
from dh_metrics.freezes import freezes
from dh_metrics.hands import HandKeeper, HandTrack, hand_variance
from dh_metrics.stillness import StillnessMeter

FPS = 25.0
Image = NDArray[np.uint8]


def ball(at: float, height: int = 240, width: int = 320) -> Image:
    """A soft bright ball on a still, textured ground; ``at`` moves it."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    ground = 90 + 30 * np.sin(x / 7.0) * np.cos(y / 5.0)
    shape = np.exp(-((x - 60 - at) ** 2 + (y - 120) ** 2) / (2 * 15.0**2))
    return np.repeat((ground + 100 * shape)[..., None], 3, axis=2).astype(np.uint8)


def test_a_frozen_second_reads_a_freeze_of_a_second(write_video: Callable[..., Path]) -> None:
    steps = [*range(40), *([39] * 25), *range(40, 75)]
    found = dh.evaluate(write_video(ball(2.0 * step) for step in steps), metrics=["freezes"])["metrics"][0]
    assert found["value"] == pytest.approx(1.0)
    assert found["note"] == "once; the longest 1.00 s from 1.60 s on"
    assert (found["count"], found["crop"]) == (100, "whole frame")


def test_a_still_picture_is_frozen_and_a_moving_one_is_not(write_video: Callable[..., Path]) -> None:
    still, moving = (write_video(ball(speed * step) for step in range(50)) for speed in (0.0, 1.0))
    values = [dh.evaluate(video, metrics=["freezes"])["metrics"][0]["value"] for video in (still, moving)]
    assert values == pytest.approx([49 / FPS, 0])


def test_single_repeated_frames_are_another_frame_rate_and_no_freeze() -> None:
    still = np.tile([False, True], 50)
    assert freezes(still, FPS) == []
    still[10:14] = True
    assert freezes(still, FPS) == [], "6 frames are too short"
    still[14:19] = True
    assert freezes(still, FPS) == [(9, 20)]


def test_a_still_face_before_a_moving_ground_counts_as_still() -> None:
    face = np.array([[150.0, 100, 0], [170, 130, 0]])
    meter = StillnessMeter()
    assert [meter(ball(at), face) for at in (0, 10, 20)] == [False, True, True]
    meter = StillnessMeter()
    assert [meter(ball(at), None) for at in (0, 10, 20)] == [False, False, False]


def test_slow_movement_adds_up_and_is_no_freeze() -> None:
    meter = StillnessMeter()
    still = [meter(ball(0.25 * step), None) for step in range(50)]
    assert any(still)
    assert freezes(np.array(still), FPS) == []


def hand(x: float, y: float) -> NDArray[np.float64]:
    return np.stack([np.full(21, x), np.full(21, y)], axis=-1) + np.linspace(0, 0.1, 21)[:, None]


def test_hand_variance_is_that_of_the_path() -> None:
    time = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    points = np.full((200, 2, 21, 2), np.nan)
    points[:, 0] = [hand(0.3 + 0.1 * np.sin(t), 0.5 + 0.2 * np.cos(t)) for t in time]
    confidence = np.where(np.isfinite(points[:, :, 0, 0]), 0.9, np.nan)
    assert hand_variance(HandTrack(points, confidence)) == pytest.approx((0.1**2 + 0.2**2) / 2)


def test_hands_keep_their_rows_when_the_detector_changes_their_order_or_loses_one() -> None:
    keeper = HandKeeper()
    left, right = hand(0.2, 0.5), hand(0.8, 0.5)
    for found in ([left, right], [right, left], [right], [], [left]):
        keeper.add(found, [0.9] * len(found))
    track = keeper.track()
    assert track.seen.tolist() == [[True, True], [True, True], [False, True], [False, False], [True, False]]
    assert np.nanmax(track.points[:, 0, 0, 0]) == pytest.approx(0.2)
    assert hand_variance(track) == pytest.approx(0)


def test_a_hand_that_is_seen_once_has_no_variance() -> None:
    keeper = HandKeeper()
    keeper.add([hand(0.5, 0.5)], [0.8])
    keeper.add([], [])
    with pytest.raises(dh.NotMeasurable, match="more than one frame"):
        hand_variance(keeper.track())


def test_a_video_without_hands_or_faces_says_so(write_video: Callable[..., Path]) -> None:
    video = write_video(ball(2.0 * step) for step in range(5))
    found = dh.evaluate(video, metrics=["hand-confidence", "hand-variance", "jitter"])
    why = {row["name"]: row["why"] for row in found["metrics"]}
    assert why["hand-confidence"] == why["hand-variance"] == "no hand is seen in any frame"
    assert why["jitter"] == "no face is found in any frame"
