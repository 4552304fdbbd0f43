"""Sync-C and Sync-D: known offsets are found, the confidence is the median less the least distance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dh
from dh_metrics.learned.mfcc import mfcc
from dh_metrics.learned.options import SyncOptions
from learned_samples import HeldMaterial, context_with, noise_frames, untrained

torch = pytest.importorskip("torch")
from torch import Tensor, nn  # noqa: E402

from dh_metrics.learned import sync  # noqa: E402
from dh_metrics.learned.mouth_crop import face_track, mouth_crop  # noqa: E402
from dh_metrics.learned.networks.syncnet import SyncNet  # noqa: E402
from dh_metrics.learned.offsets import synchrony  # noqa: E402
from dh_metrics.learned.sync import SyncC, SyncD, frames_shown, judge_video  # noqa: E402

LATE = 3
FULL_LOUDNESS = 12_900.0  # root of the energy in 25 ms of the noise below at level 1


def _embeddings(count: int = 60, dimensions: int = 8) -> Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(size=(count, dimensions)))


@pytest.mark.parametrize("late", [-5, 0, 3])
def test_a_shift_of_the_embeddings_is_the_offset(late: int) -> None:
    sound = _embeddings()
    found = synchrony(torch.roll(sound, late, 0), sound, 15)
    assert found.offset == late
    assert found.windows == 60


def test_distance_and_confidence_are_those_of_the_slow_way() -> None:
    sound, face = _embeddings(), torch.roll(_embeddings(), 2, 0) + 0.3
    largest = 7
    means = []
    for shift in range(-largest, largest + 1):
        distances = []
        for index, seen in enumerate(face):
            at = index + shift
            heard = sound[at] if 0 <= at < len(sound) else torch.zeros(8)
            distances.append(float(((seen - heard + 1e-6) ** 2).sum().sqrt()))
        means.append(np.mean(distances))
    found = synchrony(face, sound, largest)
    assert found.distance == pytest.approx(min(means))
    assert found.confidence == pytest.approx(np.median(means) - min(means))
    assert found.offset == -(int(np.argmin(means)) - largest)


def test_cepstra_are_those_that_the_published_weights_heard() -> None:
    time = np.arange(16000) / 16000
    chirp = 0.3 * np.sin(2 * np.pi * (200 + 900 * time) * time) + 0.05 * np.sin(2 * np.pi * 3000 * time)
    found = mfcc(chirp.astype(np.float32))
    assert found.shape == (99, 13)
    # The row of python_speech_features 0.6, mfcc(samples * 32768, 16000), with all its defaults.
    expected = [
        21.2018,
        2.8989,
        -31.1865,
        -13.9659,
        -27.9571,
        3.3946,
        56.9861,
        -2.2270,
        -30.9657,
        1.0205,
        -19.0891,
        0.2728,
        36.9929,
    ]
    assert found[40] == pytest.approx(expected, abs=1e-3)


def test_the_first_cepstrum_is_the_energy_and_rises_with_loudness() -> None:
    random = np.random.default_rng(0).normal(size=8000).astype(np.float32) * 0.01
    quiet, loud = mfcc(random), mfcc(random * 10)
    assert loud[:, 0] - quiet[:, 0] == pytest.approx(np.full(len(quiet), np.log(100)), abs=1e-3)
    assert loud[:, 1:] == pytest.approx(quiet[:, 1:], abs=1e-2)


def test_silence_has_finite_cepstra() -> None:
    assert np.isfinite(mfcc(np.zeros(4000, np.float32))).all()


class _Loudness(SyncNet):
    """In SyncNet's place: a window of face is its five grey values, a window of sound its five loudnesses."""

    def __init__(self) -> None:
        nn.Module.__init__(self)

    def face(self, frames: Tensor) -> Tensor:
        return frames[:, :, :, 100:120, 100:120].mean((1, 3, 4)) / 255

    def sound(self, cepstra: Tensor) -> Tensor:
        return torch.exp(cepstra[:, 0, 0].reshape(-1, 5, 4).mean(2) / 2) / FULL_LOUDNESS


class _Everywhere:
    """A track of a face that fills the picture."""

    def __init__(self, frames: int) -> None:
        square = np.array([[4, 4, 0], [60, 4, 0], [4, 60, 0], [60, 60, 0]], np.float32)
        self.landmarks = np.repeat(square[None], frames, 0)

    def require(self) -> None:
        pass


def _speaker(fps: int, seconds: int = 4, late: int = LATE) -> HeldMaterial:
    """A video whose grey follows the loudness of its noise, ``late`` frames of 25 a second behind it."""
    random = np.random.default_rng(3)
    levels = random.uniform(0.05, 0.95, seconds * 25)
    noise = random.normal(size=len(levels) * 640)
    samples = (np.repeat(levels, 640) * noise * 0.02).astype(np.float32)
    frames = []
    for index in range(seconds * fps):
        heard = int((index + 0.5) * 25 / fps) - late
        level = levels[heard] if 0 <= heard < len(levels) else 0.0
        frames.append(np.full((64, 64, 3), round(255 * level), np.uint8))
    return HeldMaterial(frames, samples=samples, fps=fps)


@pytest.mark.parametrize("fps", [25, 30, 50])
def test_a_mouth_that_is_3_frames_late_reads_offset_3_at_any_rate(monkeypatch: pytest.MonkeyPatch, fps: int) -> None:
    material = _speaker(fps)
    monkeypatch.setattr(sync, "faces", lambda given: _Everywhere(given.frame_count))
    found = judge_video(material, _Loudness(), 15, "cpu")
    assert found.offset == LATE
    assert found.confidence > found.distance
    assert found.windows == 95


def test_both_metrics_come_from_one_judgement_of_the_published_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "auxiliary").mkdir()
    torch.save(untrained(SyncNet()), tmp_path / "auxiliary" / "syncnet_v2.model")
    material = _speaker(25, seconds=1, late=0)
    material.held, material.held_samples = noise_frames(26, height=64), np.tile(material.samples, 2)[: 26 * 640]
    material.frame_count = 26
    calls = []

    def faces(given: dh.Material) -> _Everywhere:
        calls.append(given)
        return _Everywhere(given.frame_count)

    monkeypatch.setattr(sync, "faces", faces)
    confidence = SyncC(SyncOptions(), context_with(tmp_path)).measure(material)
    distance = SyncD(SyncOptions(), context_with(tmp_path)).measure(material)
    assert len(calls) == 1
    assert float(distance.value or 0) > float(confidence.value or 0) > 0
    assert confidence.count == distance.count == 21
    assert "frames per second" in confidence.note
    assert set(confidence.weights) == {"syncnet_v2.model"}


def test_less_than_a_second_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    material = _speaker(25, seconds=1)
    material.held_samples = material.samples[:8000]
    monkeypatch.setattr(sync, "faces", lambda given: _Everywhere(given.frame_count))
    with pytest.raises(dh.NotMeasurable, match="Sync needs 20"):
        judge_video(material, _Loudness(), 15, "cpu")


def test_frames_of_another_rate_are_repeated_or_left_out() -> None:
    assert frames_shown(4, 12.5).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert frames_shown(8, 50).tolist() == [1, 3, 5, 7]
    assert frames_shown(25, 25).tolist() == list(range(25))


def test_the_track_bridges_lost_faces_and_ignores_single_outliers() -> None:
    face = np.array([[100, 80, 0], [180, 200, 0]], np.float32)
    landmarks = np.repeat(face[None], 30, 0)
    landmarks[7] = np.nan
    landmarks[15] += 500
    track = face_track(landmarks)
    assert track == pytest.approx(np.tile([140, 140, 60], (30, 1)))


def test_the_crop_holds_the_face_with_its_chin_in_bgr() -> None:
    image = np.zeros((400, 400, 3), np.uint8)
    image[140:260, 140:260] = (200, 100, 50)  # the face's box
    crop = mouth_crop(image, np.array([199.5, 199.5, 60.0]))
    assert crop.shape == (224, 224, 3)
    inside = np.flatnonzero(crop[:, 112, 0] == 50)
    across = np.flatnonzero(crop[60, :, 0] == 50)
    assert crop[60, 112].tolist() == [50, 100, 200]
    assert inside[0] <= 1
    assert inside[-1] == pytest.approx(224 / 1.4, abs=2)
    assert (across[0] + across[-1]) / 2 == pytest.approx(111.5, abs=1)
