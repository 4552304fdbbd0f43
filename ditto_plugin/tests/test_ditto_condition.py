"""Condition rows follow frames, emotions and options, and a wrong emotion is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dh
from dh_ditto.condition import EMOTIONS, ConditionHandler, emotion_rows
from dh_ditto.motion import Array, SourceMotion, to_vector

EMOTION, EYE_OPEN, EYE_BALL, CANONICAL = slice(1024, 1032), slice(1032, 1034), slice(1034, 1040), slice(1040, 1103)


def source(frames: int = 1, offset: float = 0.0) -> SourceMotion:
    sizes = {"scale": 1, "pitch": 66, "yaw": 66, "roll": 66, "t": 3, "exp": 63, "kp": 63}
    infos = [{name: np.full((1, size), offset + i, np.float32) for name, size in sizes.items()} for i in range(frames)]
    return SourceMotion(
        infos=infos,
        eye_open=np.arange(2 * frames, dtype=np.float32).reshape(frames, 2) + offset,
        eye_ball=np.arange(6 * frames, dtype=np.float32).reshape(frames, 6) + offset,
        canonical=np.full(63, 7 + offset, np.float32),
        still=frames == 1,
    )


def features(count: int) -> Array:
    return np.random.default_rng(count).standard_normal((count, 1024), np.float32)


def test_rows_hold_every_part_in_order() -> None:
    speech = features(3)
    rows = ConditionHandler(source()).condition(speech)
    assert rows.shape == (3, 1103) and rows.dtype == np.float32
    np.testing.assert_array_equal(rows[:, :1024], speech)
    np.testing.assert_allclose(rows[:, EMOTION].sum(1), 1, rtol=1e-6)
    np.testing.assert_array_equal(rows[:, CANONICAL], 7)


@pytest.mark.parametrize(
    ("switch", "width"), [("use_emo", 8), ("use_eye_open", 2), ("use_eye_ball", 6), ("use_sc", 63)]
)
def test_a_part_can_be_left_out(switch: str, width: int) -> None:
    off: dict[str, Any] = {switch: False}
    assert ConditionHandler(source(), **off).condition(features(2)).shape == (2, 1103 - width)


@pytest.mark.parametrize("label", range(8))
def test_a_name_is_its_number(label: int) -> None:
    rows = emotion_rows(label)
    np.testing.assert_array_equal(rows, emotion_rows(EMOTIONS[label]))
    np.testing.assert_array_equal(rows, emotion_rows(np.int64(label)))
    assert rows.argmax() == label and rows.shape == (1, 8)


def test_emotions_felt_together_share_alike() -> None:
    row = emotion_rows(["happy", 4])[0]
    assert row[3] == row[4] and row[3] > 0.49
    np.testing.assert_array_equal(emotion_rows([["happy"], ["sad", 4]])[0], emotion_rows(3)[0])


def test_emotions_repeat_by_frame() -> None:
    rows = ConditionHandler(source(), emo=[[0], [1], [2]]).condition(features(8), 4)
    assert rows[:, EMOTION].argmax(1).tolist() == [1, 2, 0, 1, 2, 0, 1, 2]


def test_an_array_is_taken_as_it_is_but_for_its_precision() -> None:
    weights = np.random.default_rng(0).random((5, 8))
    rows = ConditionHandler(source(), emo=weights).condition(features(5))
    np.testing.assert_array_equal(rows[:, EMOTION], weights.astype(np.float32))
    assert rows.dtype == np.float32


@pytest.mark.parametrize(
    "emo",
    [
        8, -1, 2.5, True, None, "bored", [], [[]], list(range(8)), [[1], [9]], [3, "bored"], np.zeros(8),
        np.zeros((0, 8)), np.zeros((3, 7)), np.full((2, 8), np.nan), np.full((1, 8), "x"), {"happy": 1},
    ],
)  # fmt: skip
def test_a_wrong_emotion_is_refused(emo: Any) -> None:
    with pytest.raises(dh.OptionError, match=r"^emo"):
        ConditionHandler(source(), emo=emo)


def test_a_calls_own_emotion_counts_for_that_call() -> None:
    handler = ConditionHandler(source(), emo="neutral")
    assert set(handler.condition(features(4), emo="sad")[:, EMOTION].argmax(1)) == {5}
    assert set(handler.condition(features(4))[:, EMOTION].argmax(1)) == {4}
    assert handler.condition(features(2), emo=[[1], [2], [3]])[:, EMOTION].argmax(1).tolist() == [1, 2]
    with pytest.raises(dh.OptionError, match="3 rows for 4 frames"):
        handler.condition(features(4), emo=[[1], [2], [3]])


def test_eyes_follow_the_mirrored_source_and_frames_before_the_first_are_the_first() -> None:
    rows = ConditionHandler(source(3)).condition(features(10), -2)
    assert (rows[:, EYE_OPEN][:, 0] / 2).tolist() == [0, 0, 0, 1, 2, 2, 1, 0, 0, 1]
    assert (rows[:, EYE_BALL][:, 0] / 6).tolist() == [0, 0, 0, 1, 2, 2, 1, 0, 0, 1]
    first = ConditionHandler(source(3), eye_f0_mode=True).condition(features(10), -2)
    assert set(first[:, EYE_OPEN][:, 0]) == {0}


def test_calls_go_on_where_the_last_ended() -> None:
    speech, emo = features(40), [[0], [1], [2]]
    whole = ConditionHandler(source(4), emo=emo).condition(speech)
    handler = ConditionHandler(source(4), emo=emo)
    handler.condition(features(10), -10)
    parts = [handler.condition(speech[a:b]) for a, b in ((0, 1), (1, 1), (1, 17), (17, 40))]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_another_character_replaces_the_source() -> None:
    other = source(1, offset=50)
    handler = ConditionHandler(source(3), ch_info=other)
    rows = handler.condition(features(5))
    assert set(rows[:, EYE_OPEN][:, 0]) == {50} and set(rows[:, CANONICAL].ravel()) == {57}
    np.testing.assert_array_equal(handler.kp_cond, to_vector(other.infos[0])[None])
