"""The face-mesh method end to end: what can be measured again in its own frames.

Landmarks are detected again on the rendered frames, by the same detector that registers an avatar.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

import dh
from dh.media.audio import read_speech
from dh.request import make_request
from dh.session import Session
from samples import PORTRAIT, SPEECH

# MediaPipe's numbers of the landmarks used here.
LIPS = (13, 14)
FACE_WIDTH = (234, 454)
LEFT_EYE = (386, 374, 263, 362)
RIGHT_EYE = (159, 145, 33, 133)
NOSE_AND_EYES = (1, 4, 5, 33, 133, 263, 362, 48, 278)


class Landmarks:
    """Finds the face mesh on frames."""

    def __init__(self) -> None:
        import mediapipe

        self._mesh = mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True)

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """(478, 2) in pixels."""
        found = self._mesh.process(np.ascontiguousarray(image)).multi_face_landmarks
        assert found, "no face on a rendered frame"
        return np.array([(p.x * image.shape[1], p.y * image.shape[0]) for p in found[0].landmark])


def distance(points: np.ndarray, pair: tuple[int, int]) -> float:
    return float(np.linalg.norm(points[pair[0]] - points[pair[1]]))


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(make_request(method="face-mesh", source=PORTRAIT, audio=SPEECH))


@pytest.fixture(scope="module")
def motion(session: Session) -> list[dh.Motion]:
    return list(session.motion(read_speech(SPEECH)))


@pytest.fixture(scope="module")
def rendered(session: Session, motion: list[dh.Motion]) -> list[np.ndarray]:
    """(478, 2) landmarks of every frame of the example."""
    find = Landmarks()
    with session.render(motion) as frames:
        return [find(frame.image) for frame in frames]


def test_every_frame_of_the_speech_is_rendered(rendered: list[np.ndarray]) -> None:
    samples = sum(len(chunk) for chunk in read_speech(SPEECH))
    assert len(rendered) == -(-samples * 25 // 16000)


def weights(motion: list[dh.Motion], name: str) -> np.ndarray:
    return np.concatenate([chunk["blendshapes"][:, dh.ARKIT_BLENDSHAPES.index(name)] for chunk in motion])


def driven_opening(motion: list[dh.Motion]) -> np.ndarray:
    """How far the driver wants the lips apart, in its own units."""
    return np.maximum(0, weights(motion, "jawOpen") - weights(motion, "mouthClose"))


def mouth_opening(rendered: list[np.ndarray]) -> np.ndarray:
    return np.array([distance(points, LIPS) / distance(points, FACE_WIDTH) for points in rendered])


def loudness() -> np.ndarray:
    return np.array([np.sqrt(np.mean(samples**2)) for samples in dh.split_frames(read_speech(SPEECH), 25)])


def lag_of_best_correlation(later: np.ndarray, earlier: np.ndarray, most: int = 6) -> tuple[int, float]:
    """Frames by which ``later`` follows ``earlier``, and the correlation there."""
    best = (0, -1.0)
    for lag in range(-most, most + 1):
        a = later[max(0, lag) : len(later) + min(0, lag)]
        b = earlier[max(0, -lag) : len(earlier) + min(0, -lag)]
        correlation = float(np.corrcoef(a, b)[0, 1])
        if correlation > best[1]:
            best = (lag, correlation)
    return best


def test_the_mouth_on_the_frames_follows_the_driver_without_lag(
    motion: list[dh.Motion], rendered: list[np.ndarray]
) -> None:
    lag, correlation = lag_of_best_correlation(mouth_opening(rendered), driven_opening(motion))
    assert lag == 0
    assert correlation >= 0.9


def test_the_mouth_on_the_frames_follows_the_speech(rendered: list[np.ndarray]) -> None:
    opening, sound = mouth_opening(rendered), loudness()
    lag, correlation = lag_of_best_correlation(opening, sound)
    assert 0 <= abs(lag) <= 2
    assert correlation >= 0.5


def test_the_mouth_is_closed_in_pauses(rendered: list[np.ndarray]) -> None:
    sound = loudness()
    quiet = sound < 0.02 * sound.max()
    # Well inside a pause: three quiet frames on either side.
    inside = np.array([quiet[max(0, k - 3) : k + 4].all() for k in range(len(quiet))])
    opening = mouth_opening(rendered)
    assert inside.sum() >= 5
    assert opening[inside].max() < 0.15 * np.percentile(opening, 95)


def neutral(session: Session, frames: int = 1) -> list[dh.Motion]:
    still = dh.arkit_motion(0, session.fps, jawOpen=np.zeros(frames))
    return [dh.Motion(still.space, 0, session.fps, still.values, controls=dh.Controls.neutral(frames))]


def test_at_rest_eyes_and_nose_stay_the_persons(session: Session) -> None:
    source = dh.Source.open(PORTRAIT).image()
    find = Landmarks()
    with session.render(neutral(session)) as frames:
        image = next(frames).image
    before, after = find(source), find(image)
    width = distance(before, FACE_WIDTH)
    errors = np.linalg.norm(before[list(NOSE_AND_EYES)] - after[list(NOSE_AND_EYES)], axis=1) / width
    assert errors.mean() < 0.015
    assert errors.max() < 0.03


def test_pixels_outside_the_face_region_are_untouched(session: Session, motion: list[dh.Motion]) -> None:
    source = dh.Source.open(PORTRAIT).image()
    changed = np.zeros(source.shape[:2], bool)
    with session.render(motion) as frames:
        for frame in frames:
            changed |= (frame.image != source).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    points = Landmarks()(source)
    low, high = points.min(axis=0), points.max(axis=0)
    reach = 2.3 * (high - low).max()
    assert rows[-1] - rows[0] <= 1.5 * reach
    assert columns[-1] - columns[0] <= 1.5 * reach
    assert not changed[:4].any()
    assert not changed[-4:].any()
    assert changed.any()


@pytest.mark.parametrize("sizes", [[1], [3, 7, 1, 11], [500]])
def test_frames_are_identical_however_the_motion_is_cut(
    session: Session, motion: list[dh.Motion], sizes: list[int]
) -> None:
    whole = motion[0] if len(motion) == 1 else _join(motion)
    part = whole.slice(0, min(60, len(whole)))
    chunks, begin, turn = [], 0, 0
    while begin < len(part):
        size = sizes[turn % len(sizes)]
        chunks.append(part.slice(begin, min(len(part), begin + size)))
        begin, turn = begin + size, turn + 1
    with session.render([part]) as expected, session.render(chunks) as actual:
        for one, other in zip(expected, actual, strict=True):
            np.testing.assert_array_equal(one.image, other.image)


def _join(motion: list[dh.Motion]) -> dh.Motion:
    first = motion[0]
    values = {name: np.concatenate([chunk[name] for chunk in motion]) for name in first.values}
    controls = dh.ControlTrack().at(0, sum(map(len, motion)), first.fps)
    return dh.Motion(first.space, first.start, first.fps, values, controls=controls)


@pytest.mark.parametrize("chunk_seconds", [0.013, 0.5, 100.0])
def test_frames_are_identical_however_the_speech_is_cut(session: Session, chunk_seconds: float) -> None:
    first, second = (session.motion(read_speech(SPEECH, chunk_seconds=seconds)) for seconds in (0.25, chunk_seconds))
    a, b = _join(list(first)), _join(list(second))
    np.testing.assert_array_equal(a["blendshapes"], b["blendshapes"])
    np.testing.assert_array_equal(a["rotation"], b["rotation"])


def test_the_same_seed_makes_the_same_video_and_another_seed_another(tmp_path: Path, short_speech: Path) -> None:
    def frames(seed: int) -> list[np.ndarray]:
        with dh.stream("face-mesh", source=PORTRAIT, audio=short_speech, seed=seed) as stream:
            return [frame.image for frame in stream]

    one, again, other = frames(1), frames(1), frames(2)
    assert all((a == b).all() for a, b in zip(one, again, strict=True))
    assert any((a != b).any() for a, b in zip(one, other, strict=True))


def test_eyes_close_in_a_blink(session: Session) -> None:
    opened = neutral(session)
    shut = dh.arkit_motion(0, session.fps, eyeBlinkLeft=1.0, eyeBlinkRight=1.0)
    closed = [dh.Motion(shut.space, 0, session.fps, shut.values, controls=dh.Controls.neutral(1))]
    find = Landmarks()

    def openness(chunks: list[dh.Motion]) -> float:
        with session.render(chunks) as frames:
            points = find(next(frames).image)
        eyes = (LEFT_EYE, RIGHT_EYE)
        return float(np.mean([distance(points, e[:2]) / distance(points, e[2:]) for e in eyes]))

    assert openness(closed) < 0.4 * openness(opened)


def test_a_video_of_a_person_keeps_moving_behind_the_speech(tmp_path: Path, speech: Path) -> None:
    import av

    clip = tmp_path / "clip.mp4"
    portrait = dh.Source.open(PORTRAIT).image()
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = 640, 640, "yuv420p"
        for k in range(20):
            shift = np.float32([[640 / 768, 0, 4 * np.sin(k / 4)], [0, 640 / 768, 2 * np.cos(k / 4)]])
            moved = cv2.warpAffine(portrait, shift, (640, 640), borderMode=cv2.BORDER_REPLICATE)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(moved, "rgb24")))
        container.mux(stream.encode())
    output = tmp_path / "out.mp4"
    record = dh.run("face-mesh", source=clip, audio=speech, output=output)
    assert record["output"]["fps"] == 30
    assert record["output"]["frames"] > 100
    find = Landmarks()
    with av.open(str(output)) as container:
        noses = [
            find(frame.to_ndarray(format="rgb24"))[1] for frame in container.decode(video=0) if frame.pts is not None
        ][:40]
    assert np.ptp(np.array(noses)[:, 0]) > 4
