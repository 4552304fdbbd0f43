"""What the synthesised face does for what is said."""

from __future__ import annotations

import numpy as np
import pytest

import dh
from dh_ditto.condition import EMOTIONS, emotion_rows
from dh_ditto.starter.layout import blendshapes_of
from dh_ditto.synthesis.emotions import STYLES
from dh_ditto.synthesis.head import Habit, head_motion
from dh_ditto.synthesis.mouth import mouth_motion
from dh_ditto.synthesis.performance import Direction, Performance, perform
from dh_ditto.synthesis.phonemes import articulations
from dh_ditto.synthesis.prosody import Accent, Prosody
from dh_ditto.synthesis.segments import Segment
from dh_ditto.synthesis.shapes import SHAPE, columns_of, lip_opening
from dh_ditto.synthesis.tracks import blurred, followed, frame_times, gaussian

_SAYING = [
    ("", 0.6),
    ("m", 0.09),
    ("ɑ", 0.22),
    ("p", 0.07),
    ("u", 0.22),
    ("s", 0.12),
    ("i", 0.2),
    ("f", 0.1),
    ("a", 0.24),
    ("", 1.0),
]


def _segments(saying: list[tuple[str, float]] = _SAYING) -> list[Segment]:
    at, made = 0.0, []
    for symbol, seconds in saying:
        sound = articulations(symbol)[0]
        made.append(Segment(at, at + seconds, symbol, sound, 2 if sound.is_vowel else 0))
        at += seconds
    return made


def _frame(segments: list[Segment], symbol: str) -> int:
    """The frame in the middle of a symbol."""
    (found,) = (s for s in segments if s.symbol == symbol)
    return int((found.begin + found.end) / 2 * 25)


def _samples(segments: list[Segment]) -> np.ndarray:
    rng = np.random.default_rng(0)
    parts = [(0.2 if s.symbol else 0.0) * rng.standard_normal(round(s.duration * dh.SAMPLE_RATE)) for s in segments]
    return np.concatenate(parts).astype(np.float32)


def _performed(emotion: str = "neutral", **changes: float) -> Performance:
    row = emotion_rows(emotion)[0].astype(float)
    segments = _segments()
    return perform(segments, _samples(segments), Direction(tuple(row / row.sum()), **changes))  # type: ignore[arg-type]


def _weight(rows: np.ndarray, name: str) -> np.ndarray:
    return blendshapes_of(rows)[:, SHAPE[name]]


def test_the_lips_opening_is_what_the_renderer_draws() -> None:
    from dh_face_mesh.shape_table import SHAPES

    jaw = SHAPES["jawOpen"].lips.upper_inner - SHAPES["jawOpen"].lips.lower_inner
    for name, column in SHAPE.items():
        side = name.endswith(("Left", "Right"))
        shape = SHAPES.get(name.removesuffix("Left").removesuffix("Right"))
        if name in ("jawOpen", "mouthClose") or shape is None:
            continue
        weights = np.zeros((1, 52))
        weights[0, SHAPE["jawOpen"]], weights[0, column] = 0.5, 1.0
        drawn = 0.5 + (0.5 if side else 1.0) * (shape.lips.upper_inner - shape.lips.lower_inner) / jaw
        assert lip_opening(weights)[0] == pytest.approx(drawn, abs=0.011), name


def test_mouth_close_undoes_the_jaw_and_no_more() -> None:
    weights = np.zeros((3, 52))
    weights[:, SHAPE["jawOpen"]] = 0.4
    weights[:, SHAPE["mouthClose"]] = [0.0, 0.3, 0.9]
    np.testing.assert_allclose(lip_opening(weights), [0.4, 0.1, 0.0], atol=1e-9)


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_lips_close_for_m_and_p_and_in_pauses_whatever_the_emotion(emotion: str) -> None:
    performance = _performed(emotion)
    segments = _segments()
    opening = lip_opening(blendshapes_of(performance.motion))
    assert opening[_frame(segments, "ɑ")] > 0.3
    for symbol in ("m", "p"):
        frame = _frame(segments, symbol)
        assert opening[frame - 1 : frame + 2].min() < 0.01, symbol
    assert opening[-15:].max() < 0.02
    assert opening[:10].max() < 0.02


def test_each_sound_has_its_mouth() -> None:
    motion = _performed().motion
    segments = _segments()
    at = {symbol: _frame(segments, symbol) for symbol in ("ɑ", "u", "s", "i", "f")}
    pucker, stretch = _weight(motion, "mouthPucker"), _weight(motion, "mouthStretchLeft")
    roll, jaw = _weight(motion, "mouthRollLower"), _weight(motion, "jawOpen")
    opening = lip_opening(blendshapes_of(motion))
    assert pucker[at["u"]] > 0.35
    assert pucker[at["i"]] < 0.1
    assert stretch[at["i"]] > 0.1 > stretch[at["u"]]
    assert roll[at["f"]] > 0.35
    assert roll[at["ɑ"]] < 0.1
    assert jaw[at["ɑ"]] > 0.4
    assert jaw[at["s"]] < 0.15
    assert opening[at["ɑ"]] > 2 * opening[at["i"]] > 2 * opening[at["f"]]


def test_articulation_opens_the_mouth_and_keeps_closures() -> None:
    segments = _segments()
    opening = {
        amount: lip_opening(mouth_motion(segments, [1.0] * len(segments), 70, amount).weights)
        for amount in (0.5, 1, 1.5)
    }
    a, p = _frame(segments, "ɑ"), _frame(segments, "p")
    assert opening[0.5][a] < 0.75 * opening[1][a] < 0.75 * opening[1.5][a]
    assert max(series[p - 1 : p + 2].min() for series in opening.values()) < 0.01


def test_a_loud_vowel_opens_further() -> None:
    segments = _segments()
    quiet, loud = (
        lip_opening(mouth_motion(segments, [gain] * len(segments), 70, 1.0).weights).max() for gain in (0.8, 1.1)
    )
    assert loud > 1.2 * quiet


def test_lids_and_eyeballs_follow_their_conditions() -> None:
    performance = _performed("angry", seed=5, blink_rate=40.0, gaze=1.5)
    motion, gaze = performance.motion, performance.eye_ball
    closed = 1 - performance.eye_open
    blink = np.stack([_weight(motion, "eyeBlinkLeft"), _weight(motion, "eyeBlinkRight")], 1)
    assert np.all(blink >= closed - 1e-6)
    np.testing.assert_allclose(blink, closed, atol=0.08 * max(0.0, float(-gaze[:, 1].min())) + 1e-3)
    across = _weight(motion, "eyeLookOutLeft") - _weight(motion, "eyeLookInLeft")
    upwards = _weight(motion, "eyeLookUpRight") - _weight(motion, "eyeLookDownRight")
    np.testing.assert_allclose(across, gaze[:, 0], atol=1e-6)
    np.testing.assert_allclose(upwards, gaze[:, 1], atol=1e-6)


def test_each_emotion_looks_unlike_every_other() -> None:
    faces = {name: _performed(name, head_motion=0.0).motion.mean(0) for name in EMOTIONS}
    for one in EMOTIONS:
        for other in EMOTIONS:
            if one != other:
                assert np.abs(faces[one] - faces[other]).max() > 0.15, (one, other)


def test_styles_name_blendshapes_that_exist() -> None:
    assert set(STYLES) == set(EMOTIONS)
    for style in STYLES.values():
        for name, weight in (*style.face.items(), *style.speaking.items(), *style.accent.items()):
            assert columns_of(name)
            assert 0 < weight <= 1


def _head(amount: float, seed: int = 0, habit: Habit | None = None) -> tuple[np.ndarray, np.ndarray]:
    accents = tuple(Accent(1.0 + 0.8 * n, 1.0) for n in range(10))
    prosody = Prosody((), accents, ((0.8, 5.0), (5.6, 9.5)))
    return head_motion(prosody, 500, amount, habit or Habit(), np.random.default_rng(seed))


def test_a_head_moves_smoothly_within_its_range_and_starts_at_rest() -> None:
    for seed in range(8):
        rotation, translation = _head(1.0, seed)
        assert np.all(np.abs(rotation) <= [6, 8, 4])
        assert np.abs(rotation[0]).max() < 0.05
        assert np.abs(np.diff(rotation, 2, axis=0)).mean() < 0.12
        assert rotation.std() > 0.3
        assert np.abs(translation).max() < 0.05


def test_head_motion_scales_from_still_to_lively() -> None:
    still, natural, lively = (_head(amount)[0] for amount in (0.0, 1.0, 2.0))
    assert not still.any()
    assert lively.std() > 1.5 * natural.std()


def test_accents_lower_the_chin() -> None:
    nods = np.mean([_head(1.0, seed)[0][:, 0] for seed in range(60)], 0)
    times = frame_times(500)
    after = np.mean([nods[(times > 1.1 + 0.8 * n) & (times < 1.35 + 0.8 * n)].mean() for n in range(9)])
    rest = nods[times > 13].mean()
    assert after < rest - 0.5


def test_a_seed_decides_the_performance() -> None:
    first, again, other = _performed(seed=1), _performed(seed=1), _performed(seed=2)
    np.testing.assert_array_equal(first.motion, again.motion)
    assert np.abs(first.motion[:, :3] - other.motion[:, :3]).max() > 0.2


def test_a_blur_keeps_constants_and_a_spring_ends_where_it_is_pulled() -> None:
    np.testing.assert_allclose(blurred(np.full(50, 3.0), gaussian(0.02)), 3.0)
    step = np.r_[np.zeros(100), np.ones(500)]
    path = followed(step, 2.0)
    assert path[99] == 0 and path[-1] == pytest.approx(1)
    assert np.all(np.diff(path) >= -1e-12)  # critically damped: never past its target
