"""A video as the source: followed frame by frame, moved in every frame, played back and forth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import dh
from dh_face_mesh.avatar import FaceMeshAvatarBuilder
from dh_face_mesh.crop import apply, head_of
from dh_face_mesh.landmarks import FaceLandmarker
from dh_face_mesh.options import AvatarOptions
from dh_face_mesh.tracking import fill_gaps, smooth

Image = NDArray[np.uint8]
SIDE = 320


def write_video(path: Path, frames: Sequence[Image], fps: int = 25) -> dh.Source:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = frames[0].shape[1], frames[0].shape[0], "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return dh.Source.open(path)


@pytest.fixture(scope="module")
def swaying(portrait: Image) -> list[Image]:
    """The portrait, moving sideways and tipping, for half a second."""
    small = cv2.resize(portrait, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    frames = []
    for n in range(12):
        matrix = cv2.getRotationMatrix2D((SIDE / 2, SIDE), 4 * np.sin(n / 3), 1)
        matrix[0, 2] += 2 * n
        frames.append(cv2.warpAffine(small, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE))
    return frames


def register(source: dh.Source, **options: Any) -> dh.Avatar:
    return FaceMeshAvatarBuilder(AvatarOptions(**options), dh.Context(fps=25)).register(source)


@pytest.fixture(scope="module")
def moving_avatar(swaying: list[Image], tmp_path_factory: pytest.TempPathFactory) -> dh.Avatar:
    return register(write_video(tmp_path_factory.mktemp("video") / "swaying.mp4", swaying))


def test_every_frame_has_its_landmarks_and_an_upright_crop(moving_avatar: dh.Avatar, swaying: list[Image]) -> None:
    landmarks = moving_avatar.arrays["landmarks"].astype(np.float64)
    assert landmarks.shape == (len(swaying), 478, 3)
    assert moving_avatar.fps == 25
    assert np.ptp(landmarks[:, 4, 0]) > 10, "the nose moves sideways"
    for matrix, points in zip(moving_avatar.arrays["matrices"], landmarks, strict=True):
        axis = head_of(apply(matrix, points)).axes[0]
        assert abs(np.degrees(np.arctan2(axis[1], axis[0]))) < 4


def test_a_video_speaks_in_each_of_its_frames(
    moving_avatar: dh.Avatar, render: Any, landmarker: FaceLandmarker
) -> None:
    count = len(moving_avatar.arrays["landmarks"])
    closed = render(moving_avatar, [{}] * count)
    opened = render(moving_avatar, [{"jawOpen": 0.4}] * count)
    for number in (0, count // 2, count - 1):
        source = moving_avatar.arrays["landmarks"][number].astype(np.float64)
        gaps = []
        for frame in (closed[number], opened[number]):
            found = landmarker.follow(frame, source)
            assert found is not None
            gaps.append(np.linalg.norm(found[13, :2] - found[14, :2]) / head_of(found).height)
        assert gaps[0] < 0.02
        assert gaps[1] > 0.04


def test_a_longer_speech_plays_the_video_back_and_forth(moving_avatar: dh.Avatar, render: Any) -> None:
    count = len(moving_avatar.arrays["landmarks"])
    frames = render(moving_avatar, [{}] * (2 * count))
    for shift in range(1, 4):
        assert np.array_equal(frames[count - 1 + shift], frames[count - 1 - shift])
    assert not np.array_equal(frames[count - 1], frames[count - 4])


def test_a_saved_video_avatar_renders_the_same_frames(moving_avatar: dh.Avatar, render: Any, tmp_path: Path) -> None:
    moving_avatar.save(tmp_path / "video.dhavatar")
    looks = [{"jawOpen": 0.3, "pose": (2, 3, 1)}] * 4
    again = render(dh.Avatar.load(tmp_path / "video.dhavatar"), looks)
    for a, b in zip(again, render(moving_avatar, looks), strict=True):
        assert np.array_equal(a, b)


def test_frames_without_a_face_are_bridged_when_they_are_few(swaying: list[Image], tmp_path: Path) -> None:
    blank = np.full_like(swaying[0], 128)
    avatar = register(write_video(tmp_path / "gap.mp4", [*swaying[:4], blank, blank, *swaying[6:]]))
    nose = avatar.arrays["landmarks"][:, 4, 0]
    assert (np.diff(nose[3:9]) > 0).all(), "the nose goes on moving sideways through the gap"


def test_a_long_time_without_a_face_is_refused_with_its_place(swaying: list[Image], tmp_path: Path) -> None:
    blank = np.full_like(swaying[0], 128)
    source = write_video(tmp_path / "gone.mp4", [*swaying[:5], *[blank] * 5, *swaying[10:]])
    with pytest.raises(dh.FaceError, match=r"gone\.mp4: no face from 0\.20 s to 0\.40 s"):
        register(source, max_gap=0.1)


def test_a_video_without_any_face_is_refused(tmp_path: Path) -> None:
    source = write_video(tmp_path / "nobody.mp4", [np.full((SIDE, SIDE, 3), 128, np.uint8)] * 3)
    with pytest.raises(dh.FaceError, match=r"nobody\.mp4: no face found in any frame"):
        register(source)


def test_registration_of_a_video_reports_its_progress(swaying: list[Image], tmp_path: Path) -> None:
    steps: list[tuple[int, int | None]] = []
    context = dh.Context(fps=25, progress=lambda done, total: steps.append((done, total)))
    source = write_video(tmp_path / "short.mp4", swaying[:4])
    FaceMeshAvatarBuilder(AvatarOptions(), context).register(source)
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_gaps_are_filled_along_the_way_and_held_at_the_ends() -> None:
    face = np.zeros((478, 3))
    filled = fill_gaps([None, face, None, None, face + 3, None], fps=25, max_gap=1, name="clip.mp4")
    assert filled[:, 0, 0].tolist() == [0, 0, 1, 2, 3, 3]


def test_smoothing_removes_jitter_and_adds_no_delay() -> None:
    ramp = np.arange(50.0)[:, None, None]
    jitter = np.where(np.arange(50) % 2, 1.0, -1.0)[:, None, None]
    smoothed = smooth(ramp + jitter, fps=25, time_constant=0.08)
    assert np.abs(smoothed - ramp)[10:-10].max() < 0.05
    assert np.array_equal(smooth(ramp, fps=25, time_constant=0), ramp)
