"""One face through a source: chosen, followed, lost and found again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pytest

import dh
from dh_ditto.crop import CropOptions, CropPoints
from dh_ditto.eyes import MESH_POINTS
from dh_ditto.landmarks.tracker import FaceTracker, TrackedFace

SHAPE = np.array([[-20.0, -20], [20, -20], [0, 0], [-12, 22], [12, 22]])
MESH = np.random.default_rng(0).uniform(0, 1, (MESH_POINTS, 3))


def face(x: float, y: float = 100) -> np.ndarray:
    return SHAPE + np.array([x, y])


def frames(count: int) -> Iterator[np.ndarray]:
    """Frame n is filled with n, so that a landmarker can tell them apart."""
    for number in range(count):
        yield np.full((200, 300, 3), number, np.uint8)


class Script:
    """Finds and follows what it is told for each frame; on ``astray`` frames, x = 10 is no face."""

    def __init__(
        self,
        faces: Mapping[int, Sequence[float]],
        follows: Mapping[int, float] | None = None,
        astray: Sequence[int] = (),
    ) -> None:
        self._faces, self._follows, self._astray = faces, follows or {}, astray
        self.searched: list[int] = []

    def faces(self, frame: np.ndarray) -> list[np.ndarray]:
        number = int(frame[0, 0, 0])
        self.searched.append(number)
        return [face(x) for x in self._faces.get(number, ())]

    def follow(self, frame: np.ndarray, previous: np.ndarray) -> np.ndarray | None:
        x = self._follows.get(int(frame[0, 0, 0]))
        return None if x is None else face(x)

    def crop_points(self, landmarks: np.ndarray) -> CropPoints:
        return CropPoints.of(landmarks)

    def mesh(self, crop: np.ndarray, landmarks: np.ndarray, o2c: np.ndarray) -> np.ndarray | None:
        astray = int(crop[256, 256, 0]) in self._astray and int(landmarks[2, 0]) == 10
        return None if astray else MESH + landmarks[2, 0] / 1000


def track(script: Script, count: int, **options: object) -> list[TrackedFace]:
    tracker = FaceTracker(script, CropOptions(), name="me.mp4", fps=10, **options)  # type: ignore[arg-type]
    return list(tracker.track(frames(count)))


def places(faces: Sequence[TrackedFace]) -> list[float]:
    return [round(float(found.landmarks[2, 0]), 3) for found in faces]


def test_a_face_is_searched_once_and_then_followed() -> None:
    script = Script({0: [50]}, {1: 55, 2: 60})
    tracked = track(script, 3)
    assert places(tracked) == [50, 55, 60]
    assert script.searched == [0]
    for number, found in enumerate(tracked):
        assert (found.frame == number).all()
        assert found.crop.shape == (512, 512, 3)
        assert (found.eye_open.shape, found.eye_ball.shape) == ((2,), (6,))
        centre = found.matrices.o2c @ [*found.landmarks[2], 1]
        assert 150 < centre[0] < 350


def test_a_lost_face_is_found_again_near_where_it_was() -> None:
    assert places(track(Script({0: [50], 1: [250, 60]}, {2: 61}), 3)) == [50, 60, 61]


def test_a_face_that_went_astray_is_searched_again() -> None:
    """Landmarks that are followed onto the background show no face in their crop."""
    script = Script({0: [50], 1: [54]}, {1: 10}, astray=[1])
    assert places(track(script, 2)) == [50, 54]
    assert script.searched == [0, 1]


def test_a_short_gap_is_filled_between_its_neighbours() -> None:
    tracked = track(Script({0: [50], 3: [80]}), 4)
    assert places(tracked) == [50, 60, 70, 80]
    assert [found.seen for found in tracked] == [True, False, False, True]
    assert [(found.frame[0, 0, 0], found.crop[256, 256, 0]) for found in tracked] == [(n, n) for n in range(4)]
    eyes = np.stack([found.eye_ball for found in tracked])
    assert eyes[1] == pytest.approx(eyes[0] * 2 / 3 + eyes[3] / 3)


def test_gaps_at_both_ends_take_the_nearest_face() -> None:
    tracked = track(Script({2: [50]}), 5)
    assert places(tracked) == [50] * 5
    assert [found.seen for found in tracked] == [False, False, True, False, False]


@pytest.mark.parametrize(("faces", "start"), [({0: [50], 8: [50]}, "0.10"), ({8: [50]}, "0.00"), ({0: [50]}, "0.10")])
def test_a_long_gap_is_an_error_that_tells_the_time(faces: dict[int, list[float]], start: str) -> None:
    with pytest.raises(dh.FaceError, match=rf"me\.mp4: no face from {start} s on .*max_gap") as error:
        track(Script(faces), 9)
    assert "\n" not in str(error.value)


def test_a_long_gap_ends_before_the_rest_is_read() -> None:
    source = frames(100)
    with pytest.raises(dh.FaceError):
        list(FaceTracker(Script({0: [50]}), CropOptions(), name="me.mp4", fps=10).track(source))
    assert int(next(source)[0, 0, 0]) == 7  # half a second after the last face, and the frame that was too much


def test_no_face_at_all_is_an_error_that_names_the_source() -> None:
    with pytest.raises(dh.FaceError, match=r"^me\.mp4: no face found"):
        track(Script({}), 1)


def test_the_largest_of_several_faces_is_taken_and_said() -> None:
    notices: list[str] = []
    assert places(track(Script({0: [200, 50]}), 1, notice=notices.append)) == [200]
    assert notices == ["2 faces found, took the largest; choose with --set face=INDEX"]


def test_another_face_can_be_asked_for() -> None:
    notices: list[str] = []
    assert places(track(Script({0: [200, 50]}), 1, face=1, notice=notices.append)) == [50]
    assert notices == []


def test_a_face_that_is_not_there_cannot_be_asked_for() -> None:
    with pytest.raises(dh.FaceError, match=r"me\.mp4 at 0\.20 s: face=2 asked for, but only 2 found"):
        track(Script({2: [200, 50]}), 3, face=2)


def test_frames_are_taken_one_at_a_time() -> None:
    source = frames(5)
    tracker = FaceTracker(Script({0: [50]}, dict.fromkeys(range(1, 5), 50)), CropOptions(), name="me.mp4")
    tracked = tracker.track(source)
    next(tracked)
    next(tracked)
    assert int(next(source)[0, 0, 0]) == 2
