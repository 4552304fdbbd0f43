"""Emotions and styles of the Ditto starter can be seen on the rendered frames: landmarks are found again on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import dh
from dh.request import make_request
from dh.session import Session
from samples import PORTRAIT, SPEECH

pytest.importorskip("mediapipe")

from dh_face_mesh.landmarks import FaceLandmarker
from dh_face_mesh.measures import face, series

Landmarks = np.ndarray
Measure = Callable[[Landmarks], float]
Found = Callable[..., list[Landmarks]]

SECONDS = 2.0
EVERY = 3


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Landmarks on every third frame of the example's first two seconds, with options; one registration for all."""
    avatar = tmp_path_factory.mktemp("starter") / "portrait.dhavatar"
    session = Session(make_request(method="ditto", profile="starter", source=PORTRAIT))
    session.avatar.save(avatar)
    at_rest = session.avatar.arrays["landmarks"][0].astype(np.float64)
    kept: dict[str, list[Landmarks]] = {}

    def run(seconds: float = SECONDS, every: int = EVERY, **options: object) -> list[Landmarks]:
        key = f"{seconds} {every} {sorted(options.items())}"
        if key not in kept:
            kept[key] = measured(avatar, at_rest, seconds, every, options)
        return kept[key]

    return run


def measured(
    avatar: Path, at_rest: Landmarks, seconds: float, every: int, options: dict[str, object]
) -> list[Landmarks]:
    chunks = dh.read_speech(SPEECH, chunk_seconds=seconds)
    speech = [next(chunks)]
    found = []
    stream = dh.stream("ditto", profile="starter", avatar=avatar, audio=speech, options={"steps": 5, **options})
    with FaceLandmarker() as landmarker, stream as frames:
        for number, frame in enumerate(frames):
            if number % every == 0:
                landmarks = landmarker.follow(frame.image, at_rest)
                assert landmarks is not None
                found.append(landmarks)
    return found


def brows(landmarks: Landmarks) -> float:
    return float(np.mean(face.brow_heights(landmarks)))


def eyes(landmarks: Landmarks) -> float:
    return float(np.mean(face.eye_openings(landmarks)))


def corners(landmarks: Landmarks) -> float:
    return face.mouth_corner_height(landmarks)


def mean(measure: Measure, frames: list[Landmarks]) -> float:
    return float(np.mean([measure(landmarks) for landmarks in frames]))


@pytest.mark.parametrize(
    ("emotion", "measure", "least"),
    [
        ("happy", corners, 0.003),  # the portrait smiles already
        ("happy", face.mouth_width, 0.01),
        ("surprise", brows, 0.015),
        ("surprise", eyes, 0.01),
        ("fear", brows, 0.008),
        ("angry", brows, -0.01),
        ("angry", corners, -0.01),
        ("disgust", brows, -0.006),
        ("disgust", corners, -0.008),
        ("sad", corners, -0.012),
        ("sad", eyes, -0.01),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_an_emotion_is_seen_on_the_face(found: Found, emotion: str, measure: Measure, least: float) -> None:
    """Least change against a neutral face, in face heights (of the eyes: in eye widths); its sign is the direction."""
    change = mean(measure, found(emotion=emotion)) - mean(measure, found(emotion="neutral"))
    assert change * np.sign(least) > abs(least)


def test_contempt_is_one_sided(found: Found) -> None:
    def lean(landmarks: Landmarks) -> float:
        left, right = face.brow_heights(landmarks)
        return right - left

    assert mean(lean, found(emotion="contempt")) - mean(lean, found(emotion="neutral")) > 0.008


def test_clearer_speech_opens_the_mouth_wider(found: Found) -> None:
    mumbled, natural, clear = (
        float(np.percentile([face.mouth_opening(landmarks) for landmarks in found(articulation=value)], 90))
        for value in (0.5, 1.0, 1.5)
    )
    assert mumbled < 0.9 * natural < natural < clear


def test_a_livelier_head_moves_more(found: Found) -> None:
    def wandering(frames: list[Landmarks]) -> float:
        motions = [face.head_motion(landmarks, frames[0]) for landmarks in frames]
        return float(np.std([[motion.pitch, motion.yaw, motion.roll] for motion in motions], axis=0).mean())

    still, natural, lively = (wandering(found(seconds=4.0, head_motion=value)) for value in (0.0, 1.0, 2.0))
    assert still < 0.8 * natural < 0.64 * lively, "landmarks move by half a degree with the mouth alone"


def test_eyes_blink_as_asked(found: Found) -> None:
    never, often = ([eyes(landmarks) for landmarks in found(seconds=6.0, every=1, blink_rate=rate)] for rate in (0, 30))
    assert series.blinks(np.array(never), 25.0) == 0
    assert series.blinks(np.array(often), 25.0) > 0


def test_a_wandering_gaze_is_seen(found: Found) -> None:
    straight, wandering = (
        float(np.std([face.gaze(landmarks)[0] for landmarks in found(seconds=6.0, blink_rate=0, gaze=value)]))
        for value in (0.0, 3.0)
    )
    assert wandering > straight + 0.005
