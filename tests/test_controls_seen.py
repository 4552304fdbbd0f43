"""Every control can be seen to work: its direction and its size, on landmarks found again on the rendered frames.

A picture that is warped shows part of a turn of the head, and the detector leans towards open eyes and straight looks:
the bounds say how much of each is seen at least.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

import dh
from dh.request import make_request
from dh.session import Session
from samples import PORTRAIT

pytest.importorskip("mediapipe")

from dh_face_mesh.landmarks import FaceLandmarker
from dh_face_mesh.measures import face

FPS = 25.0
Landmarks = np.ndarray
Measure = Callable[[Landmarks, Landmarks], float]
"""Of landmarks, and of those at rest."""


def mouth(found: Landmarks, rest: Landmarks) -> float:
    """Opening in face heights."""
    return face.mouth_opening(found)


def lids(found: Landmarks, rest: Landmarks) -> float:
    """Opening of the eyes as a share of theirs at rest."""
    return float(np.mean(face.eye_openings(found)) / np.mean(face.eye_openings(rest)))


def turn(axis: str) -> Measure:
    """Of the head since rest."""
    return lambda found, rest: getattr(face.head_motion(found, rest), axis)


def look(axis: int) -> Measure:
    """Of the irises since rest, in eye widths."""
    return lambda found, rest: face.gaze(found)[axis] - face.gaze(rest)[axis]


@dataclass(frozen=True)
class Seen:
    """What is measured at one value of a control: at least and at most."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Effect:
    """What a control does: on which measure, and how much at each value. ``motion`` is the driver's."""

    measure: Measure
    seen: Sequence[Seen]
    motion: Mapping[str, float] = field(default_factory=dict)


SPEAKING = {"jawOpen": 0.5, "yaw": 16.0}

EFFECTS = {
    "pitch": [Effect(turn("pitch"), [Seen(-20, -18, -8), Seen(20, 7, 18)])],
    "yaw": [Effect(turn("yaw"), [Seen(-20, -18, -9), Seen(20, 9, 18)])],
    "roll": [Effect(turn("roll"), [Seen(-15, -15.5, -11), Seen(15, 11, 15.5)])],
    "x": [Effect(turn("x"), [Seen(-0.1, -0.11, -0.085), Seen(0.1, 0.085, 0.11)])],
    "y": [Effect(turn("y"), [Seen(-0.1, -0.11, -0.085), Seen(0.1, 0.085, 0.11)])],
    "scale": [Effect(turn("scale"), [Seen(0.85, 0.82, 0.88), Seen(1.15, 1.11, 1.18)])],
    "gaze_x": [Effect(look(0), [Seen(-20, -0.16, -0.05), Seen(20, 0.05, 0.16)])],
    "gaze_y": [Effect(look(1), [Seen(-20, -0.16, -0.02), Seen(20, 0.02, 0.16)])],
    "eye_open": [Effect(lids, [Seen(0, 0, 0.3), Seen(0.5, 0.45, 0.85), Seen(1.4, 1.06, 1.35)])],
    "fade": [
        Effect(mouth, [Seen(0, 0, 0.01), Seen(0.5, 0.03, 0.07), Seen(1, 0.08, 0.13)], SPEAKING),
        Effect(turn("yaw"), [Seen(0, -1, 1), Seen(0.5, 3, 9), Seen(1, 8, 15)], SPEAKING),
    ],
    "voice": [
        Effect(mouth, [Seen(0, 0, 0.01), Seen(0.5, 0.03, 0.07), Seen(1, 0.08, 0.13)], SPEAKING),
        Effect(turn("yaw"), [Seen(0, 8, 15), Seen(1, 8, 15)], SPEAKING),
    ],
}
CASES = [(name, effect, seen) for name, effects in EFFECTS.items() for effect in effects for seen in effect.seen]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Landmarks]:
    """Landmarks of the portrait at rest, then of every case: one registration, one run of the renderer."""
    session = Session(make_request(method="face-mesh", source=PORTRAIT))
    path = tmp_path_factory.mktemp("controls") / "controls.csv"
    neutral = {name: control.neutral for name, control in dh.CONTROL_FIELDS.items()}
    rows = [neutral, *({**neutral, name: seen.value} for name, _, seen in CASES)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["time", *neutral])
        writer.writeheader()
        writer.writerows({"time": number / FPS, **row} for number, row in enumerate(rows))
    driven = [{}, *(dict(effect.motion) for _, effect, _ in CASES)]
    motion = dh.arkit_motion(
        0,
        FPS,
        jawOpen=[values.get("jawOpen", 0.0) for values in driven],
        rotation=[(0.0, values.get("yaw", 0.0), 0.0) for values in driven],
    )
    controlled = replace(motion, controls=dh.ControlTrack.read(path).at(0, len(motion), FPS))
    source = session.avatar.arrays["landmarks"][0].astype(np.float64)
    with FaceLandmarker() as landmarker, session.render([controlled]) as frames:
        again = [landmarker.follow(frame.image, source) for frame in frames]
    assert all(landmarks is not None for landmarks in again)
    return [landmarks for landmarks in again if landmarks is not None]


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{name}-{seen.value:g}" for name, _, seen in CASES])
def test_a_control_does_what_it_says(found: Sequence[Landmarks], number: int) -> None:
    _, effect, seen = CASES[number]
    assert seen.low <= effect.measure(found[number + 1], found[0]) <= seen.high


@pytest.mark.parametrize("name", ["gaze_x", "gaze_y", "eye_open"])
def test_the_eyes_controls_leave_the_head_and_the_mouth_alone(found: Sequence[Landmarks], name: str) -> None:
    for landmarks in (found[number + 1] for number, case in enumerate(CASES) if case[0] == name):
        motion = face.head_motion(landmarks, found[0])
        assert np.abs([motion.pitch, motion.yaw, motion.roll]).max() < 2
        assert np.abs([motion.x, motion.y, motion.scale - 1]).max() < 0.02
        assert face.mouth_opening(landmarks) < 0.01


@pytest.mark.parametrize("name", ["pitch", "yaw", "roll", "x", "y", "scale"])
def test_the_heads_controls_leave_the_eyes_and_the_mouth_alone(found: Sequence[Landmarks], name: str) -> None:
    for landmarks in (found[number + 1] for number, case in enumerate(CASES) if case[0] == name):
        assert 0.85 < lids(landmarks, found[0]) < 1.2
        assert face.mouth_opening(landmarks) < 0.012


def test_every_control_is_measured() -> None:
    assert set(EFFECTS) == set(dh.CONTROL_FIELDS)


def test_a_file_of_controls_is_seen_in_the_video(short_speech: Path, tmp_path: Path) -> None:
    path = tmp_path / "looks.csv"
    path.write_text("time,x,eye_open\n0,0,1\n0.4,0.12,0\n", encoding="utf-8")
    options = {"head_motion": 0}
    with dh.stream("face-mesh", source=PORTRAIT, audio=short_speech, controls=path, options=options) as frames:
        images = [frame.image for frame in frames]
    with FaceLandmarker() as landmarker:
        first, last = (landmarker.faces(image)[0] for image in (images[0], images[-1]))
    assert 0.09 < face.head_motion(last, first).x < 0.14
    assert lids(last, first) < 0.3
