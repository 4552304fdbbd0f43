"""What the viseme driver's mouth promises: open on vowels, shut on labials and in pauses, at any loudness, in time."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

import dh
from dh_face_mesh.viseme.driver import VisemeDriver
from dh_face_mesh.viseme.options import VisemeOptions

Samples = NDArray[np.float32]
FPS = 25
NOBODY = cast("dh.Avatar", None)  # the driver reads no avatar
EXAMPLE = Path(__file__).parents[3] / "examples" / "speech.wav"
AH, EE, OO, UH = (750, 1250), (280, 2300), (320, 800), (500, 1500)
"""First and second formants of vowels in Hz."""
M, N = (220, 900), (220, 1700)
"""The same of nasal murmurs."""


def voice(formants: tuple[int, int], seconds: float, level: float = 0.3, f0: float = 120) -> Samples:
    """A voiced sound: harmonics of ``f0`` at -6 dB an octave through a cascade of formant resonators (Klatt 1980)."""
    time = np.arange(round(seconds * dh.SAMPLE_RATE)) / dh.SAMPLE_RATE
    hertz = np.arange(f0, 7000, f0)
    amplitudes = f0 / hertz
    for formant, bandwidth in zip((*formants, 2700, 3500), (80, 100, 150, 200), strict=True):
        amplitudes *= formant**2 / np.abs(formant**2 - hertz**2 + 1j * bandwidth * hertz)
    sound = amplitudes @ np.sin(2 * np.pi * hertz[:, None] * time)
    edge = np.minimum(1, np.minimum(time, time[-1] - time) / 0.01)
    return np.asarray(level * edge * sound / np.abs(sound).max(), np.float32)


def hiss(seconds: float, level: float = 0.1) -> Samples:
    """An s: noise above 4 kHz."""
    noise = np.fft.rfft(np.random.default_rng(0).normal(size=round(seconds * dh.SAMPLE_RATE)))
    noise[: len(noise) // 2] = 0
    sound = np.fft.irfft(noise)
    return np.asarray(level * sound / np.abs(sound).max(), np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * dh.SAMPLE_RATE), np.float32)


def example() -> Samples:
    """The example speech at 16 kHz."""
    with wave.open(str(EXAMPLE)) as file:
        rate, frames = file.getframerate(), file.getnframes()
        samples = np.frombuffer(file.readframes(frames), "<i2") / 32768
    at = np.arange(int(frames * dh.SAMPLE_RATE / rate)) * rate / dh.SAMPLE_RATE
    return np.interp(at, np.arange(frames), samples).astype(np.float32)


def weights(*sounds: Samples) -> dict[str, Samples]:
    speech = np.concatenate(sounds)
    driver = VisemeDriver(VisemeOptions(), dh.Context(fps=FPS))
    chunks = driver.drive(NOBODY, iter([dh.AudioChunk(speech, 0)]))
    values = np.concatenate([chunk["blendshapes"] for chunk in chunks])
    return dict(zip(dh.ARKIT_BLENDSHAPES, values.T, strict=True))


def opening(*sounds: Samples) -> Samples:
    shapes = weights(*sounds)
    return shapes["jawOpen"] - shapes["mouthClose"]


def during(track: Samples, begin: float, end: float) -> Samples:
    """The frames whose middle lies between two times."""
    return track[round(begin * FPS) : round(end * FPS)]


def loudness(speech: Samples, frames: int) -> Samples:
    """Root mean square of each frame's own samples."""
    size = dh.SAMPLE_RATE // FPS
    padded = np.pad(speech, (0, frames * size - len(speech)))
    return np.asarray(np.sqrt(np.mean(padded.reshape(frames, size) ** 2, axis=1)), np.float32)


def correlation(sound: Samples, mouth: Samples, lag: int) -> float:
    """Of the mouth ``lag`` frames after the sound."""
    sound, mouth = (sound[: len(sound) - lag], mouth[lag:]) if lag >= 0 else (sound[-lag:], mouth[:lag])
    return float(np.corrcoef(sound, mouth)[0, 1])


def syllables() -> Samples:
    return np.concatenate([silence(0.5), *([voice(AH, 0.16), silence(0.14)] * 12), silence(0.5)])


@pytest.mark.parametrize("speech", [syllables(), example()], ids=["syllables", "example"])
def test_the_mouth_opens_with_the_sound_and_without_lag(speech: Samples) -> None:
    mouth = opening(speech)
    sound = loudness(speech, len(mouth))
    by_lag = {lag: correlation(sound, mouth, lag) for lag in range(-4, 5)}
    assert by_lag[0] >= 0.6
    assert max(by_lag, key=lambda lag: by_lag[lag]) == 0


def test_open_vowels_open_the_mouth_wider_than_close_ones() -> None:
    calibrate = [silence(0.3), voice(UH, 0.5), silence(0.3)]
    wide, narrow = (opening(*calibrate, voice(vowel, 0.4), silence(0.3)) for vowel in (AH, EE))
    assert during(wide, 1.2, 1.4).mean() > 1.5 * during(narrow, 1.2, 1.4).mean() > 0


def test_round_vowels_round_the_lips_and_front_vowels_spread_them() -> None:
    calibrate = [silence(0.3), voice(UH, 0.8), silence(0.3)]
    rounded, spread = (weights(*calibrate, voice(vowel, 0.4), silence(0.3)) for vowel in (OO, EE))
    assert during(rounded["mouthPucker"], 1.5, 1.7).min() > 0.1
    assert during(rounded["mouthStretchLeft"], 1.5, 1.7).max() < 0.03
    assert during(spread["mouthStretchLeft"], 1.5, 1.7).min() > 0.05
    assert during(spread["mouthPucker"], 1.5, 1.7).max() < 0.03


def test_m_between_vowels_shuts_the_lips_while_the_jaw_stays_open() -> None:
    shapes = weights(silence(0.3), voice(AH, 0.4), voice(M, 0.08, 0.1), voice(AH, 0.4), silence(0.3))
    mouth = shapes["jawOpen"] - shapes["mouthClose"]
    closed = 0.70 + int(np.argmin(during(mouth, 0.70, 0.80))) / FPS
    assert during(mouth, 0.70, 0.80).min() < 0.1 * mouth.max()
    assert 0.68 <= closed <= 0.80
    assert during(shapes["jawOpen"], 0.70, 0.80).min() > 0.15
    assert during(shapes["mouthPressLeft"], 0.70, 0.80).max() > 0.15


def test_n_between_vowels_does_not_press_the_lips_as_m_does() -> None:
    m, n = (
        weights(silence(0.3), voice(AH, 0.4), voice(nasal, 0.08, 0.1), voice(AH, 0.4), silence(0.3)) for nasal in (M, N)
    )
    assert during(n["mouthPressLeft"], 0.70, 0.80).max() < 0.6 * during(m["mouthPressLeft"], 0.70, 0.80).max()


def test_sibilants_bring_the_teeth_together_and_part_the_lips() -> None:
    shapes = weights(silence(0.3), voice(AH, 0.4), hiss(0.2), voice(AH, 0.4), silence(0.3))
    assert during(shapes["jawOpen"], 0.80, 0.88).max() < 0.12
    assert during(shapes["mouthLowerDownLeft"], 0.80, 0.88).min() > 0.1


def test_lips_are_closed_in_pauses_of_the_example() -> None:
    speech = example()
    mouth = opening(speech)
    quiet = loudness(speech, len(mouth)) < 1e-3
    inside = [n for n in range(4, len(mouth) - 2) if quiet[n - 3 : n + 2].all()]
    assert len(inside) > 20
    assert mouth[inside].max() < 0.04


@pytest.mark.parametrize("decibels", [-30, -20, -10, 0])
def test_loudness_of_the_recording_does_not_matter(decibels: float) -> None:
    speech = example()
    reference = opening(speech)
    mouth = opening(speech * np.float32(10 ** (decibels / 20)))
    assert np.corrcoef(mouth, reference)[0, 1] > 0.99
    assert mouth.max() == pytest.approx(reference.max(), rel=0.1)


@pytest.mark.parametrize("decibels", [-30, -20, -10])
def test_background_noise_neither_opens_the_mouth_nor_stops_it(decibels: float) -> None:
    speech = example()
    reference = opening(speech)
    power = np.sqrt(np.mean(speech**2)) * 10 ** (decibels / 20)
    noise = np.random.default_rng(1).normal(size=len(speech)).astype(np.float32) * np.float32(power)
    mouth = opening(speech + noise)
    assert np.corrcoef(mouth, reference)[0, 1] > 0.9
    quiet = loudness(speech, len(mouth)) < 1e-3
    inside = [n for n in range(4, len(mouth) - 2) if quiet[n - 3 : n + 2].all()]
    assert mouth[inside].max() < 0.06


@pytest.mark.parametrize("level", [0, 1e-4, 1e-2, 0.1])
def test_silence_and_steady_noise_keep_the_mouth_closed(level: float) -> None:
    noise = level * np.random.default_rng(2).normal(size=10 * dh.SAMPLE_RATE)
    shapes = weights(noise.astype(np.float32))
    for name, track in shapes.items():
        if name.startswith(("jaw", "mouth")):
            assert track.max() < 0.01, name


def test_lips_move_no_faster_than_lips_can() -> None:
    steps = np.abs(np.diff(opening(example())))
    assert steps.max() < 0.4
    assert np.percentile(steps, 95) < 0.25
