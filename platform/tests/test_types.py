"""The data types check their shapes, units and ranges, and keep what they are given."""

from __future__ import annotations

import json
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dh
from dh.timing import exact_rate, frames_for


def arkit_values(frames: int) -> dict[str, Any]:
    return {
        "blendshapes": np.zeros((frames, 52)),
        "rotation": np.zeros((frames, 3)),
        "translation": np.zeros((frames, 3)),
    }


def test_arkit_has_apples_52_blendshapes() -> None:
    assert len(dh.ARKIT_BLENDSHAPES) == len(set(dh.ARKIT_BLENDSHAPES)) == 52
    assert dh.ARKIT.fields["blendshapes"].shape == (52,)
    assert (dh.ARKIT_BLENDSHAPES[0], dh.ARKIT_BLENDSHAPES[17], dh.ARKIT_BLENDSHAPES[51]) == (
        "eyeBlinkLeft",
        "jawOpen",
        "tongueOut",
    )


def test_liveportrait_has_its_seven_fields() -> None:
    sizes = {name: field.shape[0] for name, field in dh.LIVEPORTRAIT.fields.items()}
    assert sizes == {"scale": 1, "pitch": 66, "yaw": 66, "roll": 66, "t": 3, "exp": 63, "kp": 63}


def test_motion_is_float32_and_sliceable() -> None:
    motion = dh.Motion(dh.ARKIT, 10, 25.0, arkit_values(5), controls=dh.Controls.neutral(5))
    assert motion["rotation"].dtype == np.float32
    part = motion.slice(2, 4)
    assert (len(part), part.start) == (2, 12)
    assert part.controls is not None
    assert len(part.controls) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rotation": np.zeros((5, 4))}, r"arkit.rotation has shape \(5, 4\), expected \(n, 3\)"),
        ({"rotation": np.zeros((4, 3))}, "different lengths"),
        ({"rotation": np.full((5, 3), np.nan)}, "not finite"),
        ({"jaw": np.zeros((5, 1))}, "has fields"),
    ],
)
def test_motion_of_a_wrong_form_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        dh.Motion(dh.ARKIT, 0, 25.0, {**arkit_values(5), **change})


def test_motion_without_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="has shape"):
        dh.Motion(dh.ARKIT, 0, 25.0, arkit_values(0))


@pytest.mark.parametrize("samples", [np.zeros(0, np.float32), np.zeros(5), np.zeros((5, 2), np.float32)])
def test_audio_of_a_wrong_form_is_refused(samples: Any) -> None:
    with pytest.raises(ValueError, match="audio chunk is float32"):
        dh.AudioChunk(samples, 0)


def test_audio_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="from sample 16000 holds values that are not finite"):
        dh.AudioChunk(np.array([0, np.nan], np.float32), 16000)


@pytest.mark.parametrize("image", [np.zeros((4, 4)), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)])
def test_a_frame_of_a_wrong_form_is_refused(image: Any) -> None:
    with pytest.raises(ValueError, match="a frame is uint8"):
        dh.Frame(image, 0, 0.0)


@pytest.mark.parametrize(
    ("fps", "rate"),
    [(25, Fraction(25)), (12.5, Fraction(25, 2)), (29.97, Fraction(30000, 1001)), (23.976, Fraction(24000, 1001)),
     (59.94, Fraction(60000, 1001)), (29.97002997, Fraction(30000, 1001)), (24.4, Fraction(122, 5))],
)  # fmt: skip
def test_frame_rates_are_exact(fps: float, rate: Fraction) -> None:
    assert exact_rate(fps) == rate


@pytest.mark.parametrize(
    ("samples", "fps", "frames"),
    [(1, 25, 1), (640, 25, 1), (641, 25, 2), (16000, 25, 25), (16000, 29.97, 30), (16000 * 3600, 29.97, 107893),
     (16000 * 3600, 24, 86400), (0, 25, 0)],
)  # fmt: skip
def test_frames_are_the_ceiling_of_duration_times_rate(samples: int, fps: float, frames: int) -> None:
    assert frames_for(samples, 16000, fps) == frames


def test_controls_are_interpolated_and_held() -> None:
    track = dh.ControlTrack([{"time": 1, "yaw": 10}, {"time": 2, "yaw": 20, "fade": 0.5}])
    controls = track.at(start=0, frames=4, fps=1.0)
    np.testing.assert_allclose(controls.yaw, [10, 10, 20, 20])
    np.testing.assert_allclose(track.at(3, 2, 2.0).yaw, [15, 20])
    np.testing.assert_allclose(controls.fade, 0.5)
    np.testing.assert_allclose(controls.eye_open, 1)


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".csv", "time,yaw,fade\n0,0,1\n2,20,\n"),
        (".json", '[{"time": 0, "yaw": 0, "fade": 1}, {"time": 2, "yaw": 20}]'),
        (".yaml", "- {time: 0, yaw: 0, fade: 1}\n- {time: 2, yaw: 20}\n"),
    ],
)
def test_controls_are_read_from_csv_json_and_yaml(tmp_path: Path, suffix: str, text: str) -> None:
    path = tmp_path / f"controls{suffix}"
    path.write_text(text, encoding="utf-8")
    controls = dh.ControlTrack.read(path).at(1, 1, 1.0)
    assert (float(controls.yaw[0]), float(controls.fade[0])) == (10.0, 1.0)


@pytest.mark.parametrize(
    ("keyframe", "words"),
    [
        ({"time": 0, "yow": 1}, "unknown control 'yow'; did you mean 'yaw'?"),
        ({"time": 0, "yaw": 90}, "yaw = 90 is outside -45 to 45 degrees"),
        ({"time": 0, "yaw": "left"}, "'left' is not a number"),
        ({"time": 0, "yaw": float("inf")}, "not finite"),
        ({"time": -1, "yaw": 1}, "before the start"),
        ({"yaw": 1}, "has no 'time'"),
    ],
)
def test_wrong_controls_are_told_in_one_line(keyframe: dict[str, Any], words: str) -> None:
    with pytest.raises(dh.OptionError) as caught:
        dh.ControlTrack([keyframe])
    assert words in str(caught.value)
    assert str(caught.value).startswith("controls: keyframe 1")


def avatar(folder: Path) -> dh.Avatar:
    (folder / "clip.bin").write_bytes(b"0123456789")
    arrays = {"mesh": np.arange(6, dtype=np.float32).reshape(2, 3)}
    return dh.Avatar("toy", 64, 48, arrays, {"face": [1, 2]}, {"clip": folder / "clip.bin"}, fps=30.0)


def test_an_avatar_survives_saving(tmp_path: Path) -> None:
    path = tmp_path / "me.dhavatar"
    avatar(tmp_path).save(path)
    (tmp_path / "clip.bin").unlink()
    loaded = dh.Avatar.load(path)
    assert (loaded.kind, loaded.width, loaded.height, loaded.fps, loaded.meta) == (
        "toy",
        64,
        48,
        30.0,
        {"face": [1, 2]},
    )
    np.testing.assert_array_equal(loaded.arrays["mesh"], np.arange(6).reshape(2, 3))
    with loaded.open("clip") as file:
        file.seek(5)
        assert file.read() == b"56789"
    loaded.save(tmp_path / "again.dhavatar")
    assert dh.Avatar.load(tmp_path / "again.dhavatar").file_names() == ["clip"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.dhavatar", "me.dhavatar"]


def test_an_avatar_with_a_pickle_inside_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.dhavatar"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "avatar.json", json.dumps({"format": 1, "kind": "x", "width": 1, "height": 1, "meta": {}, "fps": None})
        )
        with archive.open("arrays/a.npy", "w") as file:
            np.save(file, np.array([{"an": "object"}], dtype=object), allow_pickle=True)
    with pytest.raises(dh.InputError, match="not an avatar file"):
        dh.Avatar.load(path)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut off"])
def test_a_file_that_is_no_avatar_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.dhavatar"
    path.write_bytes(content)
    with pytest.raises(dh.InputError, match="not an avatar file"):
        dh.Avatar.load(path)


def test_a_truncated_avatar_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "me.dhavatar"
    avatar(tmp_path).save(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(dh.InputError, match="not an avatar file"):
        dh.Avatar.load(path)


def test_a_missing_avatar_is_told(tmp_path: Path) -> None:
    with pytest.raises(dh.InputError, match="no such file"):
        dh.Avatar.load(tmp_path / "none.dhavatar")


@pytest.mark.parametrize("fps", [24, 25, 29.97, 60, 120])
@pytest.mark.parametrize("samples", [1, 639, 640, 641, 5000])
@pytest.mark.parametrize("cut", [1, 7, 640, 5000])
def test_speech_is_cut_into_frames_however_it_was_chunked(fps: float, samples: int, cut: int) -> None:
    speech = np.arange(samples, dtype=np.float32)
    chunks = [dh.AudioChunk(speech[start : start + cut], start) for start in range(0, samples, cut)]
    frames = list(dh.split_frames(chunks, fps))
    assert len(frames) == frames_for(samples, dh.SAMPLE_RATE, fps)
    np.testing.assert_array_equal(np.concatenate(frames), speech)
    whole = list(dh.split_frames([dh.AudioChunk(speech, 0)], fps))
    assert [len(frame) for frame in frames] == [len(frame) for frame in whole]


def test_arkit_motion_fills_in_what_is_not_given() -> None:
    motion = dh.arkit_motion(7, 25.0, jawOpen=[0.2, 1.5], rotation=(1, 2, 3))
    assert (len(motion), motion.start) == (2, 7)
    np.testing.assert_allclose(motion["blendshapes"][:, dh.ARKIT_BLENDSHAPES.index("jawOpen")], [0.2, 1.0])
    np.testing.assert_allclose(motion["rotation"], [[1, 2, 3], [1, 2, 3]])
    with pytest.raises(ValueError, match=r"unknown blendshapes \['jawOpne'\]"):
        dh.arkit_motion(0, 25.0, jawOpne=1.0)
