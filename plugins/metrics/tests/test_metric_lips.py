"""Lip metrics on speech and mouths made by hand: shifts of known length, silence with and without moving lips."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import dh
from dh_metrics.lips import lip_sync, silent_motion
from dh_metrics.loudness import loudness_of

FPS = 25.0
Array = NDArray[np.float64]


def syllables(frames: int, seed: int = 1) -> Array:
    """An envelope (frames,) as speech has it: 0 to 1, some four syllables a second and pauses."""
    rng = np.random.default_rng(seed)
    noise = np.convolve(rng.normal(size=frames + 8), np.hanning(5), "same")[4:-4]
    return np.clip(noise / np.percentile(np.abs(noise), 90), 0, 1)


def voice(envelope: Array, fps: float = FPS) -> NDArray[np.float32]:
    """16 kHz noise that is as loud as an envelope (n,) says."""
    count = int(len(envelope) * dh.SAMPLE_RATE / fps)
    time = np.arange(count) * fps / dh.SAMPLE_RATE - 0.5
    carrier = np.random.default_rng(2).normal(size=count)
    return (0.1 * np.interp(time, np.arange(len(envelope)), envelope) * carrier).astype(np.float32)


@pytest.mark.parametrize("late", [-7, -3, 0, 3, 8])
def test_a_mouth_that_is_late_by_some_frames_reads_that_lag(late: int) -> None:
    envelope = syllables(250)
    found = lip_sync(0.02 + 0.05 * np.roll(envelope, late), loudness_of(voice(envelope), FPS).loudness, FPS)
    assert found.lag == late
    assert found.correlation > 0.9
    assert found.count == 250


@pytest.mark.parametrize("late", [-3, 3])
def test_sound_that_is_shifted_reads_the_opposite_lag(late: int) -> None:
    envelope = syllables(250)
    found = lip_sync(envelope, loudness_of(voice(np.roll(envelope, late)), FPS).loudness, FPS)
    assert found.lag == -late


def test_a_mouth_that_does_not_listen_does_not_correlate() -> None:
    found = lip_sync(syllables(1500, seed=9), loudness_of(voice(syllables(1500)), FPS).loudness, FPS)
    assert abs(found.unshifted) < 0.15
    assert found.correlation < 0.25


def test_gaps_in_the_mouth_are_bridged() -> None:
    envelope = syllables(250)
    mouth = np.roll(envelope, 3)
    mouth[100:104] = np.nan
    assert lip_sync(mouth, loudness_of(voice(envelope), FPS).loudness, FPS).lag == 3


@pytest.mark.parametrize(
    ("mouth", "sound", "why"),
    [
        (syllables(40), syllables(40), "2 s are needed"),
        (syllables(100), np.zeros(100), "the sound is silent"),
        (np.full(100, 0.1), syllables(100), "the mouth does not move"),
    ],
)
def test_what_cannot_be_compared_says_why(mouth: Array, sound: Array, why: str) -> None:
    with pytest.raises(dh.NotMeasurable, match=why):
        lip_sync(mouth, sound, FPS)


def test_loudness_is_the_level_within_the_voices_band_and_at_its_time() -> None:
    seconds = np.arange(2 * dh.SAMPLE_RATE) / dh.SAMPLE_RATE
    sound = np.where(seconds < 1, np.sin(2 * np.pi * 1000 * seconds), 0) + np.sin(2 * np.pi * 20 * seconds)
    found = loudness_of(sound.astype(np.float32), FPS)
    assert found.level.shape == (50,)
    assert found.level[5:20] == pytest.approx(np.sqrt(0.5), rel=0.02)
    assert found.level[30:45].max() < 0.02, "hum is not speech"
    assert found.loudness.max() == 1


def test_silence_is_no_loudness() -> None:
    found = loudness_of(np.zeros(16000, np.float32), FPS)
    assert not found.level.any()
    assert not found.loudness.any()


def test_lips_that_move_in_silence_read_their_speed_and_lips_at_rest_none() -> None:
    level = np.r_[np.ones(50), np.zeros(100)]
    triangle = np.abs((np.arange(150) / 25) % 2 - 1)  # one face height a second
    speed, count = silent_motion(triangle, level, FPS)
    assert speed == pytest.approx(1.0, rel=0.05)
    assert count == 95, "the frames next to speech are left out"
    still = np.r_[triangle[:50], np.full(100, triangle[50])]
    assert silent_motion(still, level, FPS)[0] < 0.01


def test_movement_beside_speech_is_not_movement_in_silence() -> None:
    level = np.r_[np.ones(100), np.zeros(50)]
    mouth = np.r_[syllables(100), np.zeros(50)]
    assert silent_motion(mouth, level, FPS)[0] == pytest.approx(0, abs=1e-6)


def test_speech_without_a_pause_says_so() -> None:
    with pytest.raises(dh.NotMeasurable, match="no pause"):
        silent_motion(syllables(100), np.ones(100), FPS)
