"""The driver plays a take beside speech, and what it exports comes back the same."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

import dh
from dh.cli import run_command
from dh_live_link_face.driver import LiveLinkFaceDriver
from dh_live_link_face.options import LiveLinkFaceOptions
from dh_live_link_face.recording import REST_SECONDS
from dh_live_link_face.writing import write_recording
from take_files import AVATAR, played, ramp, shape, silence

ROOT = Path(__file__).parents[3]


@pytest.fixture
def take(tmp_path: Path) -> Path:
    return ramp(tmp_path / "take.csv")


def test_a_take_is_resampled_to_the_runs_frame_rate(take: Path) -> None:
    motion = played(take, 1.0, fps=25)
    np.testing.assert_allclose(shape(motion, "jawOpen"), np.arange(25) / 25, atol=1e-5)
    np.testing.assert_allclose(motion["rotation"], np.arange(25)[:, None] / 25 * [10, 20, -5], atol=1e-4)


def test_speech_decides_the_frames_and_the_face_comes_to_rest_after_the_take(take: Path) -> None:
    motion = played(take, 2.02, fps=50)
    jaw = shape(motion, "jawOpen")
    assert len(jaw) == 101
    resting = round((1 + REST_SECONDS) * 50)
    assert (np.diff(jaw[50 : resting + 1]) < 0).all()
    assert np.abs(np.diff(jaw)).max() < 0.07  # it never jumps: half a second of a cosine moves by 0.063 at most
    assert not motion["blendshapes"][resting:].any()
    assert not motion["rotation"][resting:].any()


def test_start_moves_the_take_against_the_speech(take: Path) -> None:
    assert shape(played(take, 0.04, start=0.5), "jawOpen")[0] == pytest.approx(0.5, abs=1e-5)
    late = shape(played(take, 1.0, start=-0.6), "jawOpen")
    assert not late[:15].any()
    assert late[20] == pytest.approx(0.2, abs=1e-5)


def test_mirror_swaps_the_sides(take: Path) -> None:
    plain, mirrored = played(take, 1.0), played(take, 1.0, mirror=True)
    np.testing.assert_array_equal(shape(mirrored, "eyeBlinkRight"), shape(plain, "eyeBlinkLeft"))
    assert not shape(mirrored, "eyeBlinkLeft").any()
    np.testing.assert_array_equal(shape(mirrored, "jawOpen"), shape(plain, "jawOpen"))
    np.testing.assert_array_equal(mirrored["rotation"], plain["rotation"] * np.array([1, -1, -1], np.float32))


def test_head_scales_and_centre_shifts_the_rotation(take: Path) -> None:
    plain = played(take, 1.0)["rotation"]
    np.testing.assert_allclose(played(take, 1.0, head=0.5)["rotation"], plain / 2, atol=1e-5)
    np.testing.assert_allclose(played(take, 1.0, centre=True)["rotation"], plain - [5, 10, -2.5], atol=1e-4)


def test_a_take_that_is_too_short_is_told(take: Path) -> None:
    notices: list[str] = []
    options = LiveLinkFaceOptions(file=take)
    LiveLinkFaceDriver(options, dh.Context(frames=26, notice=notices.append))
    assert notices == []
    LiveLinkFaceDriver(options, dh.Context(frames=100, notice=notices.append))
    assert notices == [f"{take}: ends after 1.00 s of the speech's 4.00 s; the face rests from then on"]


def test_without_a_file_the_option_is_named() -> None:
    with pytest.raises(dh.OptionError, match="give one with --set file="):
        LiveLinkFaceDriver(LiveLinkFaceOptions(), dh.Context())


@pytest.mark.parametrize("fps", [25.0, 29.97, 60.0])
def test_what_is_written_is_played_the_same(tmp_path: Path, fps: float) -> None:
    random = np.random.default_rng(3)
    frames = 100
    motion = dh.Motion(
        dh.ARKIT,
        0,
        fps,
        {
            "blendshapes": random.random((frames, 52), np.float32),
            "rotation": random.uniform(-60, 60, (frames, 3)).astype(np.float32),
            "translation": np.zeros((frames, 3), np.float32),
        },
    )
    path = tmp_path / "take.csv"
    assert write_recording([motion.slice(0, 33), motion.slice(33, frames)], path) == frames
    again = {name: array[:frames] for name, array in played(path, frames / fps, fps=fps).items()}
    # Timecodes hold thousandths of a frame, so a weight that jumps from 0 to 1 is off by a thousandth at most.
    np.testing.assert_allclose(again["blendshapes"], motion["blendshapes"], atol=1e-3)
    np.testing.assert_allclose(again["rotation"], motion["rotation"], atol=0.12)


def test_motion_of_another_space_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    values = {name: np.zeros((1, *spec.shape), np.float32) for name, spec in dh.LIVEPORTRAIT.fields.items()}
    with pytest.raises(dh.InputError, match="space 'liveportrait' has no ARKit blendshapes"):
        write_recording([dh.Motion(dh.LIVEPORTRAIT, 0, 25.0, values)], tmp_path / "take.csv")
    assert list(tmp_path.iterdir()) == []


def test_the_eyes_turn_with_their_weights(tmp_path: Path) -> None:
    text = ramp(tmp_path / "take.csv").read_text(encoding="utf-8").splitlines()
    last = dict(zip(text[0].split(","), text[-1].split(","), strict=True))
    assert float(last["LeftEyeYaw"]) == pytest.approx(-0.6)  # to the person's left
    assert float(last["RightEyeYaw"]) == 0
    assert float(last["HeadYaw"]) == pytest.approx(np.radians(20))


def test_the_command_exports_what_a_driver_makes_of_speech(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("mediapipe")
    speech = tmp_path / "speech.wav"
    samples = np.concatenate([chunk.samples for chunk in dh.read_speech(ROOT / "examples" / "speech.wav")])[:16000]
    with wave.open(str(speech), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    take, portrait = tmp_path / "take.csv", ROOT / "examples" / "portrait.jpg"
    arguments = ["-m", "face-mesh", "-s", str(portrait), "-a", str(speech), "-o", str(take), "--set", "smile=2"]
    assert run_command(["live-link-face", "export", *arguments]) == 0
    assert capsys.readouterr().out == f"{take}: 25 rows\n"
    direct = list(dh.drive("face-mesh", source=portrait, audio=speech, options={"smile": 2}))
    driver = LiveLinkFaceDriver(LiveLinkFaceOptions(file=take), dh.Context())
    again = list(driver.drive(AVATAR, silence(1.0)))
    for name in ("blendshapes", "rotation"):
        one, two = (np.concatenate([chunk[name] for chunk in chunks]) for chunks in (direct, again))
        np.testing.assert_allclose(two, one, atol=1e-3)
